package mode

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Whoever acts cannot take it back (R12). So an update, an event raised
// elsewhere, a call of the host and a repair stand behind guards that stay
// true, and take arguments that do: constant, or growing. What a handler reads
// of its own home stands still while it runs there, since a home runs one
// after another. `tentatively` says that what was read may change.

// guard is a condition that what follows relies on.
type guard struct {
	reason  Reason
	on      *plan.Expr
	leaf    int
	isEach  bool
	negated bool // what follows an abort relies on its being false
	element *element
}

// ok reports whether the guard stays as it was found.
func (g *guard) ok() bool { return g.reason.Mode <= plan.Grows }

// scene is what is known at a statement. It is copied, not changed.
type scene struct {
	modes       plan.Modes
	lets        map[int]*plan.Expr
	guards      []*guard
	tentatively bool
}

// acts walks what acts, and writes the letters.
type acts struct {
	*Program
	home    []plan.Mark // the views' marks at the home
	told    map[*guard]bool
	asked   map[*plan.Expr]bool // calls of the host that had a letter: what they answer needs none
	letters []diag.Diagnostic
	first   *Act // what may change of the first act that relies on such

	sought *plan.Expr // an expression that is asked for; nil for none
	found  *Reason    // what is known of it
}

// Act is what is acted on though it may change, and whether the program says so.
type Act struct {
	Reason
	Tentatively bool
}

// Letters returns an E201 for each guard and each argument that may still
// change, and that the program acts on. Cost: linear in the plan.
func (p *Program) Letters() []diag.Diagnostic {
	if p.off == plan.R12 {
		return nil
	}
	a := p.acts()
	for i := range p.p.Handlers {
		a.handler(&p.p.Handlers[i])
	}
	for i := range p.p.Invariants {
		a.repair(&p.p.Invariants[i])
	}
	return a.letters
}

// Handler returns the first value that the handler of that index acts on though
// it may change; false where there is none. Cost: linear in the handler.
func (p *Program) Handler(i int) (Act, bool) {
	a := p.acts()
	a.handler(&p.p.Handlers[i])
	if a.first == nil {
		return Act{}, false
	}
	return *a.first, true
}

func (p *Program) acts() *acts {
	return &acts{Program: p, home: p.home, told: map[*guard]bool{}, asked: map[*plan.Expr]bool{}}
}

func (a *acts) handler(h *plan.Handler) {
	s := scene{modes: a.standing}
	s.modes.Run = true
	switch {
	case h.Home:
		s = a.atHome(s)
	case !a.p.TrustedAlone(h.At):
		s = a.anywhere(s)
	}
	a.stmts(h.Body, s)
}

// anywhere is the scene of what may run at a role of users.
func (a *acts) anywhere(s scene) scene {
	s.modes.Unsure, s.modes.Views = true, a.unsure
	return s
}

// atHome is the scene of a run at the home.
func (a *acts) atHome(s scene) scene {
	s.modes.AtHome, s.modes.Unsure, s.modes.Views = true, false, a.home
	return s
}

// repair judges an `else` of an invariant, which acts on its being broken. Of
// the element no more is needed where the repair does nothing to an absent one.
func (a *acts) repair(inv *plan.Invariant) {
	if len(inv.Repair) == 0 {
		return
	}
	s := scene{modes: a.standing}
	if !a.p.TrustedAlone(inv.At) {
		s = a.anywhere(s)
	}
	if inv.Source != nil && !onlyRemoves(inv.Repair) {
		s = a.among(s, inv.Source, inv.Params)
	}
	a.stmts(inv.Repair, a.guarded(s, inv.Cond, true))
}

func onlyRemoves(ss []*plan.Stmt) bool {
	return !slices.ContainsFunc(ss, func(s *plan.Stmt) bool {
		return s.Op != plan.StmtClear && (s.Op != plan.StmtWrite || s.Name != "remove")
	})
}

// guarded is the scene behind a condition. Its parts that hold together are
// guards each for itself.
func (a *acts) guarded(s scene, on *plan.Expr, negated bool) scene {
	switch {
	case on.Op == plan.OpNot:
		return a.guarded(s, on.Args[0], !negated)
	case on.Op == plan.OpAnd && !negated, on.Op == plan.OpEither && negated:
		return a.guarded(a.guarded(s, on.Args[0], negated), on.Args[1], negated)
	}
	g := &guard{on: on, negated: negated}
	if on.Op == plan.OpIn && !negated {
		g.element = elementOf(on.Args[1], []*plan.Expr{on.Args[0]})
	}
	return a.behind(s, g)
}

