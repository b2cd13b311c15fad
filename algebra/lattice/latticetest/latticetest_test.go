package latticetest

import (
	"errors"
	"flag"
	"math/bits"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// Each law is tried on lattices of small sets that are right but for one
// operation, since a law that lets a wrong lattice pass protects nobody.

// set is a set of numbers from 0 to 7, whose operations come with it.
type set struct {
	has uint8
	*operations
}

// operations are those of a lattice; a planted one is wrong in one of them.
type operations struct {
	join       func(a, b uint8) uint8
	spoil      func(a, b uint8) uint8 // what a join leaves of its argument
	grew       func(a, b uint8) bool
	leq        func(a, b uint8) bool
	clone      func(*set) *set
	decompose  func(a uint8) []uint8
	difference func(a, b uint8) uint8
	bottom     uint8
	decode     func(b []byte) (uint8, error)
	delta      uint8
}

func (s *set) Join(o *set) bool {
	a, b := s.has, o.has
	s.has, o.has = s.join(a, b), o.spoil(a, b)
	return s.grew(a, b)
}

func (s *set) Leq(o *set) bool        { return s.leq(s.has, o.has) }
func (s *set) Clone() *set            { return s.clone(s) }
func (s *set) Difference(o *set) *set { return &set{s.difference(s.has, o.has), s.operations} }

func (s *set) Decompose() []*set {
	var pieces []*set
	for _, piece := range s.decompose(s.has) {
		pieces = append(pieces, &set{piece, s.operations})
	}
	return pieces
}

// right returns the operations of finite sets.
func right() *operations {
	return &operations{
		join:       func(a, b uint8) uint8 { return a | b },
		spoil:      func(_, b uint8) uint8 { return b },
		grew:       func(a, b uint8) bool { return b&^a != 0 },
		leq:        func(a, b uint8) bool { return a&^b == 0 },
		clone:      func(s *set) *set { return &set{s.has, s.operations} },
		decompose:  elements,
		difference: func(a, b uint8) uint8 { return a &^ b },
		decode:     oneByte,
		delta:      1 << 2,
	}
}

func elements(a uint8) (pieces []uint8) {
	for ; a != 0; a &= a - 1 {
		pieces = append(pieces, a&-a)
	}
	return pieces
}

func oneByte(b []byte) (uint8, error) {
	if len(b) != 1 {
		return 0, errors.New("one byte")
	}
	return b[0], nil
}

func (o *operations) subject() Subject[*set] {
	return Subject[*set]{
		Bottom: func() *set { return &set{o.bottom, o} },
		Draw: func(t *rapid.T, n int) []*set {
			states := make([]*set, n)
			for i := range states {
				states[i] = &set{rapid.Uint8Range(0, 7).Draw(t, "has"), o}
			}
			return states
		},
		Encode: func(s *set) []byte { return []byte{s.has} },
		Decode: func(b []byte) (*set, error) {
			has, err := o.decode(b)
			return &set{has, o}, err
		},
		Mutators: []func(*rapid.T, *set) *set{func(_ *rapid.T, x *set) *set {
			x.has |= 1 << 2
			return &set{o.delta, o}
		}},
	}
}

// planted has a wrong lattice for every law.
var planted = map[string]func(*operations){
	"join is associative": func(o *operations) {
		o.join = func(a, b uint8) uint8 { return (a + b + 1) / 2 }
	},
	"join is commutative": func(o *operations) {
		o.join = func(a, b uint8) uint8 {
			if b != 0 {
				return b
			}
			return a
		}
	},
	"join is idempotent": func(o *operations) {
		o.join = func(a, b uint8) uint8 { return a ^ b }
	},
	"bottom is below and neutral": func(o *operations) { o.bottom = 1 },
	"leq is the order of join": func(o *operations) {
		o.leq = func(a, b uint8) bool { return a <= b }
	},
	"join is the least upper bound": func(o *operations) {
		o.join = func(a, b uint8) uint8 {
			if a != b {
				return a | b | 1<<7
			}
			return a
		}
	},
	"grew is exact": func(o *operations) {
		o.grew = func(_, b uint8) bool { return b != 0 }
	},
	"join leaves its argument alone": func(o *operations) {
		o.spoil = func(a, b uint8) uint8 { return a | b }
	},
	"a clone is independent": func(o *operations) {
		o.clone = func(s *set) *set { return s }
	},
	"the decomposition joins back": func(o *operations) {
		o.decompose = func(a uint8) []uint8 { return elements(a & (a - 1)) }
	},
	"the decomposition is irredundant": func(o *operations) {
		o.decompose = func(a uint8) []uint8 { return append(elements(a), a) }
	},
	"pieces are irreducible": func(o *operations) {
		o.decompose = func(a uint8) []uint8 {
			if bits.OnesCount8(a) < 3 {
				return elements(a)
			}
			return []uint8{a & (a - 1), a & -a}
		}
	},
	"the difference completes": func(o *operations) {
		o.difference = func(a, b uint8) uint8 { return 0 }
	},
	"the difference is minimal": func(o *operations) {
		o.difference = func(a, b uint8) uint8 { return a }
	},
	"the binary form comes back": func(o *operations) {
		o.decode = func(b []byte) (uint8, error) { return b[0] &^ 1, nil }
	},
	"the binary form is canonical": func(o *operations) {
		o.decode = func(b []byte) (uint8, error) { return append(b, 0)[0], nil }
	},
	"a mutator is the join of its delta": func(o *operations) { o.delta = 0 },
}

func TestEveryLawCatchesItsWrongLattice(t *testing.T) {
	for _, law := range laws[*set]() {
		plant, ok := planted[law.name]
		if !ok {
			t.Errorf("%s: no wrong lattice is planted for it", law.name)
			continue
		}
		if o := right(); broken(t, law, o.subject()) {
			t.Errorf("%s: finite sets are said to break it", law.name)
		}
		o := right()
		if plant(o); !broken(t, law, o.subject()) {
			t.Errorf("%s: the lattice that breaks it passes", law.name)
		}
	}
}

// broken reports whether the law finds something.
func broken(t *testing.T, l law[*set], s Subject[*set]) (found bool) {
	j := &judge{T: t}
	defer func() {
		if verdict := recover(); verdict != nil && verdict != any(j) {
			panic(verdict)
		}
		found = j.failed
	}()
	rapid.Check(j, func(t *rapid.T) { l.check(t, s) })
	return false
}

// judge is a test that may fail without harm to the one it stands in.
type judge struct {
	*testing.T
	failed bool
}

func (j *judge) Errorf(string, ...any) { j.failed = true }
func (j *judge) Error(...any)          { j.failed = true }
func (j *judge) Fail()                 { j.failed = true }
func (j *judge) Failed() bool          { return j.failed }
func (j *judge) Logf(string, ...any)   {}
func (j *judge) Log(...any)            {}
func (j *judge) FailNow()              { j.failed = true; panic(j) }
func (j *judge) Fatal(...any)          { j.FailNow() }
func (j *judge) Fatalf(string, ...any) { j.FailNow() }

// TestMain lets rapid neither search for smaller examples nor write them
// down: here a law that fails is the good case.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"rapid.nofailfile": "true", "rapid.shrinktime": "0s", "rapid.seed": "1", "rapid.checks": "500",
	} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
