package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Which spaces a user's node keeps follows from the rules about reading. They
// read what stands in the space itself and what every node has, so whoever
// holds a space can say of everybody whether he may have it.

// MayHold reports whether the program lets the user have the space of a value,
// as far as can be seen here: he may read all databases that stand in it.
func (e *Engine) MayHold(database int, user string, of value.Value) bool {
	for i := range e.program.Databases {
		if e.program.SharesSpaces(i, database) && !e.MayRead(i, user, of) {
			return false
		}
	}
	return true
}

// CanTell reports whether a node that does not hold the spaces of a database
// can say who may: the rules read nothing that stands in them.
func (e *Engine) CanTell(database int) bool {
	for _, in := range e.HoldInputs() {
		for _, i := range in {
			if i.About == database && i.IsWithin {
				return false
			}
		}
	}
	return true
}

// HoldInput is what a change of a database may mean for who may have which spaces.
type HoldInput struct {
	About    int  // a database that stands in the spaces
	At       int  // which value of the changed key is that of the space; -1: any space may be meant
	IsWithin bool // what changes stands in the space itself
}

// HoldInputs returns what the rules about reading that decide who may have a
// space read, by the name of the database.
func (e *Engine) HoldInputs() map[string][]HoldInput {
	inputs := map[string][]HoldInput{}
	for i := range e.program.Allows {
		a := &e.program.Allows[i]
		if a.Verb != "read" || a.Database < 0 || e.program.Databases[a.Database].Placement != plan.ByValue {
			continue
		}
		for _, db := range e.databasesOf(a.Cond) {
			in := HoldInput{About: a.Database, At: e.keyedBy(a, db.index), IsWithin: e.program.SharesSpaces(a.Database, db.index)}
			for _, name := range []string{db.decl.Name, db.decl.Was} {
				if name != "" {
					inputs[name] = append(inputs[name], in)
				}
			}
		}
	}
	return inputs
}

// keyedBy returns at which value of its key a rule reads a database for the
// space it is asked about; -1 if it reads it in any other way.
func (e *Engine) keyedBy(a *plan.Allow, database int) int {
	at, isDirect := -1, true
	slot := a.Keys[e.program.Databases[a.Database].Space]
	walk(a.Cond, func(x *plan.Expr) bool {
		switch {
		case x.Op == plan.OpCell && x.Index == database:
			here := -1
			for i, arg := range x.Args {
				if arg.Op == plan.OpLocal && arg.Index == slot {
					here = i
				}
			}
			isDirect = isDirect && here >= 0 && (at < 0 || at == here)
			at = here
		case x.Op == plan.OpCell:
		case x.Op == plan.OpDatabase || x.Op == plan.OpKeys || x.Op == plan.OpView || x.Op == plan.OpViewAt || x.Op == plan.OpCall || x.Op == plan.OpImport:
			isDirect = false
		}
		return true
	})
	if !isDirect {
		return -1
	}
	return at
}
