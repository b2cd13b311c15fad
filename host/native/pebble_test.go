package native

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/storetest"
)

var silent = slog.New(slog.DiscardHandler)

func mustOpenDisk(t *testing.T, fs vfs.FS, dir string) *Disk {
	t.Helper()
	d, err := openDisk(dir, diskOptions{fs: fs, log: silent})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDiskSuite runs the behaviour every disk must show; a crash is a copy of
// the file system with what was synced and some of the rest.
func TestDiskSuite(t *testing.T) {
	places := map[string]vfs.FS{}
	where := map[store.Disk]string{}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T, place string) (store.Disk, string) {
			if place == "" {
				place = fmt.Sprint(len(places))
				places[place] = vfs.NewCrashableMem()
			}
			d := mustOpenDisk(t, places[place], "node")
			where[d] = place
			return d, place
		},
		Crash: func(t *testing.T, disk store.Disk, rnd *rand.Rand) {
			place := where[disk]
			crashed := places[place].(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rnd.IntN(101), RNG: rnd})
			if err := disk.Close(); err != nil {
				t.Fatal(err)
			}
			places[place] = crashed
		},
	})
}

// batches hands out what a node's store would: batches that bear marks.
type batches struct {
	store *store.Store
	n     uint64
}

func batchesOf(t *testing.T, d store.Reader) *batches {
	t.Helper()
	s, err := store.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	return &batches{store: s}
}

func (b *batches) next() []store.Op {
	b.n++
	b.store.PutMeta("counter", binary.BigEndian.AppendUint64(nil, b.n))
	return b.store.Take()
}

func counter(t *testing.T, d store.Reader) uint64 {
	t.Helper()
	s, err := store.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	v, ok, err := s.Meta("counter")
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

// TestPowerCutAtEveryWrite cuts the power at every operation on the file
// system while groups are written. Whatever was acknowledged is there, and no
// honest crash is taken for a tampered log. Where a part of what was not synced
// is kept, cuts begin after the open: Pebble trusts a directory to keep the
// order of the names made in it then.
func TestPowerCutAtEveryWrite(t *testing.T) {
	const groups = 6
	for _, unsynced := range []int{0, 50, 100} {
		for cut, done := int64(0), false; !done; cut++ {
			fs := vfs.NewCrashableMem()
			d := mustOpenDisk(t, fs, "node")
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			var ops atomic.Int64
			var counting atomic.Bool
			counting.Store(unsynced%100 == 0)
			var acked, ackedAtCut uint64
			var after *vfs.MemFS
			rng := rand.New(rand.NewPCG(uint64(cut), uint64(unsynced)))
			watched := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if counting.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && ops.Add(1) == cut+1 {
					after = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rng})
					ackedAtCut = atomic.LoadUint64(&acked)
				}
				return nil
			}))
			d = mustOpenDisk(t, watched, "node")
			counting.Store(true)
			b := batchesOf(t, d)
			for range groups {
				if err := errors.Join(d.Write(append(b.next(), b.next()...)), d.Sync()); err != nil {
					t.Fatal(err)
				}
				atomic.StoreUint64(&acked, b.n)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if done = after == nil; done {
				break
			}
			d, err := openDisk("node", diskOptions{fs: after, log: silent})
			if err != nil {
				t.Fatalf("unsynced %d %%, cut at %d: %v", unsynced, cut, err)
			}
			if got := counter(t, d); got < ackedAtCut || got%2 != 0 {
				t.Fatalf("unsynced %d %%, cut at %d: %d is left, %d was acknowledged", unsynced, cut, got, ackedAtCut)
			}
			d.Close()
		}
	}
}

// history writes groups, and returns the file system as it was after each.
func history(t *testing.T, groups int) []*vfs.MemFS {
	t.Helper()
	fs := vfs.NewCrashableMem()
	d := mustOpenDisk(t, fs, "node")
	defer d.Close()
	b := batchesOf(t, d)
	clone := func() *vfs.MemFS { return fs.CrashClone(vfs.CrashCloneCfg{}) }
	states := []*vfs.MemFS{clone()}
	for range groups {
		if err := errors.Join(d.Write(b.next()), d.Sync()); err != nil {
			t.Fatal(err)
		}
		states = append(states, clone())
	}
	return states
}

