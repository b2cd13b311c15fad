package flow

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A role's copy of a home database holds entries as the home does: so whatever
// reads it reads them as there. The caller brings them with Apply, and takes
// out what has gone.

// Held returns what is held of a database at the keys that begin with prefix,
// as the changes that would bring it about. An unknown name is ErrName.
func (e *Engine) Held(name string, prefix []value.Value) ([]Change, error) {
	db := e.byName[name]
	if db == nil {
		return nil, ErrName
	}
	if !isKeyOf(prefix, db.decl.Dims) {
		return nil, ErrKey
	}
	path := string(value.AppendPath(nil, prefix...))
	var held []Change
	for _, c := range db.sorted() {
		if !strings.HasPrefix(c.path, path) {
			continue
		}
		for _, it := range crdt.Clear(c.crdt).Remove {
			held = append(held, Change{Database: name, Key: c.path, Item: it})
		}
	}
	return held, nil
}

// readsCopies reports whether an expression reads a database of which this role
// has a copy.
func (e *Engine) readsCopies(x *plan.Expr) bool {
	isCopy := func(db *database) bool { return slices.Contains(db.decl.Pulled, e.cfg.Role) }
	return slices.ContainsFunc(e.databasesOf(x), isCopy)
}
