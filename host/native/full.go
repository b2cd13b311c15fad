package native

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fullDisk keeps a store alive on a full disk. Pebble can't go on after a
// write that found no space, so a write that finds none waits here until a
// probe fits, while the host refuses raises at its door and goes on reading.
type fullDisk struct {
	fs      vfs.FS // the one below, for the probe
	path    string
	full    atomic.Bool
	mu      sync.Mutex    // one probes
	ends    atomic.Uint64 // how many waits have ended with space
	closing chan struct{} // ends the wait: the failed write then fails for good
	changed func(full bool)
}

// The probe is larger than what one retried write needs, so that the disk is
// not full again at once. It is tried again every fullRetry.
const (
	probeSize = 4 << 20
	fullRetry = 250 * time.Millisecond
)

// watch returns fs with every write that finds no space held back until there is some.
func (f *fullDisk) watch(fs vfs.FS) vfs.FS {
	f.fs = fs
	return patientFS{fs, f.wait}
}

// wait returns when there is space again, or false when the host closes. One
// probes for all that wait. again says that the caller waited before and was
// too late: it takes a rest first.
func (f *fullDisk) wait(again bool) bool {
	ends := f.ends.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ends.Load() != ends && !again {
		return true // somebody's wait has ended since
	}
	f.full.Store(true)
	f.changed(true)
	retry := time.NewTicker(fullRetry)
	defer retry.Stop()
	for again || f.probe() != nil {
		again = false
		select {
		case <-retry.C:
		case <-f.closing:
			<-retry.C // who tries for ever does not do it without a rest
			return false
		}
	}
	f.ends.Add(1)
	f.full.Store(false)
	f.changed(false)
	return true
}

// whenSpace runs do, which writes a small file, until it finds space. It gives
// up when the host closes.
func (d *diskState) whenSpace(do func() error) error {
	if d.full == nil {
		return do()
	}
	return patientFS{wait: d.full.wait}.until(do)
}

// probe writes and removes a file of probeSize bytes.
func (f *fullDisk) probe() error {
	file, err := f.fs.Create(f.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, probeSize))
	return errors.Join(err, file.Sync(), file.Close(), f.fs.Remove(f.path))
}

// isFull reports whether err says that a disk, or a quota on it, has no space left.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
