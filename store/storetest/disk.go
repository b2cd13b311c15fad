// Package storetest is the behaviour every store.Disk must show, as tests that
// each implementation calls.
package storetest

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/store"
)

// Harness makes disks of one implementation.
type Harness struct {
	// Open opens the disk at a place, which is "" for a new one, or what an
	// earlier call returned, after that disk was closed or has crashed.
	Open func(t *testing.T, place string) (disk store.Disk, placed string)

	// Crash ends a disk as a crash would, without Close; Open can then open it
	// again. rnd says how much of what was not synced is lost. Nil if the
	// implementation has no crash to offer.
	Crash func(t *testing.T, disk store.Disk, rnd *rand.Rand)
}

// Run checks that a Disk is an ordered map, that its batches are atomic and
// applied in the order of their operations, that it survives being closed and,
// if the harness can crash it, that a crash loses nothing synced and no batch
// in part.
func Run(t *testing.T, h Harness) {
	t.Run("order", h.order)
	t.Run("batch", h.batch)
	t.Run("owners", h.owners)
	t.Run("reopen", h.reopen)
	t.Run("closed", h.closed)
	t.Run("random", h.random)
	if h.Crash != nil {
		t.Run("crash", h.crash)
	}
}

// Put returns an operation that sets a key.
func Put(key, value string) store.Op {
	return store.Op{Key: []byte(key), Value: []byte(value)}
}

// Delete returns an operation that takes a key away.
func Delete(key string) store.Op { return store.Op{Key: []byte(key), Delete: true} }

// DeleteRange returns an operation that takes the keys from lo on and before hi away.
func DeleteRange(lo, hi string) store.Op {
	return store.Op{Key: []byte(lo), Delete: true, End: []byte(hi)}
}

func (h Harness) order(t *testing.T) {
	disk, _ := h.Open(t, "")
	defer mustClose(t, disk)
	mustWrite(t, disk, Put("b", "2"), Put("a\x00", "1"), Put("a", "0"), Put("\xff\xff", "4"), Put("c", ""))
	for _, c := range []struct{ lo, hi, want string }{
		{"", "\xff\xff\xff", "a=0 a\x00=1 b=2 c= \xff\xff=4 "},
		{"a", "b", "a=0 a\x00=1 "},
		{"a\x00", "c\x00", "a\x00=1 b=2 c= "},
		{"b", "b", ""},
		{"d", "\xff", ""},
	} {
		if got := scan(t, disk, []byte(c.lo), []byte(c.hi), 9); got != c.want {
			t.Errorf("[%q, %q): got %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
	if got := scan(t, disk, nil, nil, 9); got != "a=0 a\x00=1 b=2 c= \xff\xff=4 " {
		t.Errorf("without bounds: got %q", got)
	}
	if got := scan(t, disk, nil, nil, 2); got != "a=0 a\x00=1 " {
		t.Errorf("a scan that is ended goes on: %q", got)
	}
}

func (h Harness) batch(t *testing.T) {
	disk, _ := h.Open(t, "")
	defer mustClose(t, disk)
	mustWrite(t, disk, Put("a", "1"), Put("a", "2"), Delete("b"), Put("b", "3"), Put("c", "4"), Delete("c"))
	if got := scan(t, disk, nil, nil, 9); got != "a=2 b=3 " {
		t.Errorf("operations apply in their order: got %q", got)
	}
	mustWrite(t, disk)
	if _, ok, err := disk.Get([]byte("c")); ok || err != nil {
		t.Errorf("a key that is not there: %v, %v", ok, err)
	}
	if value, ok, err := disk.Get([]byte("a")); !ok || err != nil || string(value) != "2" {
		t.Errorf("a key that is there: %q, %v, %v", value, ok, err)
	}
}

// owners: what Get returns is the caller's.
func (h Harness) owners(t *testing.T) {
	disk, _ := h.Open(t, "")
	defer mustClose(t, disk)
	mustWrite(t, disk, Put("a", "1"))
	got, _, _ := disk.Get([]byte("a"))
	got[0] = 'x'
	if again, _, _ := disk.Get([]byte("a")); string(again) != "1" {
		t.Errorf("a caller changed the disk: %q", again)
	}
}

func (h Harness) reopen(t *testing.T) {
	disk, place := h.Open(t, "")
	mustWrite(t, disk, Put("a", "1"), Put("b", "2"))
	mustWrite(t, disk, Delete("a"))
	if err := disk.Sync(); err != nil {
		t.Fatal(err)
	}
	mustClose(t, disk)
	disk, _ = h.Open(t, place)
	defer mustClose(t, disk)
	if got := scan(t, disk, nil, nil, 9); got != "b=2 " {
		t.Errorf("after a restart: %q", got)
	}
}

func (h Harness) closed(t *testing.T) {
	disk, _ := h.Open(t, "")
	mustClose(t, disk)
	for name, err := range map[string]error{
		"Write": disk.Write([]store.Op{Put("a", "1")}),
		"Sync":  disk.Sync(),
		"Scan":  disk.Scan(nil, nil, func(_, _ []byte) bool { return true }),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s of a closed disk: %v", name, err)
		}
	}
}

// random compares with a map.
func (h Harness) random(t *testing.T) {
	disk, place := h.Open(t, "")
	rnd := rand.New(rand.NewPCG(1, 2))
	want := map[string]string{}
	for step := range 300 {
		batch := randomBatch(rnd, step)
		mustWrite(t, disk, batch...)
		apply(want, batch)
		if rnd.IntN(60) == 0 {
			mustClose(t, disk)
			disk, _ = h.Open(t, place)
		}
		if rnd.IntN(10) == 0 && !maps.Equal(contents(t, disk), want) {
			t.Fatalf("step %d: the disk differs from a map", step)
		}
	}
	mustClose(t, disk)
}

// crash writes and syncs at random, crashes, and looks for a prefix of the
// batches that has at least the synced ones.
func (h Harness) crash(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		disk, place := h.Open(t, "")
		states := []map[string]string{{}} // after each batch
		synced := 0
		for life := range 3 {
			for step := range rnd.IntN(20) {
				batch := randomBatch(rnd, step)
				mustWrite(t, disk, batch...)
				state := maps.Clone(states[len(states)-1])
				apply(state, batch)
				states = append(states, state)
				if rnd.IntN(4) == 0 {
					if err := disk.Sync(); err != nil {
						t.Fatal(err)
					}
					synced = len(states) - 1
				}
			}
			h.Crash(t, disk, rnd)
			disk, _ = h.Open(t, place)
			got := contents(t, disk)
			left := slices.IndexFunc(states[synced:], func(s map[string]string) bool { return maps.Equal(s, got) })
			if left < 0 {
				t.Fatalf("seed %d, life %d: what is left is not a prefix of the batches with all synced ones", seed, life)
			}
			states = states[:synced+left+1]
			synced = len(states) - 1
			if err := disk.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, disk)
	}
}

func randomBatch(rnd *rand.Rand, step int) []store.Op {
	var batch []store.Op
	for range 1 + rnd.IntN(5) {
		key := "k" + strconv.Itoa(rnd.IntN(40))
		if rnd.IntN(12) == 0 {
			batch = append(batch, DeleteRange(min(key, "k3"), max(key, "k3")+"\x00"))
			continue
		}
		if rnd.IntN(4) == 0 {
			batch = append(batch, Delete(key))
			continue
		}
		batch = append(batch, Put(key, strconv.Itoa(step)+"/"+strconv.FormatUint(rnd.Uint64(), 36)))
	}
	return batch
}

func apply(state map[string]string, batch []store.Op) {
	for _, op := range batch {
		if op.End != nil {
			maps.DeleteFunc(state, func(key, _ string) bool { return string(op.Key) <= key && key < string(op.End) })
			continue
		}
		if op.Delete {
			delete(state, string(op.Key))
			continue
		}
		state[string(op.Key)] = string(op.Value)
	}
}

// contents reads everything there is.
func contents(t *testing.T, disk store.Disk) map[string]string {
	t.Helper()
	got := map[string]string{}
	var last []byte
	err := disk.Scan(nil, nil, func(key, value []byte) bool {
		if bytes.Compare(last, key) >= 0 {
			t.Errorf("%q came after %q", key, last)
		}
		last = bytes.Clone(key)
		got[string(key)] = string(value)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// scan returns up to countMax pairs as text.
func scan(t *testing.T, disk store.Disk, lo, hi []byte, countMax int) (text string) {
	t.Helper()
	err := disk.Scan(lo, hi, func(key, value []byte) bool {
		text += string(key) + "=" + string(value) + " "
		countMax--
		return countMax > 0
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustWrite(t *testing.T, disk store.Disk, batch ...store.Op) {
	t.Helper()
	if err := disk.Write(batch); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t *testing.T, disk store.Disk) {
	t.Helper()
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
}
