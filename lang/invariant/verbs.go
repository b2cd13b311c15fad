package invariant

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// write is one update in the text of the program: a verb, or the removal of keys.
type write struct {
	stmt     *plan.Stmt
	db       int
	verb     string // "" for a removal of keys
	keys     []*plan.Expr
	arg      *plan.Expr      // nil: none
	repairs  *plan.Invariant // whose repair it stands in; nil: a handler
	isSerial bool            // in a serial block
	isFresh  []bool          // of a record that is added: which fields are ids that nobody else has
	group    *group
}

// group is what stands in one block, so that all of it is done or none. It
// is a part of a commit.
type group struct {
	writes []*write
	lets   map[int]*plan.Expr // what stands before it in its block or around it
}

// everyWrite lists the updates of the whole program: of handlers and repairs,
// of which there are no others.
func everyWrite(p *plan.Program) []*write {
	var c collector
	for i := range p.Handlers {
		c.lets = nil
		c.block(p.Handlers[i].Body, false)
	}
	for i := range p.Invariants {
		c.repairs, c.lets = &p.Invariants[i], nil
		c.block(p.Invariants[i].Repair, false)
	}
	for i := range p.Processes {
		for _, r := range p.Processes[i].Runs {
			for _, cell := range r.Cells {
				c.all = append(c.all, hidden(cell.Database))
			}
		}
	}
	for i := range p.Databases {
		if name := p.Databases[i].Name; name == "users" || strings.HasPrefix(name, "@") {
			c.all = append(c.all, hidden(i))
		}
	}
	return c.all
}

// hidden is what the runtime itself may do to a database: anything, unchecked.
func hidden(db int) *write {
	w := &write{db: db, verb: "?", group: &group{}}
	w.group.writes = []*write{w}
	return w
}

type collector struct {
	repairs *plan.Invariant
	all     []*write
	lets    map[int]*plan.Expr // of the body so far
}

func (c *collector) block(ss []*plan.Stmt, isSerial bool) {
	g := &group{lets: c.lets}
	ids := map[int]int{} // slots that hold a fresh id: how often they are used for an element
	for _, s := range ss {
		switch s.Op {
		case plan.StmtLet:
			c.lets = with(c.lets, s.Index, s.Args[0])
			g.lets = c.lets
			if s.Args[0].Op == plan.OpNewID {
				ids[s.Index] = 0
			}
		case plan.StmtWrite:
			w := &write{stmt: s, db: s.Index, verb: s.Name, keys: s.Args[:s.Keys], isSerial: isSerial, repairs: c.repairs, group: g}
			if len(s.Args) > s.Keys {
				w.arg = s.Args[s.Keys]
				w.isFresh = fresh(w.arg, ids)
			}
			g.writes = append(g.writes, w)
			c.all = append(c.all, w)
		case plan.StmtClear:
			for ; s != nil; s = nested(s) {
				w := &write{stmt: s, db: s.Index, keys: s.Args, isSerial: isSerial, repairs: c.repairs, group: g}
				g.writes = append(g.writes, w)
				c.all = append(c.all, w)
			}
		default:
			c.block(s.Body, isSerial || s.Op == plan.StmtSerial || s.Op == plan.StmtStep)
			c.block(s.Else, isSerial || s.Op == plan.StmtStep)
		}
	}
}

// nested returns the removal of the same key from the next field.
func nested(s *plan.Stmt) *plan.Stmt {
	if len(s.Body) == 0 {
		return nil
	}
	return s.Body[0]
}

// fresh says which fields of a new record are ids of its own: new_id(), or a
// let of one that no other element of the block has.
func fresh(e *plan.Expr, ids map[int]int) []bool {
	if e.Op != plan.OpRecord {
		return nil
	}
	is := make([]bool, len(e.Args))
	for i, a := range e.Args {
		if a.Op == plan.OpLocal {
			if uses, ok := ids[a.Index]; ok {
				ids[a.Index]++
				is[i] = uses == 0
			}
		}
		is[i] = is[i] || a.Op == plan.OpNewID
	}
	return is
}

// mayMeet reports whether a write may be at what the term reads.
func (w *write) mayMeet(t *term) bool {
	if !slices.Contains(t.dbs, w.db) {
		return false
	}
	if !t.isWhole {
		for i, k := range t.keys {
			if i < len(w.keys) && apart(k, w.keys[i]) {
				return false
			}
		}
	}
	if t.reading != presence || t.x == nil {
		return true
	}
	switch {
	case t.isKeys:
		return !slices.ContainsFunc(pairs(parts(t.x, len(w.keys)), w.keys), func(p [2]*plan.Expr) bool { return apart(p[0], p[1]) })
	case t.isWhole && len(w.keys) > 0:
		return true
	}
	return w.arg == nil || !apart(t.x, w.arg)
}

// parts takes a tuple of n apart.
func parts(x *plan.Expr, n int) []*plan.Expr {
	if n > 1 && x.Op == plan.OpTuple {
		return x.Args
	}
	return []*plan.Expr{x}
}

func pairs(a, b []*plan.Expr) [][2]*plan.Expr {
	var out [][2]*plan.Expr
	for i := range min(len(a), len(b)) {
		out = append(out, [2]*plan.Expr{a[i], b[i]})
	}
	return out
}

// apart reports whether two expressions are different constants.
func apart(a, b *plan.Expr) bool {
	x, okX := fold(a, nil)
	y, okY := fold(b, nil)
	return okX && okY && !value.Equal(x, y)
}
