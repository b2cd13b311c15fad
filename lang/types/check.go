package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
)

// Typed is a program whose bodies are typed. Program is complete but for what
// depends on the whole: which bodies run at the home, who may write, and the
// topology. Views stand after those they read. The other slices say which
// declaration each item of Program comes from.
type Typed struct {
	Program    *plan.Program
	Views      []*resolve.View
	Handlers   []*resolve.Handler
	Processes  []*resolve.Process
	Invariants []*resolve.Invariant
	Owners     []*resolve.Database // beside Program.Databases: a record of lattices is declared once
	Tests      []trial.Test        // complete but for who can answer what they expect

	// Spans says where the expressions and statements of Program are written.
	// What the compiler adds by itself has none.
	Spans Spans

	// Later are the letters about what the program says well and this version
	// does not run yet: it can be judged, and not be compiled to run.
	Later []diag.Diagnostic
}

// Spans says where what a plan does is written.
type Spans struct {
	Exprs map[*plan.Expr]token.Span
	Stmts map[*plan.Stmt]token.Span

	// For who asks what a written thing is: what an expression computes, which
	// place stands before a dot, and the types of local names.
	At     map[syntax.Expr]*plan.Expr
	Places map[syntax.Expr]Place
	Locals map[*resolve.Local]plan.Type
}

// Place is a database, one of its keys, or what stands inside there.
type Place struct {
	Database *resolve.Database
	Stored   int          // in the program's databases; -1: a record or a map
	Fields   []plan.Field // of a record of lattices: what each reads as
	HasKeys  bool         // it has a key for each of what it holds
	IsWhole  bool         // it has its verbs: every dimension has a key
}

// roundsMax bounds the quiet passes. A program needs more rounds only where
// untyped databases feed each other in a longer chain; what is then still
// unknown is any.
const roundsMax = 8

// Check types the program. The result is fit for lower iff no letter is an error.
func Check(prog *resolve.Program) (*Typed, []diag.Diagnostic) { return CheckLocked(prog, nil) }

// CheckLocked is Check for a program with a lock beside it; nil: it has none.
func CheckLocked(prog *resolve.Program, lock *Lock) (*Typed, []diag.Diagnostic) {
	c := &checker{prog: prog, lock: lock, hidden: map[int]bool{}, typeAt: map[int]token.Span{}, records: map[string]*record{}, layouts: map[*resolve.Database]*layout{}, imports: map[*resolve.Import]int{}, signatures: map[*resolve.Import]*signature{}, filled: map[int]*filled{}}
	c.reset()
	c.declare()
	declared, later := c.letters, c.later
	c.learning = true
	for range c.rounds() {
		c.reset()
		c.bodies()
		if !c.adopt() {
			break
		}
	}
	c.learning = false
	c.settle()
	c.reset()
	c.letters, c.later = declared, later
	c.compareLock()
	c.checkMigrations()
	c.bodies()
	c.compareInvariants()
	tests := c.tests()
	c.out.Types, c.out.Databases, c.out.Imports = c.declTypes, c.stored, c.hosts
	return &Typed{
		Program: c.out, Views: c.viewOrder, Handlers: prog.Handlers, Processes: prog.Processes, Invariants: prog.Invariants,
		Owners: c.owners, Tests: tests,
		Spans: c.spans, Later: c.later,
	}, c.letters
}

// rounds is how many quiet passes there are at most: none where nothing is to
// be learned.
func (c *checker) rounds() int {
	for i := range c.stored {
		if c.untyped(i) || len(c.stored[i].Dims) > 0 {
			return roundsMax
		}
	}
	return 0
}

