package lower

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// touched is what a body reads and writes, views looked through.
type touched struct {
	homes []int    // databases with a home, each once
	below []int    // those that the views it reads are made of
	roles []int    // databases that some roles alone share, each once
	views []int    // views with a place of their own, each once
	shows bool     // it only shows, so what is pulled from the home does
	acts  bool     // it is a handler: views it may read as they are pulled
	bound []string // dimensions whose ambient value it uses, each once
}

// through takes what views are made of for what the body itself touches.
func (t *touched) through() {
	for _, db := range t.below {
		add(&t.homes, db)
	}
}

// add puts x into a list of distinct items.
func add[T comparable](list *[]T, x T) {
	if !slices.Contains(*list, x) {
		*list = append(*list, x)
	}
}

// exprs adds what expressions read. A view that was placed stands for what it reads.
func (l *lowerer) exprs(t *touched, es ...*plan.Expr) {
	for _, e := range es {
		switch e.Op {
		case plan.OpCell, plan.OpDatabase, plan.OpKeys:
			l.database(t, e.Index)
		case plan.OpView, plan.OpViewAt:
			l.readView(t, e.Index)
		case plan.OpAmbient:
			add(&t.bound, e.Name)
		}
		l.exprs(t, e.Args...)
		if e.Block != nil {
			l.exprs(t, e.Block.Expr)
		}
	}
}

func (l *lowerer) stmts(t *touched, ss []*plan.Stmt) {
	for _, s := range ss {
		switch s.Op {
		case plan.StmtWrite, plan.StmtClear:
			l.database(t, s.Index)
		case plan.StmtSerial, plan.StmtSaga:
			l.exprs(t, s.Args...) // its body runs at the home, and its else where the handler does
			l.stmts(t, s.Else)
			continue
		}
		l.exprs(t, s.Args...)
		l.stmts(t, s.Body)
		l.stmts(t, s.Else)
	}
}

func (l *lowerer) database(t *touched, i int) {
	if l.p.Databases[i].Placement == plan.Home {
		add(&t.homes, i)
	}
	if len(l.p.Databases[i].Roles) > 0 {
		add(&t.roles, i)
	}
}

func (l *lowerer) readView(t *touched, i int) {
	if len(l.p.Views[i].At) > 0 {
		add(&t.views, i)
	}
	for _, db := range append(slices.Clone(l.touchedBy[i].homes), l.touchedBy[i].below...) {
		add(&t.below, db)
	}
	for _, dim := range l.touchedBy[i].bound {
		add(&t.bound, dim)
	}
}

// place finds the roles at which a body can stand: where it was put, and where
// what it touches is. What only shows can stand at any role, which pulls what
// it has not; a body that was put nowhere stands where nothing has to be
// pulled. It writes a letter where that is nowhere, or less than the program
// asks for. crossing is the letter about a body that is not at the home.
func (l *lowerer) place(at []string, t touched, span token.Span, crossing func(db *plan.Database) diag.Diagnostic) []string {
	if len(t.bound) > 0 {
		at = l.binding(at, t.bound)
	}
	isPut := len(at) > 0
	for _, i := range t.homes {
		db := &l.p.Databases[i]
		if len(db.At) == 0 {
			continue // it had its letter
		}
		holders := db.At
		if t.shows {
			holders = append(slices.Clone(holders), db.Pulled...)
		}
		away := slices.DeleteFunc(slices.Clone(at), func(role string) bool { return slices.Contains(holders, role) })
		switch {
		case len(at) == 0:
			at = holders
		case len(away) == 0:
		case isPut && t.shows:
			db.Pulled = append(slices.Clone(db.Pulled), away...)
		case len(away) == len(at):
			l.write(crossing(db))
			return at
		default:
			at = slices.DeleteFunc(slices.Clone(at), func(role string) bool { return !slices.Contains(holders, role) })
		}
	}
	at, isOutside := l.among(at, t, span)
	if isOutside {
		return at
	}
	for _, i := range t.views {
		if !isPut && !t.acts {
			at = common(at, l.p.Views[i].At)
		}
		if !l.reach(at, t, i) {
			v := &l.p.Views[i]
			l.write(resolve.NotYet(span, "reading the view `"+v.Name+"` where it is not computed",
				"`"+v.Name+"` stands at "+resolve.Quoted(v.At)+": put this there too, or take the view out of its `at`").
				There(l.typed.Views[i].Decl.Name.Span, "the view is declared here"))
			return at
		}
	}
	return at
}

// among narrows the roles of a body to those that share all that it touches. It
// reports whether there are none, which had a letter.
func (l *lowerer) among(at []string, t touched, span token.Span) (narrowed []string, isOutside bool) {
	for _, i := range t.roles {
		db := &l.p.Databases[i]
		if len(at) == 0 {
			at = db.Roles
			continue
		}
		both := slices.DeleteFunc(slices.Clone(at), func(role string) bool { return !slices.Contains(db.Roles, role) })
		if len(both) == 0 {
			l.write(diag.Errorf("E112", span, "`%s` is shared by the roles %s alone, and this stands at %s", db.Name, resolve.Quoted(db.Roles), resolve.Quoted(at)).
				There(l.typed.Owners[i].Decl.Name.Span, "declared here").
				Way("put it under `at :"+db.Roles[0]+"`, or another role that shares it", "it stands where the data is").
				Way("read a view of it", "its value is pulled from the home").
				Way("name the role in the `at` of `"+l.typed.Owners[i].Name+"` too", "its nodes hold all of it"))
			return at, true
		}
		at = both
	}
	return at, false
}

