package node

import (
	"slices"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A trusted node serves users who run no node of their own: the host opens a
// session for one, and what he reads there is what a node of his would hold and
// show. (Not to be confused with a causal session, the token of an answer.)

// AbortUser is the word for what belongs to a user, where none is named.
const AbortUser = "no_user"

// refuses says why a user may not be shown a database or view in a session; "" where he may.
func (n *Node) refuses(user, name string, key []value.Value) string {
	if user == "" {
		return ""
	}
	return n.withholds(user, name, key)
}

// withholds is refuses of a user's node, which may be nobody's.
func (n *Node) withholds(user, name string, key []value.Value) string {
	p := n.cfg.Program
	if i, ok := p.View(name); ok {
		switch v := &p.Views[i]; {
		case !n.engine.MayReadView(i, user):
			return "the program's rules do not let " + user + " read the view " + name
		case !v.Home && len(v.Pulled) == 0 && !n.runsForUsers(v.At) && !isRuled(p, i):
			return "the view " + name + " stands at trusted nodes alone, and this is a user's session"
		}
		return ""
	}
	for i := range p.Databases {
		d := &p.Databases[i]
		if stores(d, name) && len(d.Roles) > 0 && p.TrustedAlone(d.Roles) {
			return name + " is kept by trusted nodes alone, and this is a user's session"
		}
		if stores(d, name) && d.Placement != plan.Shared && !n.mayRead(i, user, key) {
			if readRuled(p, i) {
				return "the program's rules do not let " + user + " read this of " + name
			}
			return name + " is read in " + user + "'s session at " + user + "'s key alone: name it, or read a view"
		}
	}
	return ""
}

// mayRead reports whether a user may read a key of a database, or all below
// the beginning of one.
func (n *Node) mayRead(database int, user string, key []value.Value) bool {
	if dim := n.engine.ReadDim(database); dim >= 0 && dim < len(key) {
		return n.engine.MayRead(database, user, key[dim])
	}
	return n.engine.MayRead(database, user, value.Nil) // whatever the value
}

// isRuled reports whether a rule says who may read the view.
func isRuled(p *plan.Program, view int) bool {
	return slices.ContainsFunc(p.Allows, func(a plan.Allow) bool { return a.Database < 0 && a.View == view })
}

// readRuled reports whether a rule says who may read the database.
func readRuled(p *plan.Program, database int) bool {
	return slices.ContainsFunc(p.Allows, func(a plan.Allow) bool { return a.Verb == "read" && a.Database == database })
}

// stores reports whether a stored database is the one of that name, or one of
// its fields.
func stores(d *plan.Database, name string) bool {
	return d.Name == name || len(d.Name) > len(name) && d.Name[:len(name)] == name && d.Name[len(name)] == '.'
}

// runsForUsers reports whether something placed at the roles runs at one of users.
func (n *Node) runsForUsers(at []string) bool {
	for _, r := range n.cfg.Program.Roles {
		if !r.Trusted() && plan.Runs(at, r.Name) {
			return true
		}
	}
	return false
}

// readingAbort returns the word for an error of a reading.
func readingAbort(err error) string {
	switch err {
	case flow.ErrUser:
		return AbortUser
	case flow.ErrUserViews:
		return AbortBusy
	}
	return AbortNoName
}
