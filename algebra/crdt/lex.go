package crdt

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// lex is the lexicographic pair: a first part that only rises, as max does,
// with the verb set, and a second part of any lattice that begins anew
// whenever the first has risen. The larger first part decides; where the first
// parts are equal the second ones are joined.
//
// What is done to the second part is written under the first part its author
// saw. Read are the entries under the largest first part there is, and a first
// part is only set to a larger one; so the reading is a function of the
// entries, and entries under a smaller one are never read again. A set removes
// those it saw; one that comes late lies there unread until the next set.
//
// So a set is a reset with a name: what others did beside it, under the old
// first part, is dropped at every replica alike, where in a map it would
// survive. Before the first set the first part is nil, below every other.
//
// C. Baquero, P. S. Almeida, A. Cunha, C. Ferreira, Bulletin of the EATCS 123,
// 2017 (the lexicographic product with a chain, which is a lattice, as that
// with any other lattice is not); the lexicographic counter of Cassandra.
type lex struct {
	second    Type
	removable bool
	bottom    Cell            // what no first part's second part reads as
	reigns    map[string]Cell // by the canonical bytes of the first part; none is bare
	firsts    []string        // the keys of reigns, ascending
}

// unset is the first part before the first set.
var unset = value.Encode(value.Nil)

func newLex(second Type, removable bool) *lex {
	l := &lex{second: second, removable: removable, reigns: map[string]Cell{}}
	l.bottom = l.reign()
	return l
}

// reign returns an empty cell of all that is under one first part: at place 0
// the entries that set it, at place 1 the second part.
func (l *lex) reign() Cell {
	p := &pair{}
	p.add(firstPlace, newOnce(l.removable))
	p.add(secondPlace, l.second.build(l.removable))
	return p
}

// top returns the first part that is read, and what is under it.
func (l *lex) top() (first string, c Cell) {
	if len(l.firsts) == 0 {
		return unset, l.bottom
	}
	first = l.firsts[len(l.firsts)-1]
	return first, l.reigns[first]
}

func (l *lex) Insert(it Item, emit Emit) (changed bool) {
	return l.change(it, emit, Cell.Insert)
}

func (l *lex) Remove(it Item, emit Emit) (changed bool) {
	return l.change(it, emit, Cell.Remove)
}

// change inserts or removes an item. Under the first part that is read, the
// change inside is the change; one that makes another first part the read one
// is that all of the one goes and all of the other comes. O(1) in what is
// under a first part that stays unread.
func (l *lex) change(it Item, emit Emit, do func(Cell, Item, Emit) bool) (changed bool) {
	first, rest, err := value.Cut(it.Path)
	if err != nil || first == unset && rest == value.Encode(firstPlace) {
		return false // nobody sets nil: it is what stands there before
	}
	it.Path = rest
	was, before := l.top()
	c, known := l.reigns[first]
	if !known {
		c = l.reign()
	}
	if first == was {
		changed = do(c, it, emit.under(first))
	} else {
		do(c, it, nil)
	}
	l.settle(first, c, known)
	is, after := l.top()
	if is == was {
		return changed
	}
	tell(was, before, emit, -1)
	tell(is, after, emit, +1)
	return changed || before.Len()+after.Len() > 0
}

// settle notes a first part under which something came, and drops one under
// which nothing is left.
func (l *lex) settle(first string, c Cell, known bool) {
	i, _ := slices.BinarySearch(l.firsts, first)
	switch {
	case known && c.Bare():
		delete(l.reigns, first)
		l.firsts = slices.Delete(l.firsts, i, i+1)
	case !known && !c.Bare():
		l.reigns[first] = c
		l.firsts = slices.Insert(l.firsts, i, first)
	}
}

// tell emits all that is under a first part.
func tell(first string, c Cell, emit Emit, weight int) {
	if emit != nil {
		eachUnder(first, c, func(elem string) bool {
			emit(elem, weight)
			return true
		})
	}
}

// under returns what tells emit of the elements under a first part: instead of
// that it is set, what it is set to.
func (emit Emit) under(first string) Emit {
	if emit == nil {
		return nil
	}
	return func(elem string, weight int) { emit(elementUnder(first, elem), weight) }
}

// set is the element of a reign that says that its first part is set.
var set = value.EncodePair(value.Encode(firstPlace), on)

func elementUnder(first, elem string) string {
	if elem == set {
		return value.EncodePair(value.Encode(firstPlace), first)
	}
	return elem
}

func eachUnder(first string, c Cell, yield func(elem string) bool) {
	c.Each(func(elem string) bool { return yield(elementUnder(first, elem)) })
}

// Do runs set(first). A first part that is not larger than the one that is
// read changes nothing.
func (l *lex) Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	if verb != "set" {
		return Delta{}, ErrVerb
	}
	first, err := value.EncodeBounded(arg)
	if err != nil {
		return Delta{}, err
	}
	if top, _ := l.top(); first == unset || !l.removable && first <= top {
		return Delta{}, nil
	}
	d, err := DoAt(l.under(first), []value.Value{firstPlace}, "on", self, value.Nil)
	d = d.under(first)
	for _, below := range l.firsts {
		if below < first {
			d.Remove = append(d.Remove, Clear(l.reigns[below]).under(below).Remove...)
		}
	}
	order.Sort(d.Remove, compareIDs)
	return d, err
}

// under returns what is under a first part.
func (l *lex) under(first string) Cell {
	if c, known := l.reigns[first]; known {
		return c
	}
	return l.bottom
}

// Inside returns the second part, at place 1.
func (l *lex) Inside(place value.Value) (c Cell, path string, err error) {
	if !value.Equal(place, secondPlace) {
		return nil, "", ErrPlace
	}
	first, reign := l.top()
	c, path, err = inside(reign, []value.Value{place})
	return c, first + path, err
}

// Value returns the tuple of the first part, or nil, and the second part's reading.
func (l *lex) Value() value.Value {
	first, reign := l.top()
	v, _ := value.DecodeAll(first) // Insert let only valid bytes in
	second, _ := At(reign, secondPlace)
	return value.Tuple(v, second.Value())
}

func (l *lex) Empty() bool { return l.Len() == 0 }

func (l *lex) Len() int {
	_, c := l.top()
	return c.Len()
}

func (l *lex) Has(elem string) bool {
	first, c := l.top()
	place, in, ok := value.CutPair(elem)
	if ok && place == value.Encode(firstPlace) {
		return in == first && c.Has(set)
	}
	return c.Has(elem)
}

func (l *lex) Each(yield func(elem string) bool) {
	first, c := l.top()
	eachUnder(first, c, yield)
}

func (l *lex) Items(yield func(Item) bool) {
	for first, c := range l.reigns {
		if !itemsAt(first, c, yield) {
			return
		}
	}
}

func (l *lex) Bare() bool { return len(l.reigns) == 0 }
