package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Who may write is asked at every write of a run. What stands in the program
// for a key alone is decided here. Other rules are decided by who holds what
// they read: a trusted node by itself, for whom it runs a handler; a user's
// node asks, and goes by what it was granted.

// Wanted is a key that a run wrote without the right to.
type Wanted struct {
	Database int // of the program's
	Key      []value.Value
}

// may reports whether the run may apply a verb; "" stands for a removal of all that is seen.
func (r *run) may(db *database, key []value.Value, verb string, arg value.Value) bool {
	d, user := db.decl, r.env.User
	switch {
	case d.Placement == plan.Home:
		return user == "" || !d.HasRules() || d.WriteByAll || r.engine.Decide(db.index, user, key)
	case r.engine.role.Trusted() && (user == "" || r.isOwn):
		return true
	case d.MayWrite(plan.Role{Ambient: "user"}, user, key), d.MayAppend(verb, user, arg):
		return true
	case !d.HasRules():
		return false
	case r.engine.role.Trusted():
		return r.engine.Decide(db.index, user, key)
	}
	return r.env.Granted != nil && r.env.Granted(d.Name, string(value.AppendPath(nil, key...)))
}

// forbid stops a run that wrote without the right to, and notes what it wanted.
func (r *run) forbid(m *machine, db *database, key []value.Value) {
	if db.decl.HasRules() && len(key) == len(db.decl.Dims) {
		r.wanted = &Wanted{db.index, append([]value.Value(nil), key...)}
	}
	m.stop(AbortForbidden, "this user may not write this key of "+db.decl.Name)
}

// isOwn reports whether a handler runs at trusted roles alone.
func (e *Engine) isOwn(h *plan.Handler) bool {
	return h.Home || e.program.TrustedAlone(h.At)
}

// Decide reports whether the program lets the user write the key of a
// database, as far as can be seen here: by what stands for the key, or by a
// rule whose condition holds. Only who holds what the rules read can tell.
func (e *Engine) Decide(database int, user string, key []value.Value) bool {
	d := &e.program.Databases[database]
	if user == "" || len(key) != len(d.Dims) {
		return d.WriteByAll
	}
	if d.MayWrite(plan.Role{Ambient: "user"}, user, key) {
		return true
	}
	for _, i := range d.Rules {
		if e.holds(i, user, key) {
			return true
		}
	}
	return false
}

// MayRead reports whether the program lets the user read the keys of a database
// that have a value in its dimension of ReadDim: every rule about it must hold;
// where there is none, the value must be the user, unless the dimension is of none.
func (e *Engine) MayRead(database int, user string, of value.Value) bool {
	d := &e.program.Databases[database]
	dim := e.ReadDim(database)
	isRuled, key := false, make([]value.Value, len(d.Dims))
	if len(key) > 0 {
		key[max(dim, 0)] = of
	}
	for i := range e.program.Allows {
		if a := &e.program.Allows[i]; a.Verb == "read" && a.Database == database && d.Placement != plan.Shared {
			if isRuled = true; !e.holds(i, user, key) {
				return false
			}
		}
	}
	return isRuled || dim < 0 || !e.isUser(d, dim) || user != "" && of.AsString() == user
}

// ReadDim returns the dimension by which it is judged who may read a database:
// that of its spaces; of a home database the first that names users, else the first; -1: none.
func (e *Engine) ReadDim(database int) int {
	d := &e.program.Databases[database]
	switch d.Placement {
	case plan.ByValue:
		return d.Space
	case plan.Home:
		for i := range d.Dims {
			if e.isUser(d, i) {
				return i
			}
		}
		if len(d.Dims) > 0 {
			return 0
		}
	}
	return -1
}

// MayReadView reports whether the program lets the user read a view: every rule
// about it must hold.
func (e *Engine) MayReadView(view int, user string) bool {
	for i := range e.program.Allows {
		if a := &e.program.Allows[i]; a.Database < 0 && a.View == view && !e.holds(i, user, nil) {
			return false
		}
	}
	return true
}

// KeepsUsers reports whether a database is the directory of users, to which
// every user's node adds him.
func (e *Engine) KeepsUsers(database int) bool {
	db := e.directory()
	return db != nil && db.index == database
}

// isUser reports whether a dimension of a database is a user.
func (e *Engine) isUser(d *plan.Database, dim int) bool {
	if d.Users > 0 && d.Users-1 == dim {
		return true
	}
	for _, role := range e.program.Roles {
		if role.Ambient != "" && role.Ambient == d.Dims[dim].Name {
			return true
		}
	}
	return false
}

// holds evaluates the condition of a rule.
func (e *Engine) holds(rule int, user string, key []value.Value) bool {
	a := &e.program.Allows[rule]
	if e.rules[rule] == nil {
		c := compiler{engine: e}
		e.rules[rule] = c.bool(a.Cond)
	}
	m := &e.judge
	m.begin(a.Slots, e.cfg.FuelMax)
	m.slots[a.Me] = value.String(user)
	for i, slot := range a.Keys {
		m.slots[slot] = key[i]
	}
	return e.rules[rule](m) && m.abort == ""
}

// Inputs returns the names of the databases that the rules about writing read
// which take back what they gave, by the database they are about.
func (e *Engine) Inputs() map[string][]int {
	inputs := map[string][]int{}
	for i := range e.program.Databases {
		for _, rule := range e.program.Databases[i].Rules {
			if !e.program.Allows[rule].Revoke {
				continue
			}
			for _, read := range e.databasesOf(e.program.Allows[rule].Cond) {
				inputs[read.decl.Name] = append(inputs[read.decl.Name], i)
			}
		}
	}
	return inputs
}