// among is the scene of one element of a collection.
func (a *acts) among(s scene, xs *plan.Expr, params []int) scene {
	locals := make([]*plan.Expr, len(params))
	for i, slot := range params {
		locals[i] = &plan.Expr{Op: plan.OpLocal, Index: slot}
	}
	return a.behind(s, &guard{on: xs, isEach: true, element: elementOf(xs, locals)})
}

// behind is the scene behind a guard.
func (a *acts) behind(s scene, g *guard) scene {
	x := g.on
	if g.negated {
		x = &plan.Expr{Op: plan.OpNot, Type: plan.Bool, Args: []*plan.Expr{g.on}}
	}
	g.leaf = -1
	if g.reason.Mark = s.modes.Mark(x); !g.ok() {
		g.reason, g.leaf = a.whyNot(s, x)
	}
	return s.with(g)
}

func (a *acts) whyNot(s scene, x *plan.Expr) (Reason, int) {
	w := why{Program: a.Program, modes: s.modes, lets: s.lets}
	w.because(x, plan.Grows)
	return Reason{s.modes.Mark(x), w.chain}, w.leaf
}

func (s scene) with(gs ...*guard) scene {
	s.guards = append(slices.Clip(s.guards), gs...)
	return s
}

// stmts walks statements. It returns the scene behind them, and whether a run
// may end in them: then what follows is guarded.
func (a *acts) stmts(ss []*plan.Stmt, s scene) (after scene, aborts bool) {
	for _, st := range ss {
		var more bool
		s, more = a.stmt(st, s)
		aborts = aborts || more
		if st.Op == plan.StmtAbort {
			break
		}
	}
	return s, aborts
}

func (a *acts) stmt(st *plan.Stmt, s scene) (after scene, aborts bool) {
	a.seek(st.Args, s)
	for _, x := range st.Args {
		a.calls(x, s)
	}
	switch st.Op {
	case plan.StmtLet:
		return a.let(st, s), false
	case plan.StmtIf:
		return a.branches(st, s)
	case plan.StmtEach:
		return a.each(st, s)
	case plan.StmtWrite, plan.StmtClear, plan.StmtSeal:
		a.act(a.spans.Stmts[st], "an update cannot be taken back", st.Args, s.without(removed(st)))
		a.stmts(st.Body, s)
		if st.Op == plan.StmtSeal {
			s.modes = s.modes.Sealed(st.Index, st.Args)
		}
	case plan.StmtUpload:
		a.act(a.spans.Stmts[st], "an event raised elsewhere cannot be taken back", st.Args, s)
	case plan.StmtAbort:
		return s, true
	case plan.StmtTentatively:
		in := s
		in.tentatively = true
		_, aborts = a.stmts(st.Body, in)
		return s, aborts
	case plan.StmtSerial:
		a.stmts(st.Body, a.atHome(s))
		a.stmts(st.Else, s) // at the raiser
	case plan.StmtStep:
		a.stmts(st.Body, a.atHome(s))
		a.stmts(st.Else, a.atHome(s)) // undone where it was done
	default:
		a.stmts(st.Body, s)
		a.stmts(st.Else, s)
	}
	return s, false
}

func (a *acts) let(st *plan.Stmt, s scene) scene {
	lets := make(map[int]*plan.Expr, len(s.lets)+1)
	for slot, x := range s.lets {
		lets[slot] = x
	}
	lets[st.Index] = st.Args[0]
	s.lets, s.modes = lets, s.modes.With(st.Index, s.modes.Mark(st.Args[0]))
	return s
}

// branches walks an if. What follows relies on the condition where one of the
// branches may end the run, and on what that branch relied on.
func (a *acts) branches(st *plan.Stmt, s scene) (scene, bool) {
	then, otherwise := a.guarded(s, st.Args[0], false), a.guarded(s, st.Args[0], true)
	afterThen, thenAborts := a.stmts(st.Body, then)
	afterElse, elseAborts := a.stmts(st.Else, otherwise)
	known := len(s.guards)
	if thenAborts {
		s = s.with(otherwise.guards[known:]...).with(since(afterThen, then, st.Body)...)
	}
	if elseAborts {
		s = s.with(then.guards[known:]...).with(since(afterElse, otherwise, st.Else)...)
	}
	return s, thenAborts || elseAborts
}