func readFile(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, fs vfs.FS, path string, data []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(bytes.Clone(data)); err != nil {
		t.Fatal(err)
	}
}

// TestTamperedMark: a log and a head mark that do not belong together are refused.
func TestTamperedMark(t *testing.T) {
	const mark = "node/HEAD"
	states := history(t, 6)
	other := history(t, 8)
	for _, c := range []struct {
		name string
		fs   *vfs.MemFS
		mark []byte
		want string
	}{
		{"the log lost its last group", states[5], readFile(t, states[6], mark), "its log ends at write 5, its head mark says 6"},
		{"the log lost everything", states[0], readFile(t, states[6], mark), "its log ends at write 0"},
		{"the log is a group ahead", states[6], readFile(t, states[5], mark), ""},
		{"the log is two groups ahead", states[6], readFile(t, states[4], mark), "different histories"},
		{"the mark is gone", states[6], nil, "its head mark is gone"},
		{"the mark is of a longer log", states[6], readFile(t, other[8], mark), "its head mark says 8"},
		{"the newest slot is damaged", states[6], flip(readFile(t, states[6], mark), slotOf(t, states[6], 6)+20), ""},
		{"the log lost a group and the newest slot is damaged", states[5], flip(readFile(t, states[6], mark), slotOf(t, states[6], 6)+20), "was about to name a later one"},
		{"both slots are damaged", states[6], flip(flip(readFile(t, states[6], mark), 20), 4096+20), "its head mark is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := c.fs.CrashClone(vfs.CrashCloneCfg{})
			if c.mark == nil {
				if err := fs.Remove(mark); err != nil {
					t.Fatal(err)
				}
			} else {
				writeFile(t, fs, mark, c.mark)
			}
			d, err := openDisk("node", diskOptions{fs: fs, log: silent})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				d.Close()
				return
			}
			var refused *LogError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "run --new-replica") {
				t.Fatalf("got %v, want a refusal that says %q and the advice", err, c.want)
			}
			d, err = openDisk("node", diskOptions{fs: fs, log: silent, newReplica: true})
			if err != nil {
				t.Fatalf("with --new-replica: %v", err)
			}
			d.Close()
			mustOpenDisk(t, fs, "node").Close()
		})
	}
}

// slotOf returns where the slot of a write begins.
func slotOf(t *testing.T, fs vfs.FS, write uint64) int {
	t.Helper()
	data := readFile(t, fs, "node/HEAD")
	for _, at := range []int{0, 4096} {
		if binary.LittleEndian.Uint64(data[at+1:]) == write {
			return at
		}
	}
	t.Fatalf("no slot has write %d", write)
	return 0
}

func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

