package judge

import (
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// cell is a key of a database as a body names it. A record of lattices is
// stored as a database for each field, which are one entity at one key.
type cell struct {
	database int
	entity   string // the declared database and the key
	many     bool   // another key each time, or every key
}

// footprint is what a body touches.
type footprint struct {
	p      *plan.Program
	views  [][]cell // what each view that may be read reads of homes
	reads  []cell   // of views as far as they have a home
	writes []cell
	moving map[int]bool // slots with another value in each round of a loop
	inView bool         // where every name stands for many values
}

// footprint returns what statements touch. What serial blocks and sagas do is
// left out: they commit on their own.
func (j *judge) footprint(ss []*plan.Stmt) *footprint {
	f := &footprint{p: j.p, views: j.viewCells, moving: map[int]bool{}}
	f.stmts(ss, false)
	return f
}

// viewFootprints fills in what each view reads of homes: those before it are
// known by then. Nothing else is asked of them, and views upon views upon what
// every replica holds would otherwise be a list each of all below.
func (j *judge) viewFootprints() {
	for i := range j.p.Views {
		f := &footprint{p: j.p, views: j.viewCells, moving: map[int]bool{}, inView: true}
		f.exprs([]*plan.Expr{j.p.Views[i].Expr})
		j.viewCells = append(j.viewCells, f.homes())
	}
}

func (f *footprint) stmts(ss []*plan.Stmt, inLoop bool) {
	for _, s := range ss {
		f.exprs(s.Args)
		switch s.Op {
		case plan.StmtSerial, plan.StmtSaga:
			continue
		case plan.StmtLet:
			f.moving[s.Index] = inLoop
		case plan.StmtEach:
			for _, slot := range s.Params {
				f.moving[slot] = true
			}
			f.stmts(s.Body, true)
			continue
		case plan.StmtWrite, plan.StmtSeal:
			add(&f.writes, f.cell(s.Index, s.Args[:s.Keys]))
		case plan.StmtClear:
			add(&f.writes, f.cell(s.Index, s.Args))
		}
		f.stmts(s.Body, inLoop)
		f.stmts(s.Else, inLoop)
	}
}

func (f *footprint) exprs(xs []*plan.Expr) {
	for _, x := range xs {
		switch x.Op {
		case plan.OpCell:
			add(&f.reads, f.cell(x.Index, x.Args))
		case plan.OpDatabase, plan.OpKeys:
			c := f.cell(x.Index, nil)
			c.many = c.many || len(f.p.Databases[x.Index].Dims) > 0
			add(&f.reads, c)
		case plan.OpView, plan.OpViewAt:
			for _, c := range f.views[x.Index] {
				add(&f.reads, c)
			}
		case plan.OpLet:
			f.moving[x.Index] = true
		}
		f.exprs(x.Args)
		if x.Block != nil {
			for _, slot := range x.Block.Params {
				f.moving[slot] = true
			}
			f.exprs([]*plan.Expr{x.Block.Expr})
		}
	}
}

// cell names the key of a database. Of a map it is the key of the database
// around it.
func (f *footprint) cell(database int, keys []*plan.Expr) cell {
	c := cell{database: database, entity: declared(f.p.Databases[database].Name)}
	for _, k := range keys {
		switch k.Op {
		case plan.OpLocal:
			c.entity += " $" + strconv.Itoa(k.Index)
			c.many = c.many || f.inView || f.moving[k.Index]
		case plan.OpConst:
			c.entity += " " + string(value.Encode(k.Const))
		default:
			c.many = true
		}
	}
	return c
}

// homes lists the cells with a home, those that are written first.
func (f *footprint) homes() []cell {
	var cells []cell
	for _, c := range slices.Concat(f.writes, f.reads) {
		if f.p.Databases[c.database].Placement == plan.Home {
			add(&cells, c)
		}
	}
	return cells
}

// severalEntities reports whether cells are of more than one entity.
func severalEntities(cells []cell) bool {
	return slices.ContainsFunc(cells, func(c cell) bool { return c.many || c.entity != cells[0].entity })
}

// add puts x into a list of distinct items.
func add[T comparable](list *[]T, x T) {
	if !slices.Contains(*list, x) {
		*list = append(*list, x)
	}
}
