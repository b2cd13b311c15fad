package crdt

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// TestEntriesAreAMap: whatever is put, deleted and retained, entries are those
// of a plain map, and their pages keep what run says of them.
func TestEntriesAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Entries
		naive := map[causal.EntryID]Entry{}
		next := rapid.Uint64Range(1, 400)
		for i := range rapid.IntRange(1, 600).Draw(t, "steps") {
			id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{byte(i % 2)}, Seq: uint64(i)}}
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				id.Seq, id.Offset = next.Draw(t, "seq"), uint32(rapid.IntRange(0, 1).Draw(t, "offset"))
				fallthrough
			case 1, 2, 3, 4, 5, 6:
				entry := Entry{Stamp: causal.Stamp(i)}
				e.Put(id, entry)
				naive[id] = entry
			case 7, 8:
				id.Seq = next.Draw(t, "deleted")
				was, wasThere := e.Delete(id)
				if want, has := naive[id]; has != wasThere || was != want {
					t.Fatalf("deleted %v: %v, %v", id, was, wasThere)
				}
				delete(naive, id)
			case 9:
				from := next.Draw(t, "from")
				retainEven(&e, naive, id.Replica, from, from+uint64(rapid.IntRange(0, 200).Draw(t, "more")))
			}
		}
		checkEntries(t, &e, naive)
	})
}

// retainEven takes out the odd parts of a stretch, in both forms.
func retainEven(e *Entries, naive map[causal.EntryID]Entry, author causal.ReplicaID, from, to uint64) {
	maps.DeleteFunc(naive, func(id causal.EntryID, _ Entry) bool {
		return id.Replica == author && from <= id.Seq && id.Seq <= to && id.Seq%2 == 1
	})
	if r := e.runs[author]; r != nil {
		e.size -= r.retain(from, to, func(s *slot) bool { return s.seq%2 == 0 })
		e.dropEmpty(author, r)
	}
}

func checkEntries(t *rapid.T, e *Entries, naive map[causal.EntryID]Entry) {
	if e.Len() != len(naive) || !maps.Equal(maps.Collect(e.All()), naive) {
		t.Fatalf("%d entries, and %d in the naive map", e.Len(), len(naive))
	}
	for id, want := range naive {
		if got, isThere := e.Get(id); !isThere || got != want {
			t.Fatalf("%v is %v, %v", id, got, isThere)
		}
	}
	var last *causal.EntryID
	for id := range e.All() {
		if last != nil && last.Compare(id) >= 0 {
			t.Fatalf("%v comes before %v", *last, id)
		}
		last = &id
	}
	for author, r := range e.runs {
		if len(r.pages) == 0 || slices.ContainsFunc(r.pages, func(p []slot) bool { return len(p) == 0 || len(p) > pageMax }) {
			t.Fatalf("the pages of %v are %d", author, len(r.pages))
		}
	}
}

// TestARunShrinks: what is left of many pages takes a few of them.
func TestARunShrinks(t *testing.T) {
	var e Entries
	id := func(i int) causal.EntryID { return causal.EntryID{Dot: causal.Dot{Seq: uint64(i + 1)}} }
	const n = 100 * pageMax
	for i := range n {
		e.Put(id(i), Entry{})
	}
	for i := range n {
		if i%pageMax != 7 {
			e.Delete(id(i))
		}
	}
	if pages := len(e.runs[causal.ReplicaID{}].pages); e.Len() != 100 || pages > 10 {
		t.Errorf("%d entries stand in %d pages", e.Len(), pages)
	}
}
