package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// SealedName is the reserved database of the home space that says which keys
// are sealed: by the database's name, the set of its sealed keys, each a tuple.
// It only grows. docs/wire/serial.md draws its bytes.
const SealedName = "@sealed"

// openSealed gives the engine the database of seals, behind those of the program.
func (e *Engine) openSealed() error {
	decl := &plan.Database{
		Name: SealedName, Lattice: plan.Type{Kind: plan.KindGSet, Args: []plan.Type{plan.Any}},
		Dims: []plan.Dim{{Name: "database", Type: plan.String}}, Placement: plan.Home, WriteByKey: -1,
	}
	db, err := newDatabase(len(e.databases), decl)
	if err != nil {
		return err
	}
	e.sealed, e.byName[SealedName] = db, db
	return nil
}

// isSealed reports whether a key of a database will never change again.
func (e *Engine) isSealed(db *database, key []value.Value) bool {
	if len(e.sealed.cells) == 0 || db.decl.Placement != plan.Home {
		return false
	}
	c := e.sealed.cells[value.Encode(value.String(db.decl.Name))]
	return c != nil && c.crdt.Has(value.Encode(value.Tuple(key...)))
}

// seal compiles the sealing of a key. A key that is sealed already stays so.
func (c *compiler) seal(s *plan.Stmt) stepFn {
	db, key := c.engine.databases[s.Index], c.values(s.Args)
	return func(m *machine) bool {
		at := evaluate(m, key)
		return m.abort == "" && m.spend(1) && m.run.seal(m, db, at)
	}
}

func (r *run) seal(m *machine, db *database, key []value.Value) bool {
	if !r.may(db, key, "", value.Nil) {
		r.forbid(m, db, key)
		return false
	}
	if r.engine.isSealed(db, key) {
		return true
	}
	c := r.open(m, r.engine.sealed, []value.Value{value.String(db.decl.Name)})
	delta, err := c.crdt.Do("add", r.env.Self, value.Tuple(key...))
	if err != nil || !r.fits(c, delta) || !r.apply(c, delta) {
		m.stop(AbortSize, "the run writes more than a part may hold")
		return false
	}
	return true
}

// refuseSealed stops a run that writes a sealed key.
func (m *machine) refuseSealed(db *database) bool {
	m.stop(AbortSealed, "this key of "+db.decl.Name+" has been sealed: it never changes again")
	return false
}