// TestCutLogIsRefused cuts bytes off the end of Pebble's own log on a real
// disk, as far as it takes to lose a group.
func TestCutLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	d := mustOpenDisk(t, vfs.Default, dir)
	b := batchesOf(t, d)
	for range 50 {
		if err := errors.Join(d.Write(b.next()), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	// A copy of the directory while it is open is what a kill leaves.
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	d.Close()
	logs, err := filepath.Glob(filepath.Join(copied, "store", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no log: %v", err)
	}
	log, err := os.ReadFile(logs[len(logs)-1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(logs[len(logs)-1], log[:len(log)*3/4], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = openDisk(copied, diskOptions{fs: vfs.Default, log: silent})
	var refused *LogError
	if !errors.As(err, &refused) {
		t.Fatalf("a log that was cut opened: %v", err)
	}
}

// TestFullDisk fills the disk while groups are written: the write waits,
// nothing is lost, and it goes on once there is space.
func TestFullDisk(t *testing.T) {
	fs := vfs.NewCrashableMem()
	var noSpace atomic.Bool
	injected := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if noSpace.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return syscall.ENOSPC
		}
		return nil
	}))
	filled, freed := make(chan struct{}), make(chan struct{})
	var once, again sync.Once
	full := &fullDisk{path: "node/probe", closing: make(chan struct{}), changed: func(full bool) {
		if full {
			once.Do(func() { close(filled) })
		} else {
			again.Do(func() { close(freed) })
		}
	}}
	d := mustOpenDisk(t, full.watch(injected), "node")
	b := batchesOf(t, d)
	if err := errors.Join(d.Write(b.next()), d.Sync()); err != nil {
		t.Fatal(err)
	}
	noSpace.Store(true)
	synced := make(chan error, 1)
	go func() { synced <- errors.Join(d.Write(b.next()), d.Sync()) }()
	<-filled
	if !full.full.Load() {
		t.Error("the disk does not say that it is full")
	}
	if got := counter(t, d); got == 0 {
		t.Error("a full disk does not read")
	}
	select {
	case err := <-synced:
		t.Fatalf("a write to a full disk returned: %v", err)
	default:
	}
	noSpace.Store(false)
	<-freed
	if err := <-synced; err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Write(b.next()), d.Sync(), d.Close()); err != nil {
		t.Fatal(err)
	}
	d = mustOpenDisk(t, fs.CrashClone(vfs.CrashCloneCfg{}), "node")
	defer d.Close()
	if got := counter(t, d); got != 3 {
		t.Errorf("after the disk was full %d of 3 groups are left", got)
	}
}

// TestDeadDiskSaysWhy: an error that is no lack of space ends the store with
// what Pebble said, and the process goes on.
func TestDeadDiskSaysWhy(t *testing.T) {
	var broken atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return syscall.EIO
		}
		return nil
	}))
	d := mustOpenDisk(t, fs, "node")
	b := batchesOf(t, d)
	broken.Store(true)
	err := errors.Join(d.Write(b.next()), d.Sync())
	if !errors.Is(err, syscall.EIO) && (err == nil || !strings.Contains(err.Error(), "input/output")) {
		t.Fatalf("got %v", err)
	}
	broken.Store(false)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamagedTail cuts and flips the end of what a kill left in Pebble's log.
// Each time the store is refused with the advice, or reads every write that
// was acknowledged.
func TestDamagedTail(t *testing.T) {
	const groups = 40
	fs := vfs.NewCrashableMem()
	d := mustOpenDisk(t, fs, "node")
	b := batchesOf(t, d)
	for range groups {
		if err := errors.Join(d.Write(b.next()), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	killed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	path := newestLog(t, killed)
	whole := bytes.TrimRight(readFile(t, killed, path), "\x00")
	damages := map[string][]byte{"nothing": whole, "its end and zeros": append(bytes.Clone(whole[:len(whole)-1]), make([]byte, 100)...)}
	for at := len(whole) - 600; at < len(whole); at += 7 {
		damages[fmt.Sprintf("cut at %d of %d", at, len(whole))] = whole[:at]
		damages[fmt.Sprintf("flipped at %d of %d", at, len(whole))] = flip(whole, at)
	}
	refused := 0
	for name, log := range damages {
		fs := killed.CrashClone(vfs.CrashCloneCfg{})
		writeFile(t, fs, path, log)
		d, err := openDisk("node", diskOptions{fs: fs, log: silent})
		if err != nil {
			refused++
			if !strings.Contains(err.Error(), "run --new-replica") {
				t.Errorf("%s: refused without the advice: %v", name, err)
			}
			continue
		}
		if got := counter(t, d); got != groups {
			t.Errorf("%s: it opened with %d of %d groups", name, got, groups)
		}
		d.Close()
	}
	t.Logf("%d of %d damages were refused", refused, len(damages))
	if refused < len(damages)/2 {
		t.Error("the damages did not reach what was written")
	}
}

func newestLog(t *testing.T, fs vfs.FS) string {
	t.Helper()
	names, err := fs.List("node/store")
	if err != nil {
		t.Fatal(err)
	}
	newest := ""
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			newest = max(newest, name)
		}
	}
	if newest == "" {
		t.Fatalf("no log among %v", names)
	}
	return fs.PathJoin("node", "store", newest)
}
