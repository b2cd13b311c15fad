package crdt

import (
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// log keeps everything ever appended, with the verb append.
//
// Every append is an entry, and no verb removes one: as in a gset two replicas
// that join take all, and so agree. Unlike there an entry counts by itself and
// not by its value: what was appended twice is in it twice. So its elements
// are a bag, and a value's weight is how often it was appended. Which entries
// are in, and how many, is settled once seen.
//
// Entries are read in the order of their stamps, then dots. That is the same
// total order everywhere, in which what was appended knowingly after something
// else stands behind it, unless a clock was more than a minute off. But a late
// entry may still come to stand before others: the order is not settled.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 3.3.1 (the grow-only set,
// here of dots); L. Lamport, "Time, Clocks, and the Ordering of Events in a
// Distributed System", CACM 1978, for the total order.
type log struct {
	entries map[causal.EntryID]Item
	times   map[string]int // how often each value is in; none is in no time
}

func newLog() *log {
	return &log{entries: map[causal.EntryID]Item{}, times: map[string]int{}}
}

func (l *log) Insert(it Item, emit Emit) (changed bool) {
	if _, known := l.entries[it.ID]; known || it.Path != "" || !value.Valid(it.Value) {
		return false
	}
	l.entries[it.ID] = it
	l.times[it.Value]++
	emit.weigh(it.Value, +1)
	return true
}

func (l *log) Remove(it Item, emit Emit) (changed bool) {
	it, known := l.entries[it.ID]
	if !known {
		return false
	}
	delete(l.entries, it.ID)
	if l.times[it.Value]--; l.times[it.Value] == 0 {
		delete(l.times, it.Value)
	}
	emit.weigh(it.Value, -1)
	return true
}

func (l *log) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "append" {
		return Delta{}, ErrVerb
	}
	elem, err := value.EncodeBounded(arg)
	if err != nil {
		return Delta{}, err
	}
	return Delta{Add: []string{elem}}, nil
}

// Value returns the list of what was appended, in the log's order. O(n log n).
func (l *log) Value() value.Value {
	elems := make([]value.Value, 0, len(l.entries))
	l.Each(func(elem string) bool {
		v, _ := value.DecodeAll(elem) // Insert let only valid bytes in
		elems = append(elems, v)
		return true
	})
	return value.List(elems...)
}

func (l *log) Empty() bool { return len(l.entries) == 0 }

func (l *log) Len() int { return len(l.entries) }

func (l *log) Has(elem string) bool { return l.times[elem] > 0 }

// Each yields the value of every entry in the log's order.
func (l *log) Each(yield func(elem string) bool) {
	for _, it := range order.Sorted(maps.Values(l.entries), Item.Compare) {
		if !yield(it.Value) {
			return
		}
	}
}

func (l *log) Items(yield func(Item) bool) { maps.Values(l.entries)(yield) }

func (l *log) Bare() bool { return len(l.entries) == 0 }
