package lower

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Lower completes the plan of a program that types found no error in. Cost:
// linear in the plan.
func Lower(typed *types.Typed, prog *resolve.Program) (*plan.Program, []diag.Diagnostic) {
	l := &lowerer{p: typed.Program, typed: typed, topology: prog.Topology}
	l.roles()
	l.homes()
	l.access()
	for i := range l.p.Views {
		l.view(i)
	}
	for i := range l.p.Handlers {
		l.handler(i)
	}
	for i := range l.p.Processes {
		l.process(i)
	}
	l.feeding()
	for i := range l.p.Invariants {
		l.invariant(i)
	}
	for i := range typed.Tests {
		l.test(&typed.Tests[i])
	}
	l.limits()
	return l.p, l.letters
}

type lowerer struct {
	p         *plan.Program
	typed     *types.Typed
	topology  *resolve.Topology
	touchedBy []touched // beside p.Views
	letters   []diag.Diagnostic
}

func (l *lowerer) write(d diag.Diagnostic) { l.letters = append(l.letters, d) }

func (l *lowerer) roles() {
	for _, r := range l.topology.Roles {
		l.p.Roles = append(l.p.Roles, plan.Role(r))
	}
	for _, k := range l.topology.Links {
		l.p.Links = append(l.p.Links, plan.Link(k))
	}
}

// homes writes a letter for each database that has no home in this topology.
func (l *lowerer) homes() {
	for i := range l.p.Databases {
		db := &l.p.Databases[i]
		if db.Placement == plan.Home {
			db.Pulled = l.typed.Owners[i].Copies
		}
		if db.Placement != plan.Home || len(db.At) > 0 {
			continue
		}
		decl := l.typed.Owners[i].Decl
		l.write(diag.Errorf("E410", decl.Name.Span, "`%s` has no home: the topology has no role `%s`, and none with a quorum", decl.Name.Text, resolve.HomeRole).
			Way("`role :"+resolve.HomeRole+"`, or `:quorum => true` on a role that is no user's", "nodes that are nearly always there").
			Way("`:replicated => true`", "every replica holds it, and nothing it says is serial"))
	}
}

// access decides who may write each database at a role of users: by its allow
// rules, and without one by the default rule of replicated databases, the user
// whose key it is.
func (l *lowerer) access() {
	for i := range l.p.Databases {
		db := &l.p.Databases[i]
		if db.Placement == plan.Home {
			continue
		}
		db.WriteByKey = slices.IndexFunc(db.Dims, func(d plan.Dim) bool { return l.topology.Binds(nil, d.Name) })
		if db.WriteByKey < 0 {
			db.WriteByKey = db.Users - 1
		}
	}
	l.rules()
	l.hidden()
}

// hidden gives a database that the text does not declare the rights of the one
// that reads its entries: programs before this one go on writing it.
func (l *lowerer) hidden() {
	for i := range l.p.Databases {
		heir := &l.p.Databases[i]
		if heir.Was == "" {
			continue
		}
		j, ok := l.p.Database(heir.Was)
		if !ok || l.typed.Owners[j] != l.typed.Owners[i] {
			continue
		}
		old := &l.p.Databases[j]
		old.WriteByAll, old.WriteByKey, old.Appends = heir.WriteByAll, heir.WriteByKey, heir.Appends
		if len(old.Appends.Field) > 0 && !old.Lattice.Element().Equal(heir.Lattice.Element()) {
			old.Appends = plan.Appends{} // the field may stand elsewhere
		}
	}
}