// since returns the guards that a branch found beyond those it began with. A
// branch that always ends the run leaves none behind it.
func since(after, before scene, branch []*plan.Stmt) []*guard {
	if n := len(branch); n > 0 && branch[n-1].Op == plan.StmtAbort {
		return nil
	}
	return after.guards[len(before.guards):]
}

// each walks a loop. What follows one that may end the run relies on there
// being no element that ends it.
func (a *acts) each(st *plan.Stmt, s scene) (scene, bool) {
	in := a.among(s, st.Args[0], st.Params)
	after, aborts := a.stmts(st.Body, in)
	if aborts {
		s = a.behind(s, &guard{on: st.Args[0], isEach: true, negated: true}).with(since(after, in, st.Body)...)
	}
	return s, aborts
}

// calls judges the functions of the host that an expression calls.
func (a *acts) calls(x *plan.Expr, s scene) {
	if x.Op == plan.OpImport {
		before := len(a.letters)
		a.act(a.span(x), "what the host does cannot be taken back", x.Args, s)
		a.asked[x] = len(a.letters) > before
	}
	for _, y := range x.Args {
		a.calls(y, s)
	}
	if x.Block != nil {
		a.calls(x.Block.Expr, s)
	}
}

// asks reports whether x calls the host where that had a letter.
func (a *acts) asks(x *plan.Expr) bool {
	return a.asked[x] || slices.ContainsFunc(x.Args, a.asks)
}

// act judges one act: its guards, then its arguments.
func (a *acts) act(at token.Span, what string, args []*plan.Expr, s scene) {
	if g := s.turning(); g != nil {
		a.relies(g.reason, s)
		if !s.tentatively && !a.told[g] && !a.asks(g.on) {
			a.told[g] = true
			a.letters = append(a.letters, a.ofGuard(g, at, what))
		}
		return
	}
	for _, x := range args {
		if s.modes.Of(x) <= plan.Grows {
			continue
		}
		r, leaf := a.whyNot(s, x)
		a.relies(r, s)
		if !s.tentatively {
			a.letters = append(a.letters, a.ofArgument(x, r, leaf, at, what))
		}
		return
	}
}

// turning returns the first guard that may turn, or nil.
func (s scene) turning() *guard {
	for _, g := range s.guards {
		if !g.ok() {
			return g
		}
	}
	return nil
}

// relies notes that an act relies on what may change.
func (a *acts) relies(r Reason, s scene) {
	if a.first == nil {
		a.first = &Act{r, s.tentatively}
	}
}

// element is an element of one key of a database, as it is named where it was
// found. To remove it does nothing where it is gone, so a removal need not
// rely on its being there.
type element struct {
	database int
	path     []*plan.Expr // the key, and the element
}

// elementOf names the element of a collection that is read from a database.
func elementOf(xs *plan.Expr, parts []*plan.Expr) *element {
	if xs.Op != plan.OpCell && xs.Op != plan.OpDatabase {
		return nil
	}
	return &element{xs.Index, append(slices.Clone(xs.Args), parts...)}
}

// removed names the element that a statement removes.
func removed(st *plan.Stmt) *element {
	if st.Op != plan.StmtWrite || st.Name != "remove" {
		return nil
	}
	return &element{st.Index, st.Args}
}

// without is the scene without the guards that say that the element is there.
func (s scene) without(e *element) scene {
	if e != nil {
		s.guards = slices.DeleteFunc(slices.Clone(s.guards), func(g *guard) bool {
			return !g.negated && g.element != nil && g.element.database == e.database && slices.EqualFunc(g.element.path, e.path, same)
		})
	}
	return s
}

// same reports whether two expressions are the same reading of the same names.
func same(x, y *plan.Expr) bool {
	return x.Op == y.Op && x.Index == y.Index && x.Name == y.Name && value.Equal(x.Const, y.Const) && x.Block == nil && y.Block == nil &&
		x.Op != plan.OpNewID && x.Op != plan.OpImport && slices.EqualFunc(x.Args, y.Args, same)
}
