package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A database that a process fills is stored as several, side by side, under
// the same keys and in the same spaces:
//
//	favorites          what users wrote themselves
//	favorites@refine   the cell of the function refine; one for each function
//	favorites@veto     what users took out
//
// What is read is a view of the same name: the cells without the vetoes,
// joined with what users wrote. So `remove(x)` records a veto, which no later
// result of a function undoes, and `add(x)` lifts it.

// Of a record or a map each database that it is stored as stands so. A record
// is read field by field; whoever asks for it by its name has a view of all.

// filled is how a database with cells is stored, beside what users write.
type filled struct {
	db    *resolve.Database
	own   int            // what users write
	cells map[string]int // by function
	veto  int
	view  *resolve.View
}

// fill stores the cells of a database, if it has any.
func (c *checker) fill(db *resolve.Database, l *layout) {
	if len(db.Cells) == 0 {
		return
	}
	l.eachLeaf(func(l *layout) { c.fillLeaf(db, l) })
	if leaf, isLeaf := l.leaf(); !isLeaf || leaf.filled == nil {
		l.record = c.viewNamed(db, db.Name)
	}
}

// viewNamed is a view that the compiler adds for a database.
func (c *checker) viewNamed(db *resolve.Database, name string) *resolve.View {
	return &resolve.View{Name: name, Decl: &syntax.View{Span: db.Decl.Span, Name: db.Decl.Name}}
}

func (c *checker) fillLeaf(db *resolve.Database, l *layout) {
	f := &filled{db: db, own: l.index, cells: map[string]int{}}
	f.view = c.viewNamed(db, c.stored[l.index].Name)
	for _, name := range db.Cells {
		f.cells[name] = c.beside(f, name)
	}
	f.veto = c.beside(f, "veto")
	l.filled, c.filled[l.index] = f, f
	c.likeOwn(f)
}

// beside stores a database more for a filled one.
func (c *checker) beside(f *filled, name string) int {
	d := c.stored[f.own]
	d.Name += "@" + name
	d.Dims = slices.Clone(d.Dims)
	c.stored = append(c.stored, d)
	c.owners = append(c.owners, f.db)
	c.learned = append(c.learned, learned{dims: make([]plan.Type, len(d.Dims)), known: make([]bool, len(d.Dims))})
	return len(c.stored) - 1
}

// likeOwn gives what stands beside a filled database its types, as far as they
// are known: of a collection the cells are sets, of a register registers, of
// what is on or off flags.
func (c *checker) likeOwn(f *filled) {
	own := &c.stored[f.own]
	lattice := plan.Type{Kind: plan.KindORSet, Args: []plan.Type{own.Lattice.Element()}}
	switch {
	case own.Lattice.Kind == absorbing.Kind:
		lattice.Args[0] = absorbing
	case isWord(own.Lattice):
		lattice = plan.Type{Kind: plan.KindFlag}
	case !isCollection(own.Lattice.Reading()):
		lattice.Kind = plan.KindMV
	}
	for _, i := range f.beside() {
		c.stored[i].Lattice = lattice
		for j := range own.Dims {
			c.stored[i].Dims[j].Type = own.Dims[j].Type
		}
	}
}

// beside lists what is stored beside what users write.
func (f *filled) beside() []int {
	var list []int
	for _, name := range f.db.Cells {
		list = append(list, f.cells[name])
	}
	return append(list, f.veto)
}

// canFill reports whether results of functions can be kept in a database.
func canFill(t plan.Type) bool {
	switch t.Kind {
	case plan.KindLWW, plan.KindMV, plan.KindMax, plan.KindMin:
		return true
	}
	return isSetLike(t) || isWord(t)
}

