package journal_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/journal"
	"github.com/martinelli-lang/martinelli/store/storetest"
)

// TestDisk: a journal is a store.Disk, also where every few batches begin a snapshot.
func TestDisk(t *testing.T) {
	places := map[string]*memFiles{}
	files := map[store.Disk]string{}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T, place string) (store.Disk, string) {
			if place == "" {
				place = strconv.Itoa(len(places))
				places[place] = &memFiles{}
			}
			d := open(t, places[place])
			files[d] = place
			return d, place
		},
		Crash: func(_ *testing.T, disk store.Disk, rnd *rand.Rand) {
			place := files[disk]
			places[place] = places[place].cut(nil, 0, rnd)
		},
	})
}

// script is batches with everything a batch can do; sync says after which of
// them Sync is called.
func script(n int) (batches [][]store.Op, sync []bool) { return scriptOf(3, n) }

func scriptOf(seed uint64, n int) (batches [][]store.Op, sync []bool) {
	rnd := rand.New(rand.NewPCG(seed, 4))
	for i := range n {
		key := func() string { return "key" + strconv.Itoa(rnd.IntN(12)) }
		batch := []store.Op{storetest.Put(key(), strings.Repeat("v"+strconv.Itoa(i), rnd.IntN(6))), storetest.Put("last", strconv.Itoa(i))}
		switch rnd.IntN(4) {
		case 0:
			batch = append(batch, storetest.Delete(key()))
		case 1:
			batch = append(batch, storetest.DeleteRange("key1", key()))
		}
		batches, sync = append(batches, batch), append(sync, rnd.IntN(2) == 0)
	}
	return batches, sync
}

// states returns what the script leads to after 0, 1, 2... batches.
func states(t *testing.T, batches [][]store.Op) []string {
	mem := store.NewMem()
	all := []string{contents(t, mem)}
	for _, b := range batches {
		if err := mem.Write(b); err != nil {
			t.Fatal(err)
		}
		all = append(all, contents(t, mem))
	}
	return all
}

// played is a run of the script: its actions, and how many batches are
// durable when so many of them are done.
type played struct {
	actions []journal.Action
	durable []int
}

func play(t *testing.T, batches [][]store.Op, sync []bool) (p played) {
	j, err := journal.Open([journal.FileCount][]byte{}, small)
	if err != nil {
		t.Fatal(err)
	}
	durable := 0
	for i, b := range batches {
		if err := j.Write(b); err != nil {
			t.Fatal(err)
		}
		if sync[i] {
			if err := j.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range j.Take() {
			p.actions, p.durable = append(p.actions, a), append(p.durable, durable)
		}
		if sync[i] {
			durable = i + 1
		}
	}
	return p
}

// TestPowerCut cuts the power at every action and at every byte of it, and
// keeps all, nothing or some of what was not flushed: what is left is a prefix
// of the batches with all that were synced, and can be written on.
func TestPowerCut(t *testing.T) {
	cutEverywhere(t, 3, 45, 1)
	for seed := range uint64(12) {
		cutEverywhere(t, 10+seed, 60, 40)
	}
}

func cutEverywhere(t *testing.T, seed uint64, n, step int) {
	batches, sync := scriptOf(seed, n)
	want := states(t, batches)
	p := play(t, batches, sync)
	rnd := rand.New(rand.NewPCG(5, seed))
	f, snapshots := &memFiles{}, 0
	for i, a := range p.actions {
		for size := 0; size <= len(a.Bytes); size += step {
			left := []*memFiles{f.cut(&a, size, rnd)}
			if size%7 == 0 {
				left = append(left, f.cut(&a, size, nil), f.dropped())
			}
			for _, l := range left {
				checkLeft(t, l, want, p.durable[i], batches)
			}
			if t.Failed() {
				t.Fatalf("seed %d, at action %d of %d (%v of file %d), byte %d", seed, i, len(p.actions), a.Kind, a.File, size)
			}
		}
		if a.Kind == journal.Truncate {
			snapshots++
		}
		if err := f.Do(a); err != nil {
			t.Fatal(err)
		}
	}
	if snapshots < 4 {
		t.Errorf("the script had %d truncations: too few to tell of compaction", snapshots)
	}
}

// checkLeft opens what is left, looks for it among the states, writes the rest
// of the batches, and opens again.
func checkLeft(t *testing.T, f *memFiles, want []string, durable int, batches [][]store.Op) {
	t.Helper()
	j, err := journal.Open(f.now, journal.Options{CompactMin: small.CompactMin, Salt: 99})
	if err != nil {
		t.Errorf("%d batches were durable: %v", durable, err)
		return
	}
	d, got := journal.NewDisk(j, f), contents(t, j)
	at := durable
	for at < len(want) && want[at] != got {
		at++
	}
	if at == len(want) {
		t.Errorf("%d batches were durable, and what is left is no prefix with them:\n%s", durable, got)
		return
	}
	for _, b := range batches[at:min(at+3, len(batches))] {
		if err := errors.Join(d.Write(b), d.Sync()); err != nil {
			t.Error(err)
		}
	}
	again, err := journal.Open(f.dropped().now, small)
	if err != nil {
		t.Errorf("after going on from batch %d: %v", at, err)
		return
	}
	if got := contents(t, again); got != want[min(at+3, len(batches))] {
		t.Errorf("after going on from batch %d:\n%s", at, got)
	}
}

// TestEveryBit flips every bit of every file: it is found, or reads the same.
func TestEveryBit(t *testing.T) {
	for _, n := range []int{5, 20, 27} {
		batches, _ := script(n)
		want := states(t, batches)
		f := &memFiles{}
		d := open(t, f)
		for _, b := range batches {
			if err := errors.Join(d.Write(b), d.Sync()); err != nil {
				t.Fatal(err)
			}
		}
		for file, b := range f.now {
			for bit := range 8 * len(b) {
				b[bit/8] ^= 1 << (bit % 8)
				j, err := journal.Open(f.now, small)
				if err == nil && contents(t, j) != want[n] {
					t.Fatalf("%d batches, bit %d of file %d (%d bytes): reads differ without an error", n, bit, file, len(b))
				}
				if err != nil && !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, store.ErrBehind) && !errors.Is(err, store.ErrVersion) {
					t.Fatalf("bit %d of file %d: %v", bit, file, err)
				}
				b[bit/8] ^= 1 << (bit % 8)
			}
		}
	}
}

