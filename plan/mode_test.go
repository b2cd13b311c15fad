package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

// judged are the databases that the rules' examples read.
const judged = `
database :g, gset<int>, :replicated => true
database :h, gset<int>, :replicated => true
database :few, gset<nat>, :replicated => true
database :s, set<int>, :replicated => true
database :r, rset<int>, :replicated => true
database :n, gcounter, :replicated => true
database :c, counter, :replicated => true
database :o, once, :replicated => true
database :f, flag, :replicated => true
database :hi, max<int>, :replicated => true
database :top, max<nat>, :replicated => true
database :lo, min<int>, :replicated => true
database :w, lww<int>, :replicated => true
database :v, mv<int>, :replicated => true
database :l, log<int>, :replicated => true
database :hits, gcounter, :by => :k, :replicated => true
database :tags, gset<int>, :by => :k, :replicated => true
database :cart, set<int>, :by => :k, :replicated => true
database :last, lww<int>, :by => :k, :replicated => true
database :mine, gset<int>, :replicated => :user_id
database :baskets, map<id, gset<int>>, :replicated => true
database :home, counter, :by => :k
import :judge, (int) -> bool, :from => "go:judge"
import :wise, (int) -> bool, :from => "go:wise", :monotone => true
import :size, (gset<int>) -> int, :from => "go:size", :mergeable => true
import :name, (gset<int>) -> string, :from => "go:name", :monotone => true
import :more, (gset<int>, out set<int>), :from => "go:more", :monotone => true
import :less, (gset<int>, out set<int>), :from => "go:less"
import :each, (int, out set<int>), :from => "go:each", :monotone => true
database :mores, set<int>, :replicated => true
database :vetoed, set<int>, :replicated => true
database :moved, set<int>, :replicated => true
database :again, set<int>, :replicated => true
database :lesser, set<int>, :replicated => true
database :apiece, set<int>, :by => :k, :replicated => true
database :owned, set<int>, :by => :k, :replicated => :k
process do more(g, mores) end
process do more(g, vetoed) end
process do more(s, moved) end
process do more(mores, again) end
process do less(g, lesser) end
process do |k in hits.keys| each(hits[k], apiece[k]) end
process do |k in hits.keys| each(hits[k], owned[k]) end
on_veto do |x: int| vetoed.remove(x) end
on_more do |x: int| mores.add(x) end
`

const (
	kept = plan.Constant
	up   = plan.Grows
	down = plan.Falls
	any_ = plan.Tentative
)

// expectation is what a rule says of an expression. One that begins with a
// bar stands in a handler with the parameters k and x, which runs once.
type expectation struct {
	rule      plan.Rule
	text      string
	mode      plan.Mode
	mergeable bool
}