// checker holds the declarations, which stay, and one pass over the bodies.
type checker struct {
	prog    *resolve.Program
	letters []diag.Diagnostic

	// Declarations.
	records   map[string]*record
	declTypes []plan.TypeDecl
	layouts   map[*resolve.Database]*layout
	stored    []plan.Database
	owners    []*resolve.Database // beside stored: which declaration it is of
	learned   []learned           // beside stored
	hidden    map[int]bool        // of stored: which only the lock names
	typeAt    map[int]token.Span  // of stored: where the type is written
	lock      *Lock               // nil: there is none
	imports   map[*resolve.Import]int
	hosts     []plan.Import

	signatures map[*resolve.Import]*signature // of those that have one
	filled     map[int]*filled                // by what users write of it

	// One pass.
	learning  bool // a quiet pass, whose letters are thrown away
	exprs     int  // how many the quiet pass has typed
	out       *plan.Program
	spans     Spans
	later     []diag.Diagnostic
	views     map[*resolve.View]*entry
	viewOrder []*resolve.View // beside out.Views
	modes     []plan.Mark     // beside out.Views
	defs      map[*resolve.Def]*entry
	body      *body    // the body being typed
	underway  []string // the views and defs being typed, each asked for by the one before
}

// entry is a view or def: typed when it is first asked for.
type entry struct {
	state  state
	index  int
	params []plan.Param
	result plan.Type
	keys   []plan.Dim // of a view with a value per key
	value  plan.Type  // what one of its keys reads as
}

type state uint8

const (
	untouched state = iota
	underway        // asked for again now, it is part of a cycle
	done
)

func (c *checker) reset() {
	c.letters = nil
	c.out = &plan.Program{}
	if !c.learning {
		c.spans = Spans{
			make(map[*plan.Expr]token.Span, c.exprs), make(map[*plan.Stmt]token.Span, c.exprs/8),
			make(map[syntax.Expr]*plan.Expr, c.exprs), map[syntax.Expr]Place{}, make(map[*resolve.Local]plan.Type, c.exprs/4),
		}
	}
	c.exprs = 0
	c.later = nil
	c.views = map[*resolve.View]*entry{}
	c.viewOrder, c.modes = nil, nil
	c.defs = map[*resolve.Def]*entry{}
}

func (c *checker) write(d diag.Diagnostic) { c.letters = append(c.letters, d) }

// notYet refuses a construct of the language that this version does not run.
func (c *checker) notYet(at syntax.Node, construct, hint string) {
	c.write(resolve.NotYet(at.Where(), construct, hint))
}

// notRun notes a construct that is typed and judged, and that this version
// does not run.
func (c *checker) notRun(at syntax.Node, construct, hint string) {
	c.later = append(c.later, resolve.NotYet(at.Where(), construct, hint))
}

// written notes where an expression stands. The innermost text holds.
func (c *checker) written(e *plan.Expr, at syntax.Node) *plan.Expr {
	if c.learning {
		c.exprs++
		return e
	}
	if _, known := c.spans.Exprs[e]; !known {
		c.spans.Exprs[e] = at.Where()
	}
	if x, isExpr := at.(syntax.Expr); isExpr {
		c.spans.At[x] = e
	}
	return e
}

// stands notes where a statement stands.
func (c *checker) stands(s *plan.Stmt, at token.Span) {
	if !c.learning {
		c.spans.Stmts[s] = at
	}
}

func (c *checker) declare() {
	c.declareTypes()
	for _, db := range c.prog.Databases {
		c.declareDatabase(db)
	}
	c.inherit()
	for _, f := range c.prog.Imports {
		c.declareImport(f)
	}
}

func (c *checker) bodies() {
	for _, f := range c.prog.Defs {
		c.def(f, nil)
	}
	for _, v := range c.prog.Views {
		c.view(v, nil)
	}
	for _, db := range c.prog.Databases {
		c.layouts[db].eachLeaf(func(l *layout) {
			if l.filled != nil {
				c.visible(l.filled)
			}
		})
		if l := c.layouts[db]; l.record != nil {
			c.visibleRecord(db, l)
		}
	}
	for _, h := range c.prog.Handlers {
		c.handler(h)
	}
	for _, p := range c.prog.Processes {
		c.process(p)
	}
	for _, i := range c.prog.Invariants {
		c.invariant(i)
	}
	for _, a := range c.prog.Allows {
		c.allow(a)
	}
}
