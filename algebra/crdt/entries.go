package crdt

import (
	"iter"
	"maps"
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Entries are entries by their ids: of each replica a run in the order of its
// parts. docs/why/runs.md says what that is for. The zero value is empty and
// ready, and none is used on after it was copied.
type Entries struct {
	runs map[causal.ReplicaID]*run // none is empty
	size int
}

// Len returns how many entries there are. O(1).
func (e *Entries) Len() int { return e.size }

// Get returns the entry called id. O(log n).
func (e *Entries) Get(id causal.EntryID) (entry Entry, isThere bool) {
	at, isThere := e.find(id)
	if !isThere {
		return Entry{}, false
	}
	return at.here().Entry, true
}

func (e *Entries) find(id causal.EntryID) (at cursor, isThere bool) {
	if r := e.runs[id.Replica]; r != nil {
		return r.find(id.Seq, id.Offset)
	}
	return cursor{}, false
}

// Has reports whether the entry called id is there. O(log n).
func (e *Entries) Has(id causal.EntryID) bool {
	_, isThere := e.Get(id)
	return isThere
}

// Put adds an entry, or replaces the one of that id. O(1) behind all others of
// the same replica, O(log n) elsewhere.
func (e *Entries) Put(id causal.EntryID, entry Entry) {
	e.put(id.Replica, slot{id.Seq, id.Offset, entry})
}

func (e *Entries) put(author causal.ReplicaID, s slot) {
	r := e.runs[author]
	if r == nil {
		if e.runs == nil {
			e.runs = map[causal.ReplicaID]*run{}
		}
		r = new(run)
		e.runs[author] = r
	}
	if r.put(s) {
		e.size++
	}
}

// Delete removes the entry called id and returns what it was. O(log n).
func (e *Entries) Delete(id causal.EntryID) (was Entry, wasThere bool) {
	at, isThere := e.find(id)
	if !isThere {
		return Entry{}, false
	}
	was = at.here().Entry
	at.run.cut(at)
	e.size--
	e.dropEmpty(id.Replica, at.run)
	return was, true
}

func (e *Entries) dropEmpty(author causal.ReplicaID, r *run) {
	if r.pages == nil {
		delete(e.runs, author)
	}
}

// All yields the entries in the order of their ids.
func (e *Entries) All() iter.Seq2[causal.EntryID, Entry] {
	return func(yield func(causal.EntryID, Entry) bool) {
		for _, author := range order.Sorted(maps.Keys(e.runs), causal.ReplicaID.Compare) {
			at := e.runs[author].from(0)
			for s := at.next(math.MaxUint64); s != nil; s = at.next(math.MaxUint64) {
				if !yield(s.id(author), s.Entry) {
					return
				}
			}
		}
	}
}

func (s *slot) id(author causal.ReplicaID) causal.EntryID {
	return causal.EntryID{Dot: causal.Dot{Replica: author, Seq: s.seq}, Offset: s.offset}
}

// take copies a run of a replica of which nothing is here.
func (e *Entries) take(author causal.ReplicaID, r *run) {
	if e.runs == nil {
		e.runs = map[causal.ReplicaID]*run{}
	}
	e.runs[author] = r.clone()
	for _, page := range r.pages {
		e.size += len(page)
	}
}

func (e *Entries) clone() Entries {
	c := Entries{make(map[causal.ReplicaID]*run, len(e.runs)), e.size}
	for author, r := range e.runs {
		c.runs[author] = r.clone()
	}
	return c
}
