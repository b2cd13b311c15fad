package soundness

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// seeds is how many programs are made up.
func seeds() uint64 {
	switch {
	case os.Getenv("MARTINELLI_SOAK") != "":
		return 10_000
	case testing.Short():
		return 40
	}
	return 300
}

// TestMadePrograms plays programs that were made up: nothing that the compiler
// promised of them is broken. Most of them compile as they are, and what makes
// the language is in them.
func TestMadePrograms(t *testing.T) {
	n, whole, checks := seeds(), uint64(0), 0
	met, refused := map[string]int{}, map[diag.Code]int{}
	for seed := range n {
		c := mend(Write(seed), Planted{})
		if c == nil {
			t.Fatalf("seed %d: the compiler refuses all of\n%s", seed, Write(seed))
		}
		if len(c.Refused) == 0 {
			whole++
		}
		for _, code := range c.Refused {
			refused[code]++
		}
		meet(c, met)
		o, err := Play(c, seed, node.Planted{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checks += o.Checks
		if len(o.Broken) > 0 {
			t.Error(told(c, seed))
		}
	}
	t.Logf("%d programs, %d as they were made up, %d recomputations; refused: %v", n, whole, checks, refused)
	if whole*10 < n*6 {
		t.Errorf("only %d of %d programs compile as they are", whole, n)
	}
	if !testing.Short() {
		covers(t, met)
	}
}

// told is a failure, as small as it gets: the program, its world and what broke.
func told(c *Compiled, seed uint64) string {
	text := Shrink(c.Text, func(p Program) bool { return len(brokenOf(p, c.Planted, seed).Broken) > 0 })
	o := brokenOf(text, c.Planted, seed)
	return fmt.Sprintf("seed %d, in a world of %s\n%s\n%s", seed, o.World, text, strings.Join(o.Broken, "\n"))
}

// brokenOf plays a program that may not compile.
func brokenOf(p Program, planted Planted, seed uint64) Outcome {
	c, _ := compile(p, planted)
	if c == nil {
		return Outcome{}
	}
	o, _ := Play(c, seed, node.Planted{})
	return o
}

// meet counts, once a program, what of the language is in it.
func meet(c *Compiled, met map[string]int) {
	found := map[string]bool{}
	for _, d := range c.Plan.Databases {
		l, _ := plan.LatticeOf(d.Lattice.Kind)
		found[l.Name] = true
		found[fmt.Sprintf("place %d", d.Placement)] = true
		found[fmt.Sprintf("dims %d", len(d.Dims))] = true
		found["map"] = found["map"] || d.Removable
		found["record"] = found["record"] || strings.Contains(d.Name, ".")
		found["by user"] = found["by user"] || len(d.Dims) > 0 && d.Dims[0].Name == "user_id"
	}
	for i, m := range c.Marks {
		found[fmt.Sprintf("mode %d", m.Mode)] = true
		operators(c.Plan.Views[i].Expr, found)
	}
	for _, v := range c.Verdicts {
		found[v.Kind.String()+" "+v.Shape] = true
	}
	for _, h := range c.Plan.Handlers {
		statements(h.Body, found)
	}
	for what := range found {
		met[what]++
	}
}

func operators(x *plan.Expr, found map[string]bool) {
	found[fmt.Sprintf("op %d", x.Op)] = true
	for _, a := range x.Args {
		operators(a, found)
	}
	if x.Block != nil {
		operators(x.Block.Expr, found)
	}
}

func statements(ss []*plan.Stmt, found map[string]bool) {
	for _, s := range ss {
		found[fmt.Sprintf("statement %d", s.Op)] = true
		statements(s.Body, found)
		statements(s.Else, found)
	}
}

// covers requires that the programs were no trivial ones.
func covers(t *testing.T, met map[string]int) {
	t.Helper()
	want := []string{
		"map", "record", "by user", "place 0", "place 1", "place 2", "dims 0", "dims 1", "dims 2",
		"mode 0", "mode 1", "mode 2", "mode 3", "repair c <= k",
	}
	for _, l := range plan.Lattices() {
		if l.Available {
			want = append(want, l.Name)
		}
	}
	for _, op := range []plan.Op{
		plan.OpMap, plan.OpFilter, plan.OpFlatMap, plan.OpProduct, plan.OpJoin, plan.OpUnion, plan.OpIntersection, plan.OpMinus,
		plan.OpCount, plan.OpSum, plan.OpAvg, plan.OpMax, plan.OpMin, plan.OpFirst, plan.OpLast, plan.OpSort, plan.OpTop, plan.OpGroup,
		plan.OpClosure, plan.OpIn, plan.OpKeys, plan.OpDatabase, plan.OpCell, plan.OpView, plan.OpViewAt, plan.OpIf, plan.OpNot, plan.OpAnd, plan.OpEither, plan.OpCall,
	} {
		want = append(want, fmt.Sprintf("op %d", op))
	}
	for _, s := range []plan.StmtOp{plan.StmtLet, plan.StmtIf, plan.StmtEach, plan.StmtWrite, plan.StmtClear, plan.StmtAbort, plan.StmtTentatively} {
		want = append(want, fmt.Sprintf("statement %d", s))
	}
	for _, shape := range []string{
		"c >= k", "c <= k", "x + y == const", "x <= y", "predicate of one element", "predicate of one register", "two registers equal",
		"foreign key", "unique", "s.count >= k", "s.count <= k", "p implies q", "not (p and q)",
	} {
		want = append(want, "free "+shape)
	}
	for _, what := range want {
		if met[what] == 0 {
			t.Errorf("no program has: %s", what)
		}
	}
}

// TestPlantedMistakes plants mistakes into the compiler and the runtime, one at
// a time: programs made up find each of them. A soak begins at the first
// program, make test shortly before the one that found it.
func TestPlantedMistakes(t *testing.T) {
	rules := []struct {
		rule plan.Rule
		near uint64
	}{{plan.R1, 65}, {plan.R2, 92}, {plan.R3, 0}, {plan.R4, 31}, {plan.R5, 80}, {plan.R6, 30}, {plan.R7, 505}, {plan.R8, 22}, {plan.R9, 127}, {plan.R12, 2}}
	if testing.Short() {
		rules = rules[:1]
	}
	for _, c := range rules {
		finds(t, fmt.Sprintf("without R%d", c.rule), Planted{Rule: c.rule}, node.Planted{}, c.near)
	}
	faults := []struct {
		fault invariant.Fault
		near  uint64
	}{
		{invariant.DecRaises, 0}, {invariant.IncLowers, 0}, {invariant.AddKeepsSize, 0}, {invariant.OffKeeps, 1422},
		{invariant.EqualMayGrow, 0}, {invariant.SumsMayPart, 0}, {invariant.TwinsMayPart, 0}, {invariant.ChosenIsUnique, 0},
		{invariant.BoundsMerge, 0}, {invariant.SetIsHarmless, 0}, {invariant.BothMayTurn, 100}, {invariant.RemoveKeeps, 378},
	}
	if testing.Short() {
		faults = faults[:1]
	}
	for _, c := range faults {
		finds(t, fmt.Sprintf("with the wrong polarity %d", c.fault), Planted{Fault: c.fault}, node.Planted{}, c.near)
	}
	var forgetful node.Planted
	forgetful.Flow.KeepsImages = true
	finds(t, "where map keeps images", Planted{}, forgetful, 0)
}

// finds requires that a mistake is found by one of some programs. Those of
// which the compiler thinks the same with it are not played.
func finds(t *testing.T, what string, planted Planted, runtime node.Planted, near uint64) {
	t.Helper()
	from, limit := near, near+25
	if os.Getenv("MARTINELLI_SOAK") != "" {
		from, limit = 0, 2_000
	}
	for seed := from; seed < limit; seed++ {
		c, right := mend(WriteRash(seed), planted), mend(WriteRash(seed), Planted{})
		if c == nil || right == nil || runtime == (node.Planted{}) && agree(c, right) {
			continue
		}
		if o, _ := Play(c, seed, runtime); len(o.Broken) > 0 {
			t.Logf("%s: seed %d, %s", what, seed, o.Broken[0])
			return
		}
	}
	t.Errorf("%s: not found by the programs %d to %d", what, from, limit)
}

// agree reports whether the compiler says the same of two programs.
func agree(a, b *Compiled) bool {
	kind := func(v, w invariant.Verdict) bool { return v.Kind == w.Kind }
	return a.Text.String() == b.Text.String() && slices.Equal(a.Marks, b.Marks) && slices.EqualFunc(a.Verdicts, b.Verdicts, kind)
}
