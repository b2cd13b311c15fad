package native

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/store"
)

// Disk is a store.Disk on Pebble. When Sync returns, all batches written are
// synced, and so is the head mark that vouches for them.
type Disk struct {
	db     *pebble.DB
	mark   *headMark
	log    store.HeadMark // of the last batch written; one goroutine writes and syncs
	synced store.HeadMark // of the last batch before the last Sync
	closed atomic.Bool
	busy   sync.WaitGroup // calls into Pebble that write, also those that nobody waits for any more
	fatal
}

// fatal is how Pebble says that it can't go on: on the goroutine that failed,
// which must not return into Pebble.
type fatal struct {
	once sync.Once
	err  error
	died chan struct{} // closed when err is set
}

// Keys in Pebble: the records of the store room behind one byte, and, written
// with each batch, the mark of the last Sync before it.
const recordPrefix = 'r'

var syncedKey = []byte("s")

// diskOptions are what openDisk may be told.
type diskOptions struct {
	fs         vfs.FS
	log        *slog.Logger
	newReplica bool            // accept the log as it is
	tableSize  uint64          // bytes in memory before they become a table; 0 takes memTableSize
	written    bool            // the store was written before: an empty one is another
	giveUp     <-chan struct{} // closed: wait no more for space; nil waits for ever
}

