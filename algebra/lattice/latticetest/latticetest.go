// Package latticetest holds the laws every lattice must keep, checked on
// generated states. A type's test describes how to draw states and calls Laws;
// it does not repeat a law.
package latticetest

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/lattice"
)

// Subject says how to test the lattice L.
type Subject[L lattice.Decomposable[L]] struct {
	// Bottom returns a fresh bottom.
	Bottom func() L

	// Draw returns n states that can meet: where states name facts, as dots
	// do, all are states of one history.
	Draw func(t *rapid.T, n int) []L

	// Encode and Decode are the binary form; both nil if it has none.
	Encode func(L) []byte
	Decode func([]byte) (L, error)

	// Mutators change x and return the delta of the change; none if nil.
	Mutators []func(t *rapid.T, x L) (delta L)
}

// Laws checks every law on states of s.
func Laws[L lattice.Decomposable[L]](t *testing.T, s Subject[L]) {
	for _, law := range laws[L]() {
		t.Run(law.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { law.check(t, s) })
		})
	}
}

// law is one sentence that holds of every lattice, and its check on drawn states.
type law[L lattice.Decomposable[L]] struct {
	name  string
	check func(*rapid.T, Subject[L])
}

func laws[L lattice.Decomposable[L]]() []law[L] {
	return []law[L]{
		{"join is associative", associative[L]},
		{"join is commutative", commutative[L]},
		{"join is idempotent", idempotent[L]},
		{"bottom is below and neutral", bottom[L]},
		{"leq is the order of join", order[L]},
		{"join is the least upper bound", least[L]},
		{"grew is exact", grew[L]},
		{"join leaves its argument alone", untouched[L]},
		{"a clone is independent", independent[L]},
		{"the decomposition joins back", joinsBack[L]},
		{"the decomposition is irredundant", irredundant[L]},
		{"pieces are irreducible", irreducible[L]},
		{"the difference completes", completes[L]},
		{"the difference is minimal", minimal[L]},
		{"the binary form comes back", roundTrip[L]},
		{"the binary form is canonical", canonical[L]},
		{"a mutator is the join of its delta", mutators[L]},
	}
}

// joined returns the join of copies.
func joined[L lattice.Lattice[L]](a, b L) L {
	c := a.Clone()
	c.Join(b)
	return c
}

func (s Subject[L]) equal(t *rapid.T, what string, a, b L) {
	t.Helper()
	if !lattice.Equal(a, b) {
		t.Fatalf("%s:\n%+v\n%+v", what, a, b)
	}
	if s.Encode != nil && !bytes.Equal(s.Encode(a), s.Encode(b)) {
		t.Fatalf("%s: equal states have different bytes\n%+v\n%+v", what, a, b)
	}
}

func associative[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 3)
	s.equal(t, "(a join b) join c, a join (b join c)", joined(joined(x[0], x[1]), x[2]), joined(x[0], joined(x[1], x[2])))
}

func commutative[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 2)
	s.equal(t, "a join b, b join a", joined(x[0], x[1]), joined(x[1], x[0]))
}

func idempotent[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 1)[0]
	s.equal(t, "a join a, a", joined(x, x), x)
}

func bottom[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 1)[0]
	if !s.Bottom().Leq(x) {
		t.Fatalf("bottom is not leq %+v", x)
	}
	s.equal(t, "bottom join a, a", joined(s.Bottom(), x), x)
	s.equal(t, "a join bottom, a", joined(x, s.Bottom()), x)
}

func order[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 2)
	a, b := x[0], x[1]
	if !a.Leq(a) {
		t.Fatalf("not leq itself: %+v", a)
	}
	if a.Leq(b) != lattice.Equal(joined(a, b), b) {
		t.Fatalf("a leq b is %v, but a join b is b is not\n%+v\n%+v", a.Leq(b), a, b)
	}
}

func least[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 3)
	j := joined(x[0], x[1])
	if !x[0].Leq(j) || !x[1].Leq(j) {
		t.Fatalf("the join is no upper bound\n%+v\n%+v\n%+v", x[0], x[1], j)
	}
	for _, upper := range []L{x[2], joined(x[2], j)} {
		if x[0].Leq(upper) && x[1].Leq(upper) && !j.Leq(upper) {
			t.Fatalf("the join is not the least upper bound\n%+v\n%+v", j, upper)
		}
	}
}