// common returns the roles that both name, where they agree on any; none named is all.
func common(at, others []string) []string {
	if len(at) == 0 {
		return others
	}
	both := slices.DeleteFunc(slices.Clone(at), func(role string) bool { return !slices.Contains(others, role) })
	if len(both) == 0 {
		return at
	}
	return both
}

// reach lets a body at the roles (at all, where none is named) read a view: where
// it is not computed it is pulled. It reports whether it can.
func (l *lowerer) reach(at []string, t touched, view int) bool {
	v := &l.p.Views[view]
	if len(at) == 0 {
		for _, r := range l.topology.Roles {
			at = append(at, r.Name)
		}
	}
	away := slices.DeleteFunc(slices.Clone(at), func(role string) bool { return slices.Contains(v.At, role) })
	if len(away) > 0 && (!t.shows && !t.acts || !slices.Contains(v.At, l.topology.Home())) {
		return false
	}
	for _, role := range away {
		add(&v.Pulled, role)
	}
	return true
}

// binding returns those of the roles, of all where none is named, that give
// the dimensions a value. Where a body was put at roles of which none does, it
// stays there: a letter says then that what it reads is not there.
func (l *lowerer) binding(at []string, dims []string) []string {
	var roles []string
	for _, r := range l.topology.Roles {
		isAsked := len(at) == 0 || slices.Contains(at, r.Name)
		if isAsked && !slices.ContainsFunc(dims, func(dim string) bool { return r.Ambient != dim }) {
			roles = append(roles, r.Name)
		}
	}
	if len(roles) == 0 {
		return at
	}
	return roles
}

func pulled(span token.Span) func(db *plan.Database) diag.Diagnostic {
	return func(db *plan.Database) diag.Diagnostic {
		return resolve.NotYet(span, "reading the home database `"+db.Name+"` at another role",
			"put this under `at :"+db.At[0]+"`; or let every replica hold it with :replicated => true; what only shows it may stand anywhere")
	}
}

func (l *lowerer) view(i int) {
	v, span := &l.p.Views[i], l.typed.Views[i].Decl.Name.Span
	t := touched{shows: true}
	l.exprs(&t, v.Expr)
	l.touchedBy = append(l.touchedBy, t)
	v.At = l.place(v.At, t, span, pulled(span))
	v.Home = len(t.homes) > 0 || len(t.below) > 0
}

// handler places a handler. One that touches a home database runs at the home,
// wherever its event is raised.
func (l *lowerer) handler(i int) {
	h, decl := &l.p.Handlers[i], l.typed.Handlers[i].Decl
	if l.elseAway(h) || l.ofNobody(h) {
		return
	}
	t := touched{acts: true}
	l.stmts(&t, h.Body)
	if len(h.At) == 0 || slices.ContainsFunc(t.below, func(db int) bool { return l.isAt(db, h.At) }) {
		t.through()
	}
	at := l.place(h.At, t, decl.Event.Span, func(db *plan.Database) diag.Diagnostic {
		return diag.Errorf("E405", decl.Event.Span, "`on_%s` touches `%s`, which lives at `%s`, and does not stand there", h.Event, db.Name, db.At[0]).
			Way("put the handler under `at :"+db.At[0]+"`", "the event is raised there").
			Way("put it outside `at`", "raised anywhere, it runs at the home: one round trip; refuses offline").
			Way("change it in `atomic :serial do`", "one round trip; its `else |why|` says what happens offline").
			Way("`:replicated => true` on `"+db.Name+"`", "changed everywhere, offline too; nothing it says is serial")
	})
	h.Home = len(t.homes) > 0
	if len(t.bound)+len(t.roles) > 0 {
		h.At = at
	}
	l.mustBeAllowed(h, at, decl.Event.Span)
}

// isAt reports whether one of the roles is the home's.
func (l *lowerer) isAt(db int, roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(l.p.Databases[db].At, role) })
}

// elseAway writes a letter about the else of a serial block or saga that
// changes a home database where nothing else of its handler does: it runs
// where the event is raised.
func (l *lowerer) elseAway(h *plan.Handler) bool {
	if len(h.Body) == 0 {
		return false
	}
	last := h.Body[len(h.Body)-1]
	if last.Op != plan.StmtSerial && last.Op != plan.StmtSaga {
		return false
	}
	var before touched
	l.stmts(&before, h.Body[:len(h.Body)-1])
	before.through()
	for _, s := range last.Else {
		db := &l.p.Databases[max(s.Index, 0)]
		if s.Op != plan.StmtWrite || db.Placement != plan.Home || len(before.homes) > 0 || len(db.At) == 0 || slices.Equal(h.At, db.At) {
			continue
		}
		l.write(diag.Errorf("E405", l.typed.Spans.Stmts[s], "this `else` touches `%s`, which lives at `%s`, and runs where `on_%s` is raised", db.Name, db.At[0], h.Event).
			Hinting("what did not happen needs no undoing: where the block aborts, nothing of it is left"))
		return true
	}
	return false
}

