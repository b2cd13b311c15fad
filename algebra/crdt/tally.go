package crdt

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// tally is what both counters are made of: each author's running total, and
// their sum. An author writes alone and in order, so its newest entry is its
// total, whatever older ones are still there. Sums wrap as int does, so they
// are free of order and every insertion has an exact inverse.
type tally struct {
	least   int64                         // totals below it are malformed
	authors map[causal.ReplicaID]*account // none is without an entry
	sum     int64                         // of the newest totals
}

// Totals is a cell that keeps one running total for each author.
type Totals interface {
	// Total returns an author's running total; 0 where it has none. O(1).
	Total(author causal.ReplicaID) int64
}

// account is what one author's entries say.
type account struct {
	newest credit   // its seq is zero when there is none
	older  []credit // ascending; nearly always empty: a new total removes the old one
}

// credit is one entry of an author: a running total and the rest of its id.
type credit struct {
	seq    uint64
	offset uint32
	total  int64
}

func (c credit) compare(o credit) int {
	return cmp.Or(cmp.Compare(c.seq, o.seq), cmp.Compare(c.offset, o.offset))
}

func (t *tally) Insert(it Item, emit Emit) (changed bool) {
	total, ok := t.total(it.Value)
	if !ok || it.Path != "" {
		return false
	}
	wasEmpty := t.Empty()
	a := t.authors[it.ID.Replica]
	if a == nil {
		a = new(account)
		t.authors[it.ID.Replica] = a
	}
	before := a.newest.total
	a.insert(credit{it.ID.Seq, it.ID.Offset, total})
	return t.settle(wasEmpty, a.newest.total-before, emit)
}

func (t *tally) Remove(it Item, emit Emit) (changed bool) {
	a := t.authors[it.ID.Replica]
	if a == nil || it.Path != "" {
		return false
	}
	before := a.newest.total
	a.remove(credit{seq: it.ID.Seq, offset: it.ID.Offset})
	if a.newest.seq == 0 {
		delete(t.authors, it.ID.Replica)
	}
	return t.settle(false, a.newest.total-before, emit)
}

// Total returns what an author's newest entry says.
func (t *tally) Total(author causal.ReplicaID) int64 {
	if a := t.authors[author]; a != nil {
		return a.newest.total
	}
	return 0
}

// total reads what an entry carries; it is false for what no verb writes.
func (t *tally) total(encoded string) (total int64, ok bool) {
	v, err := value.DecodeAll(encoded)
	return v.AsInt(), err == nil && v.Kind() == value.KindInt && v.AsInt() >= t.least
}

// settle brings the sum up to date with a changed account and emits the
// difference.
func (t *tally) settle(wasEmpty bool, change int64, emit Emit) (changed bool) {
	was := number{t.sum, wasEmpty}
	t.sum += change
	return number{t.sum, t.Empty()}.settle(was, emit)
}

// insert adds c; the newest one is what counts.
func (a *account) insert(c credit) {
	switch order := c.compare(a.newest); {
	case a.newest.seq == 0:
		a.newest = c
	case order > 0:
		a.older = append(a.older, a.newest)
		a.newest = c
	case order < 0:
		if i, found := slices.BinarySearchFunc(a.older, c, credit.compare); !found {
			a.older = slices.Insert(a.older, i, c)
		}
	}
}

// remove takes c out, if it is there. It keeps the room of older for the next
// insertion.
func (a *account) remove(c credit) {
	if c.compare(a.newest) != 0 {
		if i, found := slices.BinarySearchFunc(a.older, c, credit.compare); found {
			a.older = slices.Delete(a.older, i, i+1)
		}
		return
	}
	a.newest = credit{}
	if last := len(a.older) - 1; last >= 0 {
		a.newest, a.older = a.older[last], a.older[:last]
	}
}

// add is the delta that moves the total of self by n, which may be negative.
func (t *tally) add(self causal.ReplicaID, n int64) (Delta, error) {
	if n == 0 {
		return Delta{}, nil
	}
	a := t.authors[self]
	if a == nil {
		a = &account{}
	}
	total := a.newest.total + n
	if (total > a.newest.total) != (n > 0) || total < t.least {
		return Delta{}, ErrRange
	}
	return Delta{Add: []string{value.Encode(value.Int(total))}, Remove: a.items(self)}, nil
}

// items returns the entries of an account, ascending.
func (a *account) items(author causal.ReplicaID) []Item {
	if a.newest.seq == 0 {
		return nil
	}
	items := make([]Item, 0, len(a.older)+1)
	for _, c := range a.older {
		items = append(items, c.item(author))
	}
	return append(items, a.newest.item(author))
}

func (c credit) item(author causal.ReplicaID) Item {
	return Item{
		ID:    causal.EntryID{Dot: causal.Dot{Replica: author, Seq: c.seq}, Offset: c.offset},
		Value: value.Encode(value.Int(c.total)),
	}
}

// nat returns arg as an int, or ErrRange: a negative argument would turn a
// growing counter round.
func nat(arg value.Value) (int64, error) {
	n := arg.AsInt()
	if arg.Kind() != value.KindInt || n < 0 || n > NatMax {
		return 0, ErrRange
	}
	return n, nil
}

func (t *tally) number() number { return number{t.sum, t.Empty()} }

func (t *tally) Value() value.Value { return value.Int(t.sum) }

func (t *tally) Empty() bool { return len(t.authors) == 0 }

func (t *tally) Len() int { return t.number().Len() }

func (t *tally) Has(elem string) bool { return t.number().Has(elem) }

func (t *tally) Each(yield func(elem string) bool) { t.number().Each(yield) }

func (t *tally) Items(yield func(Item) bool) {
	for author, a := range t.authors {
		for _, it := range a.items(author) {
			if !yield(it) {
				return
			}
		}
	}
}

func (t *tally) Bare() bool { return len(t.authors) == 0 }

func newTally(least int64) tally {
	return tally{least: least, authors: make(map[causal.ReplicaID]*account)}
}