// notFilled is the letter about a database that no function can fill, or not yet.
func notFilled(t plan.Type, at syntax.Node) diag.Diagnostic {
	switch t.Kind {
	case plan.KindGCounter, plan.KindCounter, plan.KindLog:
		return diag.Errorf("E209", at.Where(), "no function fills a `%s`", t.Label()).
			Since(at.Where(), "a result replaces the one before, wherever it is computed, and what is counted or appended stays beside it: two nodes that run the function would count twice").
			Hinting("let it fill an `lww<int>` with the number, or a `set` with what is counted, and count in a view")
	case plan.KindRSet:
		return diag.Errorf("E209", at.Where(), "no function fills a `%s`", t.Label()).
			Since(at.Where(), "what a result no longer has is removed, and of an `rset` what was removed beside an addition stays out, although a function found it").
			Hinting("let it fill a `set`, in which users' removals stay out as well")
	}
	return resolve.NotYet(at.Where(), "a `"+t.Label()+"` that a process fills", "let it fill a set, gset, lww, mv, max, min, once or flag, and compute the rest in a view")
}

func isSetLike(t plan.Type) bool { return t.Kind == plan.KindGSet || t.Kind == plan.KindORSet }

// isWord reports whether a lattice is on or off.
func isWord(t plan.Type) bool { return t.Kind == plan.KindOnce || t.Kind == plan.KindFlag }

// visible is the view that a filled database reads as.
func (c *checker) visible(f *filled) *entry {
	if e := c.views[f.view]; e != nil {
		return e
	}
	own := &c.stored[f.own]
	t := own.Lattice.Reading()
	join := plan.OpUnion
	if isWord(own.Lattice) && len(own.Dims) == 0 {
		join = plan.OpEither
	}
	x := c.allOf(f.cells[f.db.Cells[0]])
	for _, name := range f.db.Cells[1:] {
		x = c.both(join, x, c.allOf(f.cells[name]))
	}
	switch {
	case isCollection(t):
		x = c.both(plan.OpUnion, c.both(plan.OpMinus, x, c.allOf(f.veto)), c.allOf(f.own))
	case isWord(own.Lattice):
		x = c.both(join, x, c.allOf(f.own))
	}
	return c.addView(f.db, f.view, &entry{result: x.Type, keys: own.Dims, value: t}, x, 0)
}

// addView adds a view that stands for a database, or for a part of one.
func (c *checker) addView(db *resolve.Database, v *resolve.View, e *entry, x *plan.Expr, slots int) *entry {
	e.state, e.index = done, len(c.out.Views)
	if len(e.keys) == 0 {
		e.keys, e.value = nil, plan.Type{}
	}
	c.views[v] = e
	c.out.Views = append(c.out.Views, plan.View{Name: v.Name, At: append(slices.Clone(db.At), db.Copies...), Slots: slots, Expr: x, Keys: e.keys, Value: e.value})
	c.viewOrder = append(c.viewOrder, v)
	c.noteView(x)
	return e
}

// visibleRecord is the view of a record with the name of its database: who asks
// a node for that reads what the fields show.
func (c *checker) visibleRecord(db *resolve.Database, l *layout) {
	defer c.enter(inView)()
	p := place{db: db, layout: l}
	e := &entry{}
	x := c.readAt(p, nil, db.Decl.Name)
	if absorbs(x.Type) {
		return
	}
	if e.result = x.Type; isCollection(x.Type) {
		row := x.Type.Element().Args
		for i, d := range c.dimsOf(p.innermost()) {
			e.keys = append(e.keys, plan.Dim{Name: d.Name, Type: row[i]})
		}
		e.value = row[len(row)-1]
	}
	c.addView(db, l.record, e, x, c.body.slots)
}

// allOf reads all of a stored database, as rows where it has keys.
func (c *checker) allOf(i int) *plan.Expr {
	stored := &c.stored[i]
	if len(stored.Dims) == 0 {
		return &plan.Expr{Op: plan.OpCell, Type: stored.Lattice.Reading(), Index: i}
	}
	return &plan.Expr{Op: plan.OpDatabase, Type: plan.SetOf(stored.Rows()), Index: i}
}

func (c *checker) both(op plan.Op, a, b *plan.Expr) *plan.Expr {
	return &plan.Expr{Op: op, Type: a.Type, Args: []*plan.Expr{a, b}}
}

