package resolve

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// A database that has a home may be declared again under another `at`: there it
// is a copy that is pulled from the home, and only shown. The home is the
// declaration at a role that is no user's; of two such, the first.

// isCopy takes the second declaration of a name in, if it is a copy or if the
// first one is.
func (r *resolver) isCopy(first, second *Database) bool {
	if first.Sharing != AtHome || second.Sharing != AtHome || overlap(r.rolesOf(first), r.rolesOf(second)) {
		return false
	}
	home, copied := first.Decl, second
	if r.areUsers(first.At) && !r.areUsers(second.At) {
		copied = &Database{Decl: first.Decl, At: first.At}
		second.Copies = first.Copies
		*first, home = *second, second.Decl
	}
	if !saysNoMore(copied.Decl, home) {
		r.write(diag.Errorf("E102", copied.Decl.Name.Span, "`%s` is declared twice, and this copy says something else", first.Name).
			There(home.Name.Span, "its home is declared here").
			Hinting("a pulled copy has the type and the dimensions of its home: leave them out here"))
	}
	first.Copies = append(first.Copies, r.rolesOf(copied)...)
	return true
}

// rolesOf returns the roles a database without :replicated is declared under.
func (r *resolver) rolesOf(db *Database) []string {
	if home := r.prog.Topology.Home(); len(db.At) == 0 && home != "" {
		return []string{home}
	}
	return db.At
}

// areUsers reports whether every one of the roles is a role of users.
func (r *resolver) areUsers(at []string) bool {
	return len(at) > 0 && !slices.ContainsFunc(at, func(name string) bool {
		role, _ := r.prog.Topology.Role(name)
		return role.Ambient == ""
	})
}

// saysNoMore reports whether a copy's declaration says nothing beyond its home's.
func saysNoMore(copied, home *syntax.Database) bool {
	if len(copied.Options) > 1 || len(copied.Options) == 1 && copied.Options[0].Name.Text != "at" {
		return false
	}
	return copied.Type == nil || home.Type != nil && copied.Type.Where().Text() == home.Type.Where().Text()
}
