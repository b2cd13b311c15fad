// Package storetest is the behaviour every store.Disk must show, as tests that
// each implementation calls.
package storetest

import (
	"testing"

	"github.com/martinelli-lang/martinelli/store"
)

// Harness makes disks of one implementation.
type Harness struct {
	// Open opens the disk at the given place, which is "" or what an earlier
	// call gave back, so that a disk can be opened again after Close.
	Open func(t *testing.T, place string) (disk store.Disk, placed string)
	// Crash, if set, leaves the disk as a crash would, without Close; it is
	// opened again by Open. Batches that were not synced may be lost.
	Crash func(t *testing.T, disk store.Disk)
}

// Run checks a Disk.
func Run(t *testing.T, h Harness) {}