// readFilled reads a filled database: at a key, below one, or whole.
func (c *checker) readFilled(f *filled, keys []*plan.Expr) *plan.Expr {
	e := c.visible(f)
	whole := &plan.Expr{Op: plan.OpView, Type: e.result, Index: e.index}
	switch n := len(c.stored[f.own].Dims); {
	case absorbs(e.result):
		return bad()
	case n == 0:
		return whole
	case len(keys) == n && isWord(c.stored[f.own].Lattice) && c.stored[f.own].Placement != plan.Home:
		return c.isOn(f, keys)
	case len(keys) == n:
		return &plan.Expr{Op: plan.OpViewAt, Type: e.value, Index: e.index, Args: keys}
	default:
		return c.below(whole, keys, n+1)
	}
}

// isOn reads at a key what is on or off. It reads the cells themselves: what
// the row of a view was cannot be settled, as it may go with its key.
func (c *checker) isOn(f *filled, keys []*plan.Expr) *plan.Expr {
	at := func(i int) *plan.Expr { return &plan.Expr{Op: plan.OpCell, Type: plan.Bool, Index: i, Args: keys} }
	x := at(f.own)
	for _, name := range f.db.Cells {
		x = &plan.Expr{Op: plan.OpEither, Type: plan.Bool, Args: []*plan.Expr{x, at(f.cells[name])}}
	}
	return x
}

// updateFilled types what a user writes into a filled database: `add` lifts a
// veto, `remove` records one.
func (c *checker) updateFilled(f *filled, m *syntax.Member, call *syntax.Call, keys []*plan.Expr) *plan.Stmt {
	t, verb := c.stored[f.own].Lattice, m.Name.Text
	if !isSetLike(t) && !absorbs(t) {
		return c.filledOnly(f.db, m, t.Label())
	}
	if verb != "add" && verb != "remove" {
		c.noMember(m, t.Reading())
		return nil
	}
	if call == nil || len(call.Args) != 1 || call.Args[0].Name.Text != "" || call.Block != nil {
		c.write(diag.Errorf("E107", m.Name.Span, "`%s` takes one value", verb))
		return nil
	}
	x := c.verbValue(f.own, plan.Verb{Name: verb, Argument: plan.Element}, call.Args[0].Value)
	if absorbs(x.Type) {
		return nil
	}
	lets, locals := c.once(append(slices.Clone(keys), x))
	write := func(i int, verb string) *plan.Stmt {
		return &plan.Stmt{Op: plan.StmtWrite, Index: i, Name: verb, Keys: len(keys), Args: locals}
	}
	body := append(lets, write(f.veto, map[string]string{"add": "remove", "remove": "add"}[verb]))
	if _, has := latticeVerb(t, verb); has {
		body = append(body, write(f.own, verb))
	}
	for _, st := range body {
		c.stands(st, m.Where())
	}
	return &plan.Stmt{Op: plan.StmtIf, Args: []*plan.Expr{constant(plan.Bool, value.Bool(true))}, Body: body}
}

// filledOnly is the letter about what takes nothing from users.
func (c *checker) filledOnly(db *resolve.Database, m *syntax.Member, kind string) *plan.Stmt {
	c.write(diag.Errorf("E206", m.Name.Span, "`%s` is filled by %s, and a %s takes nothing else", db.Name, resolve.Quoted(db.Cells), kind).
		There(db.Decl.Name.Span, "declared here").
		Hinting("a `set` or `gset` keeps what users add, and what they remove stays out; otherwise use a database of their own, and a view of both"))
	return nil
}

func latticeVerb(t plan.Type, name string) (plan.Verb, bool) {
	l, _ := plan.LatticeOf(t.Kind)
	return l.Verb(name)
}

// once evaluates expressions once, for statements that use them more often.
func (c *checker) once(xs []*plan.Expr) (lets []*plan.Stmt, locals []*plan.Expr) {
	for _, x := range xs {
		slot := c.body.slots
		c.body.slots++
		lets = append(lets, &plan.Stmt{Op: plan.StmtLet, Index: slot, Args: []*plan.Expr{x}})
		locals = append(locals, &plan.Expr{Op: plan.OpLocal, Type: x.Type, Index: slot})
	}
	return lets, locals
}
