package crdt

import "github.com/martinelli-lang/martinelli/value"

// number is how counters read: a sum, which is the one element unless nothing
// was ever counted. A counter that returned to zero is not empty.
type number struct {
	sum   int64
	empty bool
}

func (n number) Len() int {
	if n.empty {
		return 0
	}
	return 1
}

func (n number) Has(elem string) bool { return !n.empty && elem == value.Encode(value.Int(n.sum)) }

func (n number) Each(yield func(elem string) bool) {
	if !n.empty {
		yield(value.Encode(value.Int(n.sum)))
	}
}

// settle emits the change from was to n.
func (n number) settle(was number, emit Emit) (changed bool) {
	if n == was {
		return false
	}
	if emit != nil && !was.empty {
		emit(value.Encode(value.Int(was.sum)), -1)
	}
	if emit != nil && !n.empty {
		emit(value.Encode(value.Int(n.sum)), +1)
	}
	return true
}
