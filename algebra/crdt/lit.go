package crdt

import "github.com/martinelli-lang/martinelli/value"

// lit is how the lattices that are on or off read: on is the one element,
// true, and off is none.
type lit bool

// on and off are the values of their entries.
var (
	on  = value.Encode(value.Bool(true))
	off = value.Encode(value.Bool(false))
)

func (l lit) Value() value.Value { return value.Bool(bool(l)) }

func (l lit) Empty() bool { return !bool(l) }

func (l lit) Len() int {
	if l {
		return 1
	}
	return 0
}

func (l lit) Has(elem string) bool { return bool(l) && elem == on }

func (l lit) Each(yield func(elem string) bool) {
	if l {
		yield(on)
	}
}

// settle emits the change from was to l.
func (l lit) settle(was lit, emit Emit) (changed bool) {
	if l == was {
		return false
	}
	emit.weigh(on, l.Len()-was.Len())
	return true
}

// lights is what once and flag are made of: the entries that say it is on.
type lights struct{ entries dots }

func (s *lights) lit() lit { return lit(!s.entries.isEmpty()) }

func (s *lights) Insert(it Item, emit Emit) (changed bool) {
	was := s.lit()
	if it.Path != "" || it.Value != on || !s.entries.add(it.ID) {
		return false
	}
	return s.lit().settle(was, emit)
}

func (s *lights) Remove(it Item, emit Emit) (changed bool) {
	was := s.lit()
	if it.Path != "" || !s.entries.remove(it.ID) {
		return false
	}
	return s.lit().settle(was, emit)
}

func (s *lights) Value() value.Value { return s.lit().Value() }

func (s *lights) Empty() bool { return s.lit().Empty() }

func (s *lights) Len() int { return s.lit().Len() }

func (s *lights) Has(elem string) bool { return s.lit().Has(elem) }

func (s *lights) Each(yield func(elem string) bool) { s.lit().Each(yield) }

func (s *lights) Items(yield func(Item) bool) { s.entries.each(on, yield) }

func (s *lights) Bare() bool { return s.entries.isEmpty() }
