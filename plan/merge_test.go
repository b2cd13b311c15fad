package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// splitter generates expressions each of whose readings is of a database of
// its own, so that each can be varied alone. Its maps give different elements
// for different ones, as the entries of a state are.
type splitter struct {
	*rand.Rand
	text  strings.Builder // the databases and their events
	sets  int
	highs int
	n     int
}

func (s *splitter) set(depth int) string {
	if depth == 0 {
		s.sets++
		fmt.Fprintf(&s.text, "database :s%d, gset<int>, :replicated => true\non_s%d do |x: int| s%d.add(x) end\n", s.sets, s.sets, s.sets)
		return fmt.Sprint("s", s.sets)
	}
	s.n++
	d, x := depth-1, fmt.Sprint("x", s.n)
	switch s.IntN(9) {
	case 0:
		return s.set(d) + ".map do |" + x + "| " + x + " * 3 end"
	case 1:
		return s.set(d) + ".filter do |" + x + "| " + s.bool(d, x) + " end"
	case 2:
		return s.set(d) + ".flat_map do |" + x + "| [" + x + ", 50 + " + x + "] end"
	case 3:
		return s.set(d) + ".product(" + s.set(d) + ").map do |" + x + ", y" + x + "| " + x + " * 1000 + y" + x + " end"
	case 4:
		return s.set(d) + ".join(" + s.set(d) + ") do |" + x + ", y" + x + "| " + s.bool(d, x) + " end.map do |" + x + "a, " + x + "b| " + x + "a * 1000 + " + x + "b end"
	case 5:
		return s.set(d) + ".intersection(" + s.set(d) + ")"
	case 6:
		return s.set(d) + ".minus(" + s.set(d) + ")"
	case 7:
		return s.set(d) + ".flat_map do |" + x + "| " + s.set(d) + " end"
	}
	return s.set(d) + ".union(" + s.set(d) + ")"
}

func (s *splitter) int(depth int, x string) string {
	if depth == 0 {
		if x != "" && s.IntN(2) == 0 {
			return x
		}
		s.highs++
		fmt.Fprintf(&s.text, "database :h%d, max<nat>, :replicated => true\non_h%d do |x: nat| h%d.set(x) end\n", s.highs, s.highs, s.highs)
		return fmt.Sprintf("h%d.or(0)", s.highs)
	}
	d := depth - 1
	switch s.IntN(6) {
	case 0:
		return s.set(d) + ".count"
	case 5:
		return s.set(d) + ".max.or(-9223372036854775807 - 1)"
	case 1:
		return "(" + s.int(d, x) + " + " + s.int(d, x) + ")"
	case 2:
		return "(0 - " + s.int(d, x) + ")"
	}
	return s.int(d, x)
}

func (s *splitter) bool(depth int, x string) string {
	if depth < 0 {
		return x + " % 2 == 0"
	}
	d := max(depth-1, 0)
	switch s.IntN(6) {
	case 5:
		s.n++
		y := fmt.Sprint("x", s.n)
		return s.set(d) + ".any do |" + y + "| " + s.bool(d-1, y) + " end"
	case 0:
		return "(" + s.int(d, x) + []string{" > ", " < ", " >= ", " == "}[s.IntN(4)] + fmt.Sprint(s.IntN(5)) + ")"
	case 1:
		return "(not " + s.bool(d, x) + ")"
	case 2:
		if depth > 0 {
			return "(" + s.bool(d, x) + " and " + s.bool(d, x) + ")"
		}
	}
	if x == "" {
		x = "2"
	}
	return "(" + x + " in " + s.set(d) + ")"
}

// joined is the join of two values of a mode: the dual one of what falls.
func joined(mode plan.Mode, t plan.Type, a, b value.Value) value.Value {
	if t.Kind != plan.KindSet {
		if (value.Compare(a, b) < 0) == (mode == plan.Grows) {
			return b
		}
		return a
	}
	var out []value.Value
	for _, x := range append(slices.Clone(a.Elems()), b.Elems()...) {
		if mode == plan.Grows || contains(a, x) && contains(b, x) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, value.Compare)
	return value.List(slices.CompactFunc(out, value.Equal)...)
}

// split varies one database: two replicas know different elements of it, a
// third one all; they know the same of all others. It returns what each reads.
func split(t *testing.T, p *plan.Program, at int, r *rand.Rand) (a, b, both value.Value) {
	ms := []*machine{newMachine(t, p), newMachine(t, p), newMachine(t, p)}
	for i := range p.Databases {
		for range r.IntN(5) {
			x, to := value.Int(int64(r.IntN(5))), ms
			if i == at {
				to = [][]*machine{{ms[0], ms[2]}, {ms[1], ms[2]}, ms}[r.IntN(3)]
			}
			for _, m := range to {
				m.raise(p.Databases[i].Name, x)
			}
		}
	}
	var out [3]value.Value
	for i, m := range ms {
		read, err := m.Read("v", nil)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = read.Value
	}
	return out[0], out[1], out[2]
}

// alone are the modes where one database grows and all others stand still.
func alone(p *plan.Program, at int) plan.Modes {
	dbs := slices.Clone(p.Databases)
	for i := range dbs {
		if i != at {
			dbs[i].Placement = plan.Home
		}
	}
	return plan.Modes{Databases: dbs, AtHome: true}
}

// TestMergeable: what is called mergeable is, for joined states of any
// database it reads, the join of what it is for each. Without the mark, the
// laws fail: the test would see a wrong one.
func TestMergeable(t *testing.T) {
	mergeable, others := 0, 0
	for seed := range seeds(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		s := &splitter{Rand: r}
		view := []func() string{func() string { return s.set(1 + s.IntN(2)) }, func() string { return s.bool(1+s.IntN(2), "") }, func() string { return s.int(1+s.IntN(2), "") }}[s.IntN(3)]()
		p := compiled(t, s.text.String()+"view :v do "+view+" end\n")
		e := p.Views[0].Expr
		claimed := plan.Modes{Databases: p.Databases}.Mark(e).Mergeable
		for at := range p.Databases {
			a, b, both := split(t, p, at, r)
			mode := alone(p, at).Of(e)
			holds := mode != plan.Tentative && value.Equal(joined(mode, e.Type, a, b), both)
			switch {
			case claimed && !holds:
				t.Fatalf("seed %d: %s is mergeable, and in %s\n%v and\n%v are together\n%v", seed, view, p.Databases[at].Name, a, b, both)
			case !holds:
				others++
			}
		}
		if claimed {
			mergeable++
		}
	}
	if mergeable < 100 || others < 20 {
		t.Errorf("%d are mergeable, and %d readings of others are not", mergeable, others)
	}
	t.Log(mergeable, "mergeable expressions;", others, "readings that do not merge, of others")
}
