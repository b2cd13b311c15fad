package native

import (
	"errors"
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
	return vfs.OnDiskFull(fs, f.wait)
}

// wait returns when there is space again, or when the host closes.
func (f *fullDisk) wait() {
	f.full.Store(true)
	f.changed(true)
	retry := time.NewTicker(fullRetry)
	defer retry.Stop()
	for f.probe() != nil {
		select {
		case <-retry.C:
		case <-f.closing:
			<-retry.C // who tries for ever does not do it without a rest
			return
		}
	}
	f.full.Store(false)
	f.changed(false)
}

// whenSpace runs do, which writes a small file, until it finds space. It gives
// up when the host closes.
func (d *diskState) whenSpace(do func() error) error {
	for {
		err := do()
		if !isFull(err) || d.full == nil {
			return err
		}
		d.full.wait()
		select {
		case <-d.full.closing:
			return err
		default:
		}
	}
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

// isFull reports whether err says that a disk has no space left.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }
