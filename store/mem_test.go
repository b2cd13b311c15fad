package store_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/storetest"
)

func TestMem(t *testing.T) {
	disks := map[string]*store.Mem{}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T, place string) (store.Disk, string) {
			if place == "" {
				place = strconv.Itoa(len(disks))
				disks[place] = store.NewMem()
				place = strconv.Itoa(len(disks) - 1)
			}
			disks[place].Reopen()
			return disks[place], place
		},
		Crash: func(t *testing.T, disk store.Disk, rnd *rand.Rand) {
			m := disk.(*store.Mem)
			m.Crash(rnd.IntN(m.Unsynced() + 1))
		},
	})
}

func TestMemFull(t *testing.T) {
	m := store.NewMem()
	if err := m.Write([]store.Op{storetest.Put("a", "1234")}); err != nil {
		t.Fatal(err)
	}
	m.SetSizeMax(10)
	if err := m.Write([]store.Op{storetest.Put("a", "x"), storetest.Put("b", "1234567890")}); !errors.Is(err, store.ErrFull) {
		t.Fatalf("a write beyond the disk: %v", err)
	}
	if value, _, _ := m.Get([]byte("a")); string(value) != "1234" || m.Size() != 5 {
		t.Fatalf("a failed write left %q, %d bytes", value, m.Size())
	}
	if err := m.Write([]store.Op{storetest.Put("a", "123456789")}); err != nil {
		t.Fatalf("a write that fits: %v", err)
	}
}

func TestMemFault(t *testing.T) {
	m := store.NewMem()
	broken := errors.New("the cable is out")
	m.SetFault(func(operation string) error {
		if operation == "sync" {
			return broken
		}
		return nil
	})
	if err := m.Write([]store.Op{storetest.Put("a", "1")}); err != nil {
		t.Fatal(err)
	}
	if err := m.Sync(); !errors.Is(err, broken) {
		t.Fatalf("sync: %v", err)
	}
	m.Crash(0)
	if _, ok, err := m.Get([]byte("a")); ok || err != nil {
		t.Fatalf("a batch whose sync failed came through a crash that lost it: %v, %v", ok, err)
	}
}
