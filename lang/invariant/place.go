package invariant

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// apart reports, with a letter, whether the terms lie in several spaces:
// nobody is sure to hold two, so nobody could see that it is broken.
func (o *opinion) apart() bool {
	kinds := o.kinds()
	if len(kinds) > 1 {
		o.write(diag.Errorf("E307", o.at(), "the terms of `%s` live in different spaces", o.inv.Name).
			Since(token.Span{}, "nobody would see them together").
			Way("let all of them be shared: `:replicated => true`", "every node holds them").
			Way("let all of them live at one home", "one round trip; refuses offline"))
		return true
	}
	if len(kinds) == 0 || kinds[0].placement != plan.ByValue {
		return false
	}
	var space *plan.Expr
	for _, t := range o.terms() {
		db := &o.p.Databases[t.dbs[0]]
		if t.isWhole || space != nil && !same(space, t.keys[db.Space]) {
			dim := db.Dims[db.Space].Name
			o.write(diag.Errorf("E307", o.at(), "the terms of `%s` live in different spaces: one per value of `%s`", o.inv.Name, dim).
				Since(token.Span{}, "nobody is sure to see two of them").
				Way("speak of one `"+dim+"` alone", "it says nothing of several").
				Way("`:replicated => true` on `"+db.Name+"`", "every node holds all of it"))
			return true
		}
		space = t.keys[db.Space]
	}
	return false
}

// terms lists the terms of all clauses.
func (o *opinion) terms() []*term {
	var ts []*term
	for _, c := range o.clauses {
		for _, l := range c {
			for _, t := range l.terms {
				if len(t.dbs) > 0 {
					ts = append(ts, t)
				}
			}
		}
	}
	return ts
}

// kind is how databases are shared, and by which roles where not by all.
type kind struct {
	placement plan.Placement
	roles     string
}

// kinds lists the kinds of spaces that an invariant reads and repairs.
func (o *opinion) kinds() []kind {
	var kinds []kind
	database := func(i int) {
		db := &o.p.Databases[i]
		if k := (kind{db.Placement, strings.Join(db.Roles, ",")}); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	for _, i := range o.reads() {
		database(i)
	}
	for _, w := range o.writes {
		if w.repairs == o.inv {
			database(w.db)
		}
	}
	return kinds
}

// reads lists the databases that an invariant reads, in the order of its text.
// A view is looked through once, however many others read it.
func (o *opinion) reads() []int {
	var list []int
	seen := map[int]bool{} // the views
	var expr func(e *plan.Expr)
	expr = func(e *plan.Expr) {
		switch e.Op {
		case plan.OpCell, plan.OpDatabase, plan.OpKeys:
			if !slices.Contains(list, e.Index) {
				list = append(list, e.Index)
			}
		case plan.OpView, plan.OpViewAt:
			if !seen[e.Index] {
				seen[e.Index] = true
				expr(o.p.Views[e.Index].Expr)
			}
		}
		for _, a := range e.Args {
			expr(a)
		}
		if e.Block != nil {
			expr(e.Block.Expr)
		}
	}
	if o.inv.Source != nil {
		expr(o.inv.Source)
	}
	expr(o.inv.Cond)
	return list
}
