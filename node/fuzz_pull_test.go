package node

import (
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// FuzzHeld: whatever the home says of an entry is refused or read, and what was
// read is said again in the same way.
func FuzzHeld(f *testing.F) {
	var ch flow.Change
	ch.Database, ch.Key = "photos", string(value.AppendPath(nil, value.String("ann")))
	ch.Item.ID.Seq, ch.Item.Value = 3, "\xff\x00"
	f.Add(value.Encode(encodeHeld(ch)))
	f.Add(value.Encode(value.List(value.Int(1))))
	f.Fuzz(func(t *testing.T, bytes string) {
		v, err := value.DecodeAll(bytes)
		if err != nil {
			return
		}
		ch, ok := decodeHeld(v)
		if !ok {
			return
		}
		again, ok := decodeHeld(encodeHeld(ch))
		if !ok || itsOrder(ch, again) != 0 || ch.Item.Stamp != again.Item.Stamp {
			t.Errorf("%v reads as %+v, and then as %+v", v, ch, again)
		}
	})
}

// TestBetween: what lies between two lists leads from one to the other.
func TestBetween(t *testing.T) {
	at := func(seq uint64) (ch flow.Change) {
		ch.Database, ch.Item.ID.Seq = "a", seq
		return ch
	}
	got := between([]flow.Change{at(1), at(2), at(4)}, []flow.Change{at(2), at(3), at(4), at(5)})
	want := []struct {
		seq  uint64
		gone bool
	}{{1, true}, {3, false}, {5, false}}
	if len(got) != len(want) {
		t.Fatalf("%d changes", len(got))
	}
	for i, w := range want {
		if got[i].Item.ID.Seq != w.seq || got[i].Removed != w.gone {
			t.Errorf("change %d is %+v", i, got[i])
		}
	}
}