func grew[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 2)
	c := x[0].Clone()
	if got, want := c.Join(x[1]), !x[1].Leq(x[0]); got != want {
		t.Fatalf("grew is %v, want %v\n%+v\n%+v", got, want, x[0], x[1])
	}
}

func untouched[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 3)
	before := x[1].Clone()
	c := joined(x[0], x[1])
	s.equal(t, "the argument before and after", before, x[1])
	c.Join(x[2])
	s.equal(t, "the argument after the receiver changed", before, x[1])
}

// independent remembers the state by its pieces: another clone would share
// what the first one shares.
func independent[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 2)
	c, before := x[0].Clone(), lattice.JoinAll(s.Bottom(), x[0].Decompose()...)
	x[0].Join(x[1])
	s.equal(t, "a clone before and after", before, c)
}

func joinsBack[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 1)[0]
	s.equal(t, "the pieces' join and the state", lattice.JoinAll(s.Bottom(), x.Decompose()...), x)
}

// irredundant leaves out each piece in turn: what is left must not make up for it.
func irredundant[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	pieces := s.Draw(t, 1)[0].Decompose()
	for i, piece := range pieces {
		others := lattice.JoinAll(s.Bottom(), pieces[:i]...)
		others = lattice.JoinAll(others, pieces[i+1:]...)
		if piece.Leq(others) {
			t.Fatalf("piece %d of %d is in the others: %+v", i, len(pieces), piece)
		}
	}
}

func irreducible[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	for _, piece := range s.Draw(t, 1)[0].Decompose() {
		own := piece.Decompose()
		if len(own) != 1 {
			t.Fatalf("a piece has %d pieces: %+v", len(own), piece)
		}
		s.equal(t, "a piece and its only piece", own[0], piece)
	}
	if pieces := s.Bottom().Decompose(); len(pieces) != 0 {
		t.Fatalf("bottom has pieces: %+v", pieces)
	}
}

func completes[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 2)
	s.equal(t, "b join (a minus b), a join b", joined(x[1], x[0].Difference(x[1])), joined(x[0], x[1]))
}

func minimal[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	x := s.Draw(t, 2)
	d := x[0].Difference(x[1])
	s.equal(t, "the difference and the join of the pieces the other lacks", d, lattice.Difference(s.Bottom(), x[0], x[1]))
	for _, piece := range d.Decompose() {
		if piece.Leq(x[1]) {
			t.Fatalf("the difference says what is known: %+v", piece)
		}
	}
}

func roundTrip[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	if s.Encode == nil {
		return
	}
	x := s.Draw(t, 1)[0]
	for _, state := range append(x.Decompose(), x, s.Bottom()) {
		back, err := s.Decode(s.Encode(state))
		if err != nil {
			t.Fatalf("%+v: %v", state, err)
		}
		s.equal(t, "a state and its decoded bytes", back, state)
	}
}

// canonical checks that states with one history of joins or another have the
// same bytes, and that no prefix of them is a state.
func canonical[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	if s.Encode == nil {
		return
	}
	x := s.Draw(t, 1)[0]
	b := s.Encode(x)
	pieces := rapid.Permutation(x.Decompose()).Draw(t, "pieces")
	if again := s.Encode(lattice.JoinAll(s.Bottom(), pieces...)); !bytes.Equal(b, again) {
		t.Fatalf("pieces in another order give other bytes\n%x\n%x", b, again)
	}
	cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
	if _, err := s.Decode(b[:cut]); err == nil {
		t.Fatalf("%d of %d bytes decode", cut, len(b))
	}
	if _, err := s.Decode(append(b, 0)); err == nil {
		t.Fatal("bytes with one more behind them decode")
	}
}

func mutators[L lattice.Decomposable[L]](t *rapid.T, s Subject[L]) {
	for _, mutate := range s.Mutators {
		x := s.Draw(t, 1)[0]
		before := x.Clone()
		delta := mutate(t, x)
		s.equal(t, "m(x), x join mδ(x)", x, joined(before, delta))
	}
}
