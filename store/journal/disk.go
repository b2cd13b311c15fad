package journal

import (
	"github.com/martinelli-lang/martinelli/store"
)

// Files executes actions where that can be waited for.
type Files interface {
	// Do executes an action, or fails without harm to what was flushed: a write
	// may have been done in part. store.ErrFull says that there is no space.
	Do(Action) error
}

// Disk is a Journal over files that can be waited for: when Sync returns, all
// batches are durable. It is what an environment has to do, in its shortest form.
type Disk struct {
	*Journal
	files Files
	rest  []Action // taken, and not done yet
}

// NewDisk returns a disk over what Open returned.
func NewDisk(j *Journal, files Files) *Disk { return &Disk{Journal: j, files: files} }

// Write applies a batch. While what was written before finds no space it
// refuses with that error, and goes on when there is some.
func (d *Disk) Write(batch []store.Op) error {
	if len(d.rest) > 0 {
		if err := d.do(); err != nil {
			return err
		}
	}
	return d.Journal.Write(batch)
}

// Sync makes all batches durable. After an error none of those since the last
// one is, and it may be called again.
func (d *Disk) Sync() error {
	if err := d.Journal.Sync(); err != nil {
		return err
	}
	return d.do()
}

// Close makes all batches durable and ends the use of the disk.
func (d *Disk) Close() error {
	if err := d.Journal.Close(); err != nil {
		return err
	}
	return d.do()
}

// do executes what is to be done, in order, from where it stopped.
func (d *Disk) do() error {
	d.rest = append(d.rest, d.Take()...)
	for len(d.rest) > 0 {
		if err := d.files.Do(d.rest[0]); err != nil {
			return err
		}
		d.rest = d.rest[1:]
	}
	return nil
}

var _ store.Disk = (*Disk)(nil)