// ofNobody writes a letter about a view of a user's that a serial block or a
// saga reads: it runs at the home, which is no user's.
func (l *lowerer) ofNobody(h *plan.Handler) bool {
	s, ok := h.Atomic()
	if !ok {
		return false
	}
	e := l.ofUser(s.Body)
	if e == nil {
		return false
	}
	v := &l.p.Views[e.Index]
	l.write(resolve.NotYet(l.typed.Spans.Exprs[e], "the view `"+v.Name+"`, which is a user's, in a block that runs at its home",
		"say in the block itself whose it is, as `notes[:user_id]`: there that is who raised the event; or read it before the block, with `let`").
		There(l.typed.Views[e.Index].Decl.Name.Span, "it depends on the user of the node"))
	return true
}

// ofUser returns what in statements reads a view that depends on the user, or nil.
func (l *lowerer) ofUser(ss []*plan.Stmt) *plan.Expr {
	for _, s := range ss {
		e := l.readsUser(s.Args)
		if e == nil {
			e = l.ofUser(s.Body)
		}
		if e == nil {
			e = l.ofUser(s.Else)
		}
		if e != nil {
			return e
		}
	}
	return nil
}

func (l *lowerer) readsUser(es []*plan.Expr) *plan.Expr {
	for _, e := range es {
		if (e.Op == plan.OpView || e.Op == plan.OpViewAt) && len(l.touchedBy[e.Index].bound) > 0 {
			return e
		}
		below := e.Args
		if e.Block != nil {
			below = append(slices.Clone(below), e.Block.Expr)
		}
		if found := l.readsUser(below); found != nil {
			return found
		}
	}
	return nil
}

// mustBeAllowed warns of a handler that aborts in every run: it stands at roles
// of users alone, and writes what no user may write. One that stands at others
// too has its warning where it changes what escrow keeps, of which the
// users should hold rights.
func (l *lowerer) mustBeAllowed(h *plan.Handler, at []string, span token.Span) {
	if h.Home {
		return
	}
	isPut := len(at) > 0
	if !isPut {
		for _, r := range l.topology.Roles {
			at = append(at, r.Name)
		}
	}
	users := slices.DeleteFunc(slices.Clone(at), l.trusted)
	if len(users) == 0 {
		return
	}
	onlyKept := !isPut || len(users) < len(at)
	if db := l.forbidden(h.Body, onlyKept); db >= 0 {
		which := "every run of"
		if onlyKept {
			which = "where a user raises it,"
		}
		l.write(diag.Warnf("W701", span, "%s `on_%s` aborts :forbidden: at %s nobody may write `%s`", which, h.Event, resolve.Quoted(users), l.p.Databases[db].Name).
			Hinting("`allow :write, %s do |me| true end` lets every user write it", l.p.Databases[db].Name).
			Fixed(diag.Below(l.typed.Owners[db].Decl.Span, "allow :write, "+l.typed.Owners[db].Name+" do |me| true end")))
	}
}

// forbidden returns a database that every run of the statements writes and no
// user may, or -1; with onlyKept one that escrow keeps, which some run writes.
func (l *lowerer) forbidden(ss []*plan.Stmt, onlyKept bool) int {
	for _, s := range ss {
		isWrite := s.Op == plan.StmtWrite || s.Op == plan.StmtClear
		if isWrite && !l.p.Databases[s.Index].OpenTo() && (!onlyKept || l.isEscrowed(s.Index)) {
			return s.Index
		}
		if onlyKept && s.Op != plan.StmtSerial && s.Op != plan.StmtSaga {
			if db := l.forbidden(append(slices.Clone(s.Body), s.Else...), onlyKept); db >= 0 {
				return db
			}
		}
	}
	return -1
}

func (l *lowerer) isEscrowed(db int) bool {
	return slices.ContainsFunc(l.p.Invariants, func(v plan.Invariant) bool {
		return v.Keep == plan.KeepEscrow && reads(v.Cond, db)
	})
}

func reads(e *plan.Expr, db int) bool {
	return (e.Op == plan.OpCell || e.Op == plan.OpDatabase) && e.Index == db || slices.ContainsFunc(e.Args, func(x *plan.Expr) bool { return reads(x, db) })
}

func (l *lowerer) trusted(role string) bool {
	r, ok := l.topology.Role(role)
	return !ok || r.Ambient == ""
}

func (l *lowerer) invariant(i int) {
	v, span := &l.p.Invariants[i], l.typed.Invariants[i].Decl.Name.Span
	var t touched
	if v.Source != nil {
		l.exprs(&t, v.Source)
	}
	l.exprs(&t, v.Cond)
	l.stmts(&t, v.Repair)
	t.through()
	v.At = l.place(v.At, t, span, pulled(span))
}
