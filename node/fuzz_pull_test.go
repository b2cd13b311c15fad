package node

import (
	"reflect"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/value"
)

// FuzzPage: whatever the home sends is refused or read, and what was read is
// said again in the same way; so is what is asked.
func FuzzPage(f *testing.F) {
	p := samplePage()
	f.Add(p.appendTo(nil))
	q := pulling{ID: 1, Page: 2, Digest: make([]byte, 32), Asks: []asking{{"=tally", ""}}}
	f.Add(q.appendTo(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := decodePage(body); err == nil {
			if again, err := decodePage(p.appendTo(nil)); err != nil || !reflect.DeepEqual(p, again) {
				t.Errorf("%+v is read again as %+v, %v", p, again, err)
			}
		}
		if q, err := decodePulling(body); err == nil {
			if again, err := decodePulling(q.appendTo(nil)); err != nil || !reflect.DeepEqual(q, again) {
				t.Errorf("%+v is read again as %+v, %v", q, again, err)
			}
		}
	})
}

func samplePage() page {
	var ch flow.Change
	ch.Database, ch.Key = "photos", string(value.AppendPath(nil, value.String("ann")))
	ch.Item.ID.Seq, ch.Item.ID.Offset, ch.Item.Stamp, ch.Item.Value = 3, 1, 700, "\xff\x00"
	return page{ID: 9, Digest: make([]byte, 32), Page: 0, Pages: 2, Refused: []refusal{{"ballots", "private"}}, Entries: []flow.Change{ch, {Database: "=tally", Item: ch.Item}}}
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