var expectations = []expectation{
	{plan.R1, "g", up, true}, {plan.R1, "s", any_, true}, {plan.R1, "r", any_, true}, {plan.R1, "n", up, true},
	{plan.R1, "c", any_, true}, {plan.R1, "o", up, true}, {plan.R1, "f", any_, true}, {plan.R1, "hi", up, true},
	{plan.R1, "lo", down, true}, {plan.R1, "w", any_, true}, {plan.R1, "v", any_, true}, {plan.R1, "l", up, true},
	{plan.R1, "l.count", up, false}, {plan.R1, `hits["a"]`, up, true}, {plan.R1, `cart["a"]`, any_, true}, {plan.R1, "tags", up, true},
	{plan.R1, "hits", any_, false}, {plan.R1, `baskets["a"]`, any_, true},
	{plan.R1, "hits[if o\n\"a\"\nelse\n\"b\"\nend]", any_, false},
	{plan.R1, "hi.or(0)", any_, false}, {plan.R1, "top.or(0)", up, true}, {plan.R1, "top.or(1)", any_, false},

	{plan.R2, "g.map do |x| x + 1 end", up, true}, {plan.R2, "s.map do |x| x + 1 end", any_, true},
	{plan.R2, "g.filter do |x| x > 1 end", up, true}, {plan.R2, "g.flat_map do |x| [x, 1] end", up, true},
	{plan.R2, "g.product(h)", up, true}, {plan.R2, "g.product(s)", any_, true}, {plan.R2, "g.union(s)", any_, true},
	{plan.R2, "g.intersection(h)", up, true}, {plan.R2, "g.intersection(s)", any_, true},
	{plan.R2, "g.join(h) do |x, y| x == y end", up, true}, {plan.R2, "g.join(s) do |x, y| x < y end", any_, true},

	{plan.R3, "g.filter do |x| x in h end", up, true}, {plan.R3, "g.filter do |x| x in s end", any_, false},
	{plan.R3, "g.filter do |x| not (x in h) end", any_, true}, {plan.R3, "g.filter do |x| n > x end", up, false},
	{plan.R3, "g.map do |x| x + n end", any_, false}, {plan.R3, "g.flat_map do |x| h.map do |y| x + y end end", up, true},
	{plan.R3, "g.join(h) do |x, y| x + y in s end", any_, false}, {plan.R3, "s.filter do |x| x in h end", any_, true},

	{plan.R4, "g.minus(h)", any_, true}, {plan.R4, "g.minus(s)", any_, false}, {plan.R4, "s.minus(g)", any_, true},
	{plan.R4, "g.minus(g.filter do |x| x < 0 end.minus(h))", any_, false},

	{plan.R5, "g.count", up, false}, {plan.R5, "s.count", any_, false}, {plan.R5, "n > 3", up, false}, {plan.R5, "n >= 3", up, false},
	{plan.R5, "n < 3", down, false}, {plan.R5, "n <= 3", down, false}, {plan.R5, "n == 3", any_, false}, {plan.R5, "n != 3", any_, false},
	{plan.R5, "3 < n", up, false}, {plan.R5, "c > 3", any_, false}, {plan.R5, "n > g.count", any_, false},
	{plan.R5, "n + g.count", up, false}, {plan.R5, "n - 3", up, false}, {plan.R5, "3 - n", down, false}, {plan.R5, "n * 2", up, false},
	{plan.R5, "n * -2", down, false}, {plan.R5, "-n", down, false}, {plan.R5, "n / 2", up, false}, {plan.R5, "n % 2", any_, false},
	{plan.R5, "n * g.count", any_, false}, {plan.R5, "hi.or(0) > 3", up, false}, {plan.R5, "hi.or(5) > 3", any_, false},
	{plan.R5, "lo.or(9) < 3", up, false}, {plan.R5, "top.or(0) > 3", up, true}, {plan.R5, "1 + 1", kept, true},

	{plan.R6, "3 in g", up, true}, {plan.R6, "3 in s", any_, false}, {plan.R6, "n in g", any_, false}, {plan.R6, "3 in [1, 2]", kept, true},

	{plan.R6, "g.max", up, true}, {plan.R6, "g.min", down, true}, {plan.R6, "s.max", any_, false}, {plan.R6, "g.max do |x| x + n end", any_, false},
	{plan.R6, "g.any do |x| x > 3 end", up, true}, {plan.R6, "g.any do |x| x in s end", any_, false}, {plan.R6, "g.avg", any_, false},
	{plan.R6, "g.sort_by do |x| x end", any_, false}, {plan.R6, "g.top(2) do |x| x end", any_, false}, {plan.R6, "g.first", any_, false},
	{plan.R6, "l.last", any_, false}, {plan.R6, "g.group do |x| x % 2 end", any_, false},
	{plan.R5, "few.sum", up, false}, {plan.R5, "g.sum", any_, false}, {plan.R5, "few.sum > 3", up, false},
	{plan.R9, "g.product(h).closure", up, false}, {plan.R9, "g.product(s).closure", any_, false},

	{plan.R7, "hits.keys", up, true}, {plan.R7, "cart.keys", any_, true}, {plan.R7, "last.keys", up, true}, {plan.R7, "mine.keys", any_, true},
	{plan.R7, "baskets.keys", any_, true},

	{plan.R8, "not o", down, true}, {plan.R8, "not (n < 3)", up, false}, {plan.R8, "o and n > 3", up, false}, {plan.R8, "o and f", any_, false},
	{plan.R8, "f or o", any_, false}, {plan.R8, "o and not o", any_, false}, {plan.R8, "if o\n1\nelse\n2\nend", any_, false},
	{plan.R8, "if true\nn\nelse\n2\nend", up, false}, {plan.R8, "if 1 == 1\ng\nelse\nh\nend", up, true},

	{plan.R11, "g.filter do |x| judge(x) end", any_, false}, {plan.R11, "|judge(x)", kept, true}, {plan.R11, "|judge(c)", any_, false},
	{plan.R11, "|judge(n)", any_, false},
	{plan.R11, "g.filter do |x| wise(x) end", up, true}, {plan.R11, "wise(n)", up, false}, {plan.R11, "wise(c)", any_, false},
	{plan.R11, "wise(0 - n)", down, false}, {plan.R11, "size(g) > 3", up, false}, {plan.R11, "size(s)", any_, false},
	{plan.R11, "name(g)", any_, false}, {plan.R11, "|wise(n)", up, false}, {plan.R11, "|name(g)", any_, false},
	{plan.R11, "mores", up, false}, {plan.R11, "mores.count > 3", up, false}, {plan.R11, "vetoed", any_, false}, {plan.R11, "moved", any_, false},
	{plan.R11, "again", up, false}, {plan.R11, "lesser", any_, false}, {plan.R11, `apiece["a"]`, up, false}, {plan.R11, `owned["a"]`, any_, false},

	{plan.R13, "|now > x", kept, true}, {plan.R13, "|now", kept, true}, {plan.R13, "|new_id()", kept, true},
}