// openDisk opens or creates the store in dir. It fails with a *LogError where
// the log is not the one its head mark vouches for.
func openDisk(dir string, o diskOptions) (d *Disk, err error) {
	d = &Disk{fatal: fatal{died: make(chan struct{})}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if err := makeDir(o.fs, dir); err != nil {
		return d, fmt.Errorf("make %s: %w", dir, err)
	}
	err = d.openPebble(dir, o)
	switch {
	case errors.Is(err, pebble.ErrDBDoesNotExist):
		return d, &LogError{Dir: dir, What: nothingIn}
	case err != nil:
		return d, fmt.Errorf("open the store in %s: %w", dir, openError(err))
	}
	if d.log, err = store.ReadMark(d); err != nil {
		return d, err
	}
	if err := d.readSynced(); err != nil {
		return d, err
	}
	mark, at, err := openHeadMark(o.fs, o.fs.PathJoin(dir, headFile))
	if err != nil {
		return d, fmt.Errorf("open the head mark in %s: %w", dir, err)
	}
	d.mark = mark
	what := judge(d.log, d.synced, at)
	if what == "" && o.written && d.log.Number == 0 {
		what = nothingIn
	}
	switch {
	case what != "" && !o.newReplica:
		return d, &LogError{Dir: dir, What: what}
	case what != "":
		err = mark.reset(d.log)
	case d.log != at.HeadMark:
		err = mark.write(d.log) // Pebble made the log durable when it opened
	}
	d.synced = d.log
	return d, errors.Join(err, syncNames(o.fs, dir), syncNames(o.fs, o.fs.PathDir(dir)))
}

const nothingIn = "there is nothing in it, and something was acknowledged"

// openPebble runs on a goroutine of its own, which Pebble ends when it can't
// go on. On a full disk Pebble tries for ever to write its log into a table;
// given up, it is closed whenever it comes to an end.
func (d *Disk) openPebble(dir string, o diskOptions) error {
	ended := make(chan struct{})
	var db *pebble.DB
	var err error
	go func() {
		defer close(ended)
		db, err = pebble.Open(o.fs.PathJoin(dir, "store"), pebbleOptions(o, &d.fatal))
	}()
	select {
	case <-ended:
	case <-o.giveUp:
		go func() {
			if <-ended; db != nil {
				db.Close()
			}
		}()
		return errGivenUp
	}
	if d.db = db; d.isDead() {
		return d.err
	}
	return err
}

// syncNames makes the names in dir durable.
func syncNames(fs vfs.FS, dir string) error {
	f, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// memTableSize is how many bytes Pebble gathers before it writes a table.
const memTableSize = 16 << 20

// pebbleOptions pins the newest format: at the default one a flipped bit in
// the write-ahead log loses records without an error. Bytes on the disk that
// are not what was written end the store: what is not read yet may be damaged too.
func pebbleOptions(o diskOptions, f *fatal) *pebble.Options {
	return &pebble.Options{
		EventListener: &pebble.EventListener{
			DataCorruption: func(info pebble.DataCorruptionInfo) { f.die(damage(info.Details)) },
		},
		FS:                 orderedNames{o.fs},
		ErrorIfNotExists:   o.written, // what looks new is emptied before we could refuse it
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       cmp.Or(o.tableSize, memTableSize),
		CacheSize:          64 << 20,

		FlushDelayDeleteRange: reclaimAfter,
		Logger:                pebbleLog{o.log, f},
	}
}

// reclaimAfter is how long the space of a truncated log is not given back at
// most, on a node where nothing else makes the store write its tables.
const reclaimAfter = 10 * time.Second

// readSynced reads the mark of the last Sync before the last batch.
func (d *Disk) readSynced() error {
	v, closer, err := d.db.Get(syncedKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last mark: %w", err)
	}
	defer closer.Close()
	if d.synced, err = store.DecodeHeadMark(v); err != nil {
		return fmt.Errorf("read the last mark: %w", err)
	}
	return nil
}

// Write applies a batch whole or, with an error, not at all. A batch that
// bears no head mark is kept, but not vouched for.
func (d *Disk) Write(ops []store.Op) error {
	b := d.db.NewBatchWithSize(batchSize(ops))
	var key []byte
	for _, op := range ops {
		key = append(append(key[:0], recordPrefix), op.Key...)
		switch { // they fail only for a batch that is larger than 4 GiB: Apply says so
		case op.End != nil:
			b.DeleteRange(key, append([]byte{recordPrefix}, op.End...), nil)
		case op.Delete:
			b.Delete(key, nil)
		default:
			b.Set(key, op.Value, nil)
		}
	}
	b.Set(syncedKey, d.synced.AppendTo(nil), nil)
	apply := func() error {
		defer b.Close() // here: where the store dies, Pebble may go on with the batch after all others have given up
		return d.db.Apply(b, pebble.NoSync)
	}
	if err := d.unlessDead(apply); err != nil {
		return fmt.Errorf("write to the store: %w", err)
	}
	if mark, ok := store.MarkOf(ops); ok {
		d.log = mark
	}
	return nil
}

// Sync makes all batches written durable, then vouches for them. After an
// error nothing may be written any more: close and open again.
func (d *Disk) Sync() error {
	if err := d.unlessDead(func() error { return d.db.LogData(nil, pebble.Sync) }); err != nil {
		return fmt.Errorf("sync the store: %w", err)
	}
	if d.log == d.synced {
		return nil
	}
	if err := d.mark.write(d.log); err != nil {
		return fmt.Errorf("sync the head mark: %w", err)
	}
	d.synced = d.log
	return nil
}

// unlessDead runs do on a goroutine of its own, which Pebble ends when it
// can't go on; the error then is what Pebble said.
func (d *Disk) unlessDead(do func() error) error {
	switch {
	case d.closed.Load():
		return store.ErrClosed
	case d.isDead():
		return d.err
	}
	done := make(chan error, 1)
	d.busy.Go(func() { done <- do() })
	select {
	case err := <-done:
		return err
	case <-d.died:
		return d.err
	}
}

func batchSize(ops []store.Op) int {
	n := 256
	for _, op := range ops {
		n += len(op.Key) + len(op.Value) + 16
	}
	return n
}

// Get returns a copy of the value of key.
func (d *Disk) Get(key []byte) (value []byte, ok bool, err error) {
	if d.closed.Load() {
		return nil, false, store.ErrClosed
	}
	v, closer, err := d.db.Get(append([]byte{recordPrefix}, key...))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read from the store: %w", damage(err))
	}
	defer closer.Close()
	return append([]byte{}, v...), true, nil
}

// Scan calls yield for each key in [lo, hi) in order until it returns false.
// A nil hi is the end. Key and value are valid during the call only.
func (d *Disk) Scan(lo, hi []byte, yield func(key, value []byte) bool) (err error) {
	if d.closed.Load() {
		return store.ErrClosed
	}
	upper := []byte{recordPrefix + 1}
	if hi != nil {
		upper = append([]byte{recordPrefix}, hi...)
	}
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: append([]byte{recordPrefix}, lo...), UpperBound: upper})
	if err != nil {
		return fmt.Errorf("read from the store: %w", damage(err))
	}
	for ok := it.First(); ok && yield(it.Key()[1:], it.Value()); ok = it.Next() {
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("read from the store: %w", damage(err))
	}
	return nil
}

