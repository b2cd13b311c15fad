package types

import (
	"math"
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// isVerb reports whether the member is an update: a verb on a database or on
// one of its keys.
func (c *checker) isVerb(m *syntax.Member) bool {
	p, ok := c.target(m.X)
	c.asked(m.X, p, ok)
	if ok && p.isMap() {
		return m.Name.Text == "remove"
	}
	return ok && p.isLeaf() && (slices.Contains(plan.Verbs(), m.Name.Text) || m.Name.Text == "seal")
}

// update types one update. call is nil where the verb has no parentheses.
func (c *checker) update(m *syntax.Member, call *syntax.Call) *plan.Stmt {
	p, _ := c.target(m.X)
	if p.db.IsDirectory() {
		c.write(diag.Errorf("E203", m.Name.Span, "`users` is kept by the runtime, and no program changes it").
			Hinting("a user is in it from the first event on that he raises"))
		return nil
	}
	if p.isMap() {
		if len(p.db.Cells) > 0 {
			return c.filledOnly(p.db, m, "map")
		}
		return c.removeKey(p, m, call)
	}
	if m.Name.Text == "seal" {
		return c.seal(p, m, call)
	}
	if p.filled != nil {
		keys, ok := c.keys(p, m)
		if !ok {
			return nil
		}
		return c.updateFilled(p.filled, m, call, keys)
	}
	st := &plan.Stmt{Op: plan.StmtWrite, Index: p.layout.index, Name: m.Name.Text}
	keys, ok := c.keys(p, m)
	arg, verbOK := c.verbArgument(p.layout.index, m, call)
	if !ok || !verbOK {
		return nil
	}
	st.Keys = len(keys)
	st.Args = append(keys, arg...)
	return st
}

// removeKey types the removal of a map's key: of all that is stored below it.
func (c *checker) removeKey(p place, m *syntax.Member, call *syntax.Call) *plan.Stmt {
	keys, ok := c.keys(p, m)
	switch {
	case !ok:
		return nil
	case call == nil || len(call.Args) != 1 || call.Args[0].Name.Text != "" || call.Block != nil:
		c.write(diag.Errorf("E107", m.Name.Span, "`remove` takes one key"))
		return nil
	}
	keys = append(keys, c.check(call.Args[0].Value, p.key))
	var st *plan.Stmt
	p.leaves(func(i int) {
		next := &plan.Stmt{Op: plan.StmtClear, Index: i, Args: keys}
		if st != nil {
			next.Body = []*plan.Stmt{st}
		}
		st = next
	})
	return st
}

// keys types the keys of an update.
func (c *checker) keys(p place, m *syntax.Member) ([]*plan.Expr, bool) {
	db := p.db
	switch {
	case p.index != nil && c.prog.Faulty[p.index]:
		return nil, false
	case p.isWhole():
		return c.keysAt(p), true
	case p.index != nil:
		c.write(diag.Errorf("E104", p.index.Span, "`%s` has the dimensions %s: say at which key of each to `%s`", db.Name, resolve.Quoted(dimNames(db)), m.Name.Text).
			There(db.Decl.Name.Span, "declared here"))
		return nil, false
	default:
		c.write(diag.Errorf("E104", m.X.Where(), "`%s` is a map: say at which key to `%s`", db.Name, m.Name.Text).
			Hinting("`%s[:%s].%s(...)`", db.Name, db.Dims[0].Text, m.Name.Text))
		return nil, false
	}
}

func dimNames(db *resolve.Database) []string {
	names := make([]string, len(db.Dims))
	for i, d := range db.Dims {
		names[i] = d.Text
	}
	return names
}

// verbArgument types the argument of a verb.
func (c *checker) verbArgument(i int, m *syntax.Member, call *syntax.Call) ([]*plan.Expr, bool) {
	t := c.stored[i].Lattice
	if t.Kind == absorbing.Kind {
		return nil, false
	}
	l, _ := plan.LatticeOf(t.Kind)
	verb, ok := l.Verb(m.Name.Text)
	if !ok {
		c.noMember(m, t.Reading())
		return nil, false
	}
	var args []syntax.Arg
	if call != nil {
		args = call.Args
	}
	if verb.Argument == plan.NoArgument {
		return nil, c.noArguments(m, call)
	}
	isNamed := func(a syntax.Arg) bool { return a.Name.Text != "" }
	if len(args) != verb.Argument.Values() || slices.ContainsFunc(args, isNamed) || call.Block != nil {
		c.write(diag.Errorf("E107", m.Name.Span, "`%s` takes %s", m.Name.Text, argumentNames[verb.Argument]))
		return nil, false
	}
	if len(args) == 2 {
		return c.placed(i, verb, args), true
	}
	return []*plan.Expr{c.verbValue(i, verb, args[0].Value)}, true
}

var argumentNames = map[plan.Argument]string{
	plan.Element: "one value", plan.Amount: "one value", plan.Position: "one value, a position",
	plan.Placed: "a position and a value", plan.Stretch: "a position and how many",
}

// placed types a position and what goes there, or how much is taken from there.
func (c *checker) placed(db int, verb plan.Verb, args []syntax.Arg) []*plan.Expr {
	at := c.amount(verb, args[0].Value)
	if verb.Argument == plan.Stretch {
		return []*plan.Expr{at, c.amount(verb, args[1].Value)}
	}
	return []*plan.Expr{at, c.check(args[1].Value, c.stored[db].Lattice.Element())}
}

func (c *checker) noArguments(m *syntax.Member, call *syntax.Call) bool {
	if call != nil && (len(call.Args) > 0 || call.Block != nil) {
		c.write(diag.Errorf("E107", call.Span, "`%s` takes no argument", m.Name.Text))
		return false
	}
	return true
}

func verbNames(l plan.Lattice) []string {
	names := make([]string, len(l.Verbs))
	for i, v := range l.Verbs {
		names[i] = v.Name
	}
	return names
}

// verbValue types the value a verb takes, and learns from it.
func (c *checker) verbValue(db int, verb plan.Verb, x syntax.Expr) *plan.Expr {
	if verb.Argument == plan.Amount || verb.Argument == plan.Position {
		return c.amount(verb, x)
	}
	if !c.learning || !c.untyped(db) {
		return c.check(x, c.stored[db].Lattice.Element())
	}
	e := c.infer(x)
	c.learnElement(db, e.Type)
	c.noteMisfit(db, e.Type, x)
	return e
}

// amount types a number that a verb takes.
func (c *checker) amount(verb plan.Verb, x syntax.Expr) *plan.Expr {
	e := c.check(x, plan.Int)
	if n := e.Const.AsInt(); e.Op == plan.OpConst && !absorbs(e.Type) && (n < 0 || n > math.MaxInt32) {
		d := diag.Errorf("E514", x.Where(), "`%s` takes 0 to 2147483647", verb.Name)
		if verb.Argument == plan.Amount {
			d = d.Hinting("a counter that goes down too has `dec`")
		}
		c.write(d)
	}
	return e
}
