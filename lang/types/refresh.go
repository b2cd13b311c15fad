package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// refresh types `refresh(user_id)`: the role's copies of home databases are
// pulled once per sync period, of those by the role's own dimension the slice
// of its user. The word says so where it is read; the copies are declared.
func (c *checker) refresh(p *resolve.Process, call *syntax.Call) {
	if len(call.Args) != 1 || call.Args[0].Name.Text != "" || call.Block != nil {
		c.write(diag.Errorf("E107", call.Span, "`refresh` takes one key, as in `refresh(user_id)`"))
		return
	}
	key := c.infer(call.Args[0].Value)
	switch {
	case absorbs(key.Type):
	case !slices.ContainsFunc(c.prog.Databases, func(db *resolve.Database) bool {
		return slices.ContainsFunc(db.Copies, func(role string) bool { return len(p.At) == 0 || slices.Contains(p.At, role) })
	}):
		c.write(diag.Errorf("E205", call.Span, "`refresh` pulls copies of home databases, and no role of this process has one").
			Hinting("declare the database a second time under `at` this role; what is :replicated needs no refresh"))
	case key.Op != plan.OpAmbient:
		c.notYet(call, "`refresh` of another key than the role's own", "write `refresh(user_id)`: a copy by another dimension is pulled as a whole")
	}
}