// errDamaged is in every error about bytes that are not what was written.
var errDamaged = errors.New("the store is damaged. Put an undamaged copy back and start once with\n" +
	"    martinelli run --new-replica ...\n" +
	"or join the cluster anew with an empty --dir: what peers have comes back from them")

// openError says what can be done about an open that failed. What is not the
// system's word is about what stands in the files: options of another store, a
// manifest that was cut and knows tables that are gone.
func openError(err error) error {
	var system syscall.Errno
	switch {
	case errors.Is(err, errGivenUp), errors.Is(err, errDamaged):
		return err
	case errors.As(err, &system) && !errors.Is(err, fs.ErrNotExist):
		return err
	case strings.Contains(err.Error(), "format major version"):
		return fmt.Errorf("%w: a later release of martinelli wrote it; run that one", err)
	}
	return fmt.Errorf("%w (%w)", errDamaged, err)
}

var errGivenUp = errors.New("given up")

// damage adds to err what can be done where it is about damaged bytes.
func damage(err error) error {
	if pebble.IsCorruptionError(err) && !errors.Is(err, errDamaged) {
		return fmt.Errorf("%w (%w)", errDamaged, err)
	}
	return err
}

// Size returns how many bytes the store takes on its disk.
func (d *Disk) Size() uint64 { return d.db.Metrics().DiskSpaceUsage() }

// Close closes the files; nobody may be reading or writing. What a store that
// died can't close any more is left as a crash would leave it.
func (d *Disk) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		defer close(done) // Pebble may end this goroutine too
		d.busy.Wait()
		done <- d.closeFiles()
	}()
	if !d.isDead() {
		return <-done
	}
	select {
	case <-done:
	case <-time.After(deadCloseTimeout):
	}
	return nil
}

// deadCloseTimeout is how long Close waits for a store that died.
const deadCloseTimeout = time.Second

func (d *Disk) closeFiles() error {
	var errs []error
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	if d.mark != nil {
		errs = append(errs, d.mark.Close())
	}
	return errors.Join(errs...)
}

var _ store.Disk = (*Disk)(nil)

// isDead reports whether the store can't go on.
func (f *fatal) isDead() bool {
	select {
	case <-f.died:
		return true
	default:
		return false
	}
}

// die records why the store can't go on.
func (f *fatal) die(err error) {
	f.once.Do(func() {
		f.err = err
		close(f.died)
	})
}

// pebbleLog is Pebble's logger: its chatter goes to debug, and what it calls
// fatal ends its goroutine instead of the process, so that the host can say why.
type pebbleLog struct {
	log   *slog.Logger
	fatal *fatal
}

func (l pebbleLog) Infof(format string, args ...any) {
	l.log.Debug("store: " + fmt.Sprintf(format, args...))
}

func (l pebbleLog) Errorf(format string, args ...any) {
	l.log.Error("store: " + fmt.Sprintf(format, args...))
}

func (l pebbleLog) Fatalf(format string, args ...any) {
	l.fatal.die(fmt.Errorf(format, args...))
	runtime.Goexit()
}