// expressions compiles the expectations as views and lets of one program.
func expressions(t *testing.T, es []expectation) (*plan.Program, []*plan.Expr) {
	t.Helper()
	text := judged
	for i, e := range es {
		if inHandler, ok := strings.CutPrefix(e.text, "|"); ok {
			text += fmt.Sprintf("on_e%d do |k: id, x: int|\ntentatively do\nlet e = %s\nend\nend\n", i, inHandler)
			continue
		}
		text += fmt.Sprintf("view :e%d do %s end\n", i, e.text)
	}
	p, letters := lang.Compile([]lang.Source{{Name: "rules.mrt", Text: text}}, nil)
	if p == nil {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	exprs := make([]*plan.Expr, len(es))
	for i := range es {
		if v, ok := p.View(fmt.Sprintf("e%d", i)); ok {
			exprs[i] = p.Views[v].Expr
		}
	}
	for _, h := range p.Handlers {
		var i int
		if n, _ := fmt.Sscanf(h.Event, "e%d", &i); n == 0 {
			continue
		}
		exprs[i] = h.Body[0].Body[0].Args[0]
	}
	return p, exprs
}

// TestRules holds each rule to its examples, and does without it: then one of
// its examples at least comes out another way.
func TestRules(t *testing.T) {
	p, exprs := expressions(t, expectations)
	modes := plan.ModesOf(p)
	needed := map[plan.Rule]bool{}
	for i, want := range expectations {
		m := modes
		m.Run = strings.HasPrefix(want.text, "|")
		got := m.Mark(exprs[i])
		if got.Mode != want.mode || got.Mergeable != want.mergeable {
			t.Errorf("R%d: %s is %d and mergeable %v, want %d and %v", want.rule, want.text, got.Mode, got.Mergeable, want.mode, want.mergeable)
		}
		if m.Without(want.rule).Of(exprs[i]) != want.mode {
			needed[want.rule] = true
		}
	}
	for _, want := range expectations {
		if !needed[want.rule] {
			t.Fatalf("without R%d all its examples come out the same", want.rule)
		}
	}
}

// TestSealed: behind its seal a key is constant, and no other key is (R10).
func TestSealed(t *testing.T) {
	m := plan.Modes{Databases: []plan.Database{{Name: "votes", Lattice: plan.Type{Kind: plan.KindCounter}, Dims: []plan.Dim{{Name: "k", Type: plan.ID}}}}}
	at := func(slot int) *plan.Expr {
		return &plan.Expr{Op: plan.OpCell, Type: plan.Int, Args: []*plan.Expr{{Op: plan.OpLocal, Type: plan.ID, Index: slot}}}
	}
	sealed := m.Sealed(0, at(1).Args)
	if m.Of(at(1)) != plan.Tentative || sealed.Of(at(1)) != plan.Constant || sealed.Of(at(2)) != plan.Tentative {
		t.Error("a seal makes its own key constant, and no other")
	}
	if sealed.Without(plan.R10).Of(at(1)) == plan.Constant {
		t.Error("without R10 it is constant still")
	}
}

// TestAtHome: what lives at the home stands still in a run there.
func TestAtHome(t *testing.T) {
	p, exprs := expressions(t, []expectation{{text: `home["a"]`}, {text: "home.keys.count"}, {text: `home["a"] + n`}, {text: "c"}})
	m := plan.Modes{Databases: p.Databases, Run: true, AtHome: true}
	for i, want := range []plan.Mode{kept, kept, up, any_} {
		if got := m.Of(exprs[i]); got != want {
			t.Errorf("expression %d is %d at the home, want %d", i, got, want)
		}
	}
}
