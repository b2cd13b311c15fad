package crdt

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
)

// ranking is what the registers are made of: all live entries in a total
// order, of which the last one is read. There is one, and one more for each
// replica that wrote without having seen the others.
type ranking struct {
	order func(a, b Item) int // total: zero for equal ids only
	items []Item              // ascending
}

func (r *ranking) Insert(it Item, emit Emit) (changed bool) {
	i, found := slices.BinarySearchFunc(r.items, it, r.order)
	if found || it.Path != "" || !value.Valid(it.Value) {
		return false
	}
	before, wasEmpty := r.top()
	was := r.items
	r.items = slices.Insert(was, i, it)
	if len(was) == cap(was) {
		clear(was) // they have moved, and shall not live on where they stood
	}
	return r.settle(before, wasEmpty, emit)
}

func (r *ranking) Remove(it Item, emit Emit) (changed bool) {
	i, found := slices.BinarySearchFunc(r.items, it, r.order)
	if !found || it.Path != "" {
		return false
	}
	before, wasEmpty := r.top()
	r.items = slices.Delete(r.items, i, i+1)
	return r.settle(before, wasEmpty, emit)
}

// top returns the value that is read, and whether there is none.
func (r *ranking) top() (elem string, empty bool) {
	if len(r.items) == 0 {
		return "", true
	}
	return r.items[len(r.items)-1].Value, false
}

// settle emits the change of the value from before to now. No value is the
// empty string, so comparing strings compares emptiness too.
func (r *ranking) settle(before string, wasEmpty bool, emit Emit) (changed bool) {
	now, isEmpty := r.top()
	if now == before {
		return false
	}
	if !wasEmpty {
		emit.weigh(before, -1)
	}
	if !isEmpty {
		emit.weigh(now, +1)
	}
	return true
}

// first returns the n lowest items, ascending by id.
func (r *ranking) first(n int) []Item {
	items := slices.Clone(r.items[:n])
	order.Sort(items, compareIDs)
	return items
}

func (r *ranking) Items(yield func(Item) bool) {
	for _, it := range r.items {
		if !yield(it) {
			return
		}
	}
}

func (r *ranking) Bare() bool { return len(r.items) == 0 }

func (r *ranking) Value() value.Value {
	elem, empty := r.top()
	if empty {
		return value.Nil
	}
	v, _ := value.DecodeAll(elem) // Insert let only valid bytes in
	return v
}

func (r *ranking) Empty() bool { return len(r.items) == 0 }

func (r *ranking) Len() int { return min(len(r.items), 1) }

func (r *ranking) Has(elem string) bool {
	top, empty := r.top()
	return !empty && elem == top
}

func (r *ranking) Each(yield func(elem string) bool) {
	if elem, empty := r.top(); !empty {
		yield(elem)
	}
}
