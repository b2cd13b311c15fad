package native

import (
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// patientFS holds a change that finds no space until it fits, however often
// others take what was freed first. (vfs.OnDiskFull tries once more.) What
// takes no space and no name is not held: reads go on.
type patientFS struct {
	vfs.FS
	wait func(again bool) bool // returns when there may be space; false: give up
}

// until runs do until it does not fail for want of space.
func (p patientFS) until(do func() error) error {
	for again := false; ; again = true {
		if err := do(); !isFull(err) || !p.wait(again) {
			return err
		}
	}
}

// file is until for what returns a file, whose writes are patient too.
func (p patientFS) file(do func() (vfs.File, error)) (f vfs.File, err error) {
	err = p.until(func() error { f, err = do(); return err })
	if err != nil {
		return nil, err
	}
	return patientFile{f, p}, nil
}

func (p patientFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return p.file(func() (vfs.File, error) { return p.FS.Create(name, c) })
}

func (p patientFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return p.file(func() (vfs.File, error) { return p.FS.OpenReadWrite(name, c, o...) })
}

func (p patientFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return p.file(func() (vfs.File, error) { return p.FS.ReuseForWrite(from, to, c) })
}

func (p patientFS) OpenDir(name string) (vfs.File, error) {
	return p.file(func() (vfs.File, error) { return p.FS.OpenDir(name) })
}

func (p patientFS) Link(from, to string) error {
	return p.until(func() error { return p.FS.Link(from, to) })
}

func (p patientFS) Rename(from, to string) error {
	return p.until(func() error { return p.FS.Rename(from, to) })
}

func (p patientFS) Remove(name string) error {
	return p.until(func() error { return p.FS.Remove(name) })
}

func (p patientFS) MkdirAll(dir string, perm os.FileMode) error {
	return p.until(func() error { return p.FS.MkdirAll(dir, perm) })
}

// Unwrap returns the file system below.
func (p patientFS) Unwrap() vfs.FS { return p.FS }

// patientFile is a file of a patientFS.
type patientFile struct {
	vfs.File
	fs patientFS
}

// Write goes on behind what did fit.
func (f patientFile) Write(b []byte) (n int, err error) {
	err = f.fs.until(func() error {
		m, err := f.File.Write(b[n:])
		n += m
		return err
	})
	return n, err
}

func (f patientFile) WriteAt(b []byte, at int64) (n int, err error) {
	err = f.fs.until(func() error { n, err = f.File.WriteAt(b, at); return err })
	return n, err
}

func (f patientFile) Preallocate(at, size int64) error {
	return f.fs.until(func() error { return f.File.Preallocate(at, size) })
}

func (f patientFile) Sync() error { return f.fs.until(f.File.Sync) }

func (f patientFile) SyncData() error { return f.fs.until(f.File.SyncData) }

func (f patientFile) SyncTo(length int64) (full bool, err error) {
	err = f.fs.until(func() error { full, err = f.File.SyncTo(length); return err })
	return full, err
}