// TestEveryBitWithoutMark: where the head mark is lost too, only the last
// batch can go unnoticed.
func TestEveryBitWithoutMark(t *testing.T) {
	batches, _ := script(12)
	want := states(t, batches)
	f := &memFiles{}
	d := open(t, f)
	for _, b := range batches {
		if err := errors.Join(d.Write(b), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	f.now[0] = nil
	for file, b := range f.now {
		for bit := range 8 * len(b) {
			b[bit/8] ^= 1 << (bit % 8)
			j, err := journal.Open(f.now, small)
			if err == nil && contents(t, j) != want[12] && contents(t, j) != want[11] {
				t.Fatalf("bit %d of file %d (%d bytes): reads differ without an error", bit, file, len(b))
			}
			b[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// TestForeignFrames: a frame stands in one place of one file. What another
// life of the file left behind the end is not taken for its own.
func TestForeignFrames(t *testing.T) {
	life := func(salt uint64, first string) *memFiles {
		f := &memFiles{}
		j, err := journal.Open(f.now, journal.Options{Salt: salt})
		if err != nil {
			t.Fatal(err)
		}
		d := journal.NewDisk(j, f)
		for _, value := range []string{first, "two"} {
			if err := errors.Join(d.Write([]store.Op{storetest.Put("a", value)}), d.Sync()); err != nil {
				t.Fatal(err)
			}
		}
		return f
	}
	one, other, third := life(1, "one"), life(2, "one"), life(1, "eno")
	half := (len(one.now[1])-26)/2 + 26 // behind the header and the first frame
	for name, from := range map[string]*memFiles{"another salt": other, "another frame before": third} {
		files := one.now
		files[0] = nil
		files[1] = append(one.now[1][:half:half], from.now[1][half:]...)
		j, err := journal.Open(files, small)
		if err == nil && contents(t, j) != "a=one\n" {
			t.Errorf("a frame of %s was taken", name)
		}
	}
}

// TestSnapshotSawMore: a snapshot that has seen more than its log holds is refused.
func TestSnapshotSawMore(t *testing.T) {
	f := &memFiles{}
	d := open(t, f)
	for i := range 40 {
		if err := errors.Join(d.Write([]store.Op{storetest.Put("key"+strconv.Itoa(i%20), "value")}), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	for f.now[0] = nil; ; {
		log := 1
		if len(f.now[2]) > 0 {
			log = 2
		}
		if len(f.now[log]) <= 26 {
			t.Fatal("a log was emptied, and nobody missed it")
		}
		f.now[log] = f.now[log][:len(f.now[log])-1]
		if _, err := journal.Open(f.now, small); err != nil {
			if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), "snapshot has seen") {
				t.Error(err)
			}
			return
		}
	}
}

// TestShortened: a log that lost what was flushed is refused, by its head mark
// or because its snapshot has seen more, unless for a new replica.
func TestShortened(t *testing.T) {
	batches, _ := script(30)
	f := &memFiles{}
	d := open(t, f)
	for _, b := range batches {
		if err := errors.Join(d.Write(b), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	for _, number := range []int{1, 2, 3, 4} {
		for size := range f.now[number] {
			files := f.now
			files[number] = files[number][:size]
			j, err := journal.Open(files, small)
			if err == nil && contents(t, j) != contents(t, d) {
				t.Fatalf("file %d cut to %d bytes was taken", number, size)
			}
		}
	}
	log := 1
	if len(f.now[2]) > len(f.now[1]) {
		log = 2
	}
	f.now[log] = f.now[log][:len(f.now[log])-3]
	if _, err := journal.Open(f.now, small); !errors.Is(err, store.ErrBehind) || !strings.Contains(err.Error(), "newReplica") {
		t.Fatalf("a log without its last write: %v", err)
	}
	o := small
	o.NewReplica = true
	j, err := journal.Open(f.now, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.NewDisk(j, f).Close(); err != nil {
		t.Fatal(err)
	}
	if j, err := journal.Open(f.now, small); err != nil || contents(t, j) != states(t, batches)[29] {
		t.Errorf("after a new replica has taken it: %v", err)
	}
	if _, err := journal.Open([journal.FileCount][]byte{}, journal.Options{Written: true}); !errors.Is(err, store.ErrBehind) {
		t.Errorf("nothing, where something was acknowledged: %v", err)
	}
}

// TestOtherVersion: a later version is refused by its number, whatever else it changed.
func TestOtherVersion(t *testing.T) {
	f := &memFiles{}
	d := open(t, f)
	if err := errors.Join(d.Write([]store.Op{storetest.Put("a", "1")}), d.Sync()); err != nil {
		t.Fatal(err)
	}
	f.now[1][4] = 9
	_, err := journal.Open(f.now, small)
	if !errors.Is(err, store.ErrVersion) || !strings.Contains(err.Error(), "version 9") {
		t.Error(err)
	}
}

// TestFull: without space a sync fails, reads go on, writes are refused, and
// when there is space again nothing is missing; a power cut meanwhile leaves
// what was synced.
func TestFull(t *testing.T) {
	for sizeMax := 4200; sizeMax < 7000; sizeMax += 37 {
		f := &memFiles{sizeMax: sizeMax}
		d, mem := open(t, f), store.NewMem()
		batches, _ := script(60)
		synced := contents(t, mem)
		full := false
		for _, b := range batches {
			if err := d.Write(b); err != nil {
				t.Fatal(err)
			}
			mem.Write(b)
			if err := d.Sync(); err != nil {
				if !errors.Is(err, store.ErrFull) {
					t.Fatal(err)
				}
				full = true
				break
			}
			synced = contents(t, mem)
		}
		if !full {
			continue
		}
		if err := d.Write(batches[0]); !errors.Is(err, store.ErrFull) {
			t.Fatalf("a write to a full disk: %v", err)
		}
		if got := contents(t, d); got != contents(t, mem) {
			t.Fatalf("a full disk reads\n%s", got)
		}
		left := f.cut(nil, 0, nil)
		j, err := journal.Open(left.now, small)
		if got := contents(t, j); err != nil || got != synced && got != contents(t, mem) {
			t.Fatalf("a power cut at a full disk (%d): %v\n%s", sizeMax, err, got)
		}
		f.sizeMax = 0
		if err := errors.Join(d.Write(batches[0]), d.Sync(), mem.Write(batches[0])); err != nil {
			t.Fatal(err)
		}
		if again := open(t, f.dropped()); contents(t, again) != contents(t, mem) {
			t.Fatal("what was written when there was space again is missing")
		}
	}
}

// TestCompact: a journal is never much larger than what is live, and a snapshot
// that is asked for leaves nothing else.
func TestCompact(t *testing.T) {
	f := &memFiles{}
	d := open(t, f)
	for i := range 5_000 {
		if err := d.Write([]store.Op{storetest.Put("key"+strconv.Itoa(i%300), strconv.Itoa(i))}); err != nil {
			t.Fatal(err)
		}
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
		if live, files := d.Size(); files > 4*live+4096+100*400 {
			t.Fatalf("after %d writes %d bytes are live, and the files have %d", i, live, files)
		}
	}
	before := contents(t, d)
	d.Compact()
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	if live, _ := d.Size(); f.size() > 3*int(live)+5000 {
		t.Errorf("a fresh snapshot of %d bytes takes %d", live, f.size())
	}
	if again := open(t, f.dropped()); contents(t, again) != before {
		t.Error("the snapshot differs from what was written")
	}
}

// FuzzOpen: whatever the files hold, they are refused or can be written on.
func FuzzOpen(f *testing.F) {
	for _, n := range []int{1, 12, 25} {
		batches, _ := script(n)
		m := &memFiles{}
		d := open(f, m)
		for _, b := range batches {
			if err := errors.Join(d.Write(b), d.Sync()); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(m.now[0], m.now[1], m.now[2], m.now[3], m.now[4])
	}
	f.Fuzz(func(t *testing.T, head, log, log2, snapshot, snapshot2 []byte) {
		m := &memFiles{now: [journal.FileCount][]byte{head, log, log2, snapshot, snapshot2}}
		m.durable = m.now
		j, err := journal.Open(m.now, small)
		if err != nil {
			return
		}
		d := journal.NewDisk(j, m)
		if err := errors.Join(d.Write([]store.Op{storetest.Put("fuzz", "1")}), d.Sync()); err != nil {
			t.Fatal(err)
		}
		if again := open(t, m.dropped()); contents(t, again) != contents(t, d) {
			t.Error("it reads differently when it is opened again")
		}
	})
}
