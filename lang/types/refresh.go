package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// refresh types `refresh(k)`: what the role pulls from the home is pulled once
// per sync period, of what is by the role's own dimension the slice of its user,
// of all else the whole, in which k's slice is. The word says so where it is read.
func (c *checker) refresh(p *resolve.Process, call *syntax.Call) {
	if len(call.Args) != 1 || call.Args[0].Name.Text != "" || call.Block != nil {
		c.write(diag.Errorf("E107", call.Span, "`refresh` takes one key, as in `refresh(user_id)`"))
		return
	}
	key := c.infer(call.Args[0].Value)
	isCopied := func(db *resolve.Database) bool {
		return slices.ContainsFunc(db.Copies, func(role string) bool { return len(p.At) == 0 || slices.Contains(p.At, role) })
	}
	switch {
	case absorbs(key.Type):
	case !slices.ContainsFunc(c.prog.Databases, isCopied):
		c.write(diag.Errorf("E205", call.Span, "`refresh` pulls copies of home databases, and no role of this process has one").
			Hinting("declare the database a second time under `at` this role; what is :replicated needs no refresh"))
	case key.Op != plan.OpAmbient && !slices.ContainsFunc(c.prog.Databases, func(db *resolve.Database) bool { return isCopied(db) && len(db.Dims) > 0 }):
		c.write(diag.Errorf("E107", call.Args[0].Value.Where(), "`refresh` takes a key, and no copy of this role has any").
			Hinting("leave the line out: what has no keys is pulled as a whole"))
	}
}
