package journal_test

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/journal"
	"github.com/martinelli-lang/martinelli/store/storetest"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// TestFrozen: the files of today are read by all releases to come: a log with
// every operation, and a snapshot with the log behind it.
func TestFrozen(t *testing.T) {
	f := &memFiles{}
	d := open(t, f)
	write := func(batch ...store.Op) {
		t.Helper()
		if err := errors.Join(d.Write(batch), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	write(storetest.Put("a", "1"), storetest.Put("b", ""), storetest.Put("c", "3"), storetest.Put("d", "4"))
	write(storetest.Delete("a"), storetest.DeleteRange("b", "d"))
	head := append(f.now[0][:21:21], f.now[0][4096:]...) // its two slots
	for name, b := range map[string][]byte{"journal.head": head, "journal.log": f.now[1]} {
		wiretest.Frozen(t, name, b, identity, whole)
	}
	d.Compact()
	write(storetest.Put("e", "5"))
	wiretest.Frozen(t, "journal.next-log", f.now[2], identity, whole)
	wiretest.Frozen(t, "journal.snapshot", f.now[3], identity, whole)

	for want, files := range map[string][journal.FileCount][]byte{
		"d=4\n":      {1: wiretest.Bytes(t, "journal.log", nil)},
		"d=4\ne=5\n": {2: wiretest.Bytes(t, "journal.next-log", nil), 3: wiretest.Bytes(t, "journal.snapshot", nil)},
	} {
		if j, err := journal.Open(files, small); err != nil || contents(t, j) != want {
			t.Errorf("the frozen files are read as %q, %v; want %q", contents(t, j), err, want)
		}
	}
}

func identity(b []byte) []byte       { return b }
func whole(b []byte) ([]byte, error) { return b, nil }
