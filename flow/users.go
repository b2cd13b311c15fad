package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// The directory of users is a database like others, but that no program writes
// it: a user's id joins in the commit of the first event that he raises, or when
// a node of his is first open. It only grows, and every replica has it.

// usersName is the directory's name, which no program can give another database.
const usersName = "users"

// directory returns the directory; nil where the program does not name it.
func (e *Engine) directory() *database {
	db := e.byName[usersName]
	if db == nil || db.decl.Placement != plan.Shared || db.decl.Lattice.Kind != plan.KindGSet || len(db.decl.Dims) > 0 {
		return nil
	}
	return db
}

// join puts the run's user into the directory, if he is not there yet. Where
// the run has no room for it, he joins with his next.
func (r *run) join(m *machine) {
	db := r.engine.directory()
	if db == nil || r.env.User == "" || r.isServed { // he joined when he raised it
		return
	}
	user := value.String(r.env.User)
	c := r.open(m, db, nil)
	delta, err := c.crdt.Do("add", r.env.Self, user)
	if err == nil && r.fits(c, delta) {
		r.apply(c, delta)
	}
}

// Admit puts a user into the directory, as one commit. It writes nothing where
// he is there, and where the program has none.
func (e *Engine) Admit(env Env) Outcome {
	e.machine.begin(0, e.cfg.FuelMax)
	e.run.begin(env)
	return e.execute(func(*machine) bool { return true })
}

// HasUsers reports whether the program names the directory.
func (e *Engine) HasUsers() bool { return e.directory() != nil }
