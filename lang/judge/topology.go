package judge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
)

// mayBeAway reports whether nodes of a role may be offline: users' nodes always
// may, and others where the topology says so.
func mayBeAway(r *plan.Role) bool { return r.Ambient != "" || r.OfflineMax > 0 }

// isSteady reports whether a role is there for others: no user's, and never away.
func isSteady(r *plan.Role) bool { return !mayBeAway(r) || r.Quorum }

// role returns the role of that name; one that the topology lacks is steady.
func (j *judge) role(name string) *plan.Role {
	for i := range j.p.Roles {
		if j.p.Roles[i].Name == name {
			return &j.p.Roles[i]
		}
	}
	return &plan.Role{Name: name}
}

// roles returns the names of the roles that have a declaration.
func (j *judge) roles(at []string) []string {
	var names []string
	for i := range j.p.Roles {
		if r := &j.p.Roles[i]; len(at) == 0 || slices.Contains(at, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// linked reports whether nodes of two roles speak with each other.
func (j *judge) linked(a, b string) bool {
	return a == b || slices.ContainsFunc(j.p.Links, func(l plan.Link) bool {
		return l.From == a && l.To == b || l.From == b && l.To == a
	})
}

// hasHome reports whether some role is there for what users' nodes cannot
// decide among themselves.
func (j *judge) hasHome() bool {
	return slices.ContainsFunc(j.p.Roles, func(r plan.Role) bool { return r.Ambient == "" && isSteady(&r) })
}

// homesOf returns the roles at which cells have their homes. A cell whose home
// the topology lacks had its letter.
func (j *judge) homesOf(cells []cell) []string {
	var names []string
	for _, c := range cells {
		if at := j.p.Databases[c.database].At; len(at) > 0 {
			add(&names, at[0])
		}
	}
	return names
}

// period is how often nodes of a role hear of others, in milliseconds; 0 where
// they have no link.
func (j *judge) period(role string) int64 {
	every := int64(0)
	for _, l := range j.p.Links {
		if (l.From == role || l.To == role) && (every == 0 || l.Every < every) {
			every = l.Every
		}
	}
	return every
}

// quoted lists names in words.
func quoted(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return "`" + names[0] + "`"
	default:
		return "`" + strings.Join(names[:n-1], "`, `") + "` and `" + names[n-1] + "`"
	}
}

var spans = []struct {
	millis int64
	unit   string
}{{86_400_000, "d"}, {3_600_000, "h"}, {60_000, "m"}, {1000, "s"}, {1, "ms"}}

// span writes milliseconds as a topology does, and a sum of them: "7d1s".
func span(millis int64) string {
	text := ""
	for _, u := range spans {
		if n := millis / u.millis; n > 0 {
			text += strconv.FormatInt(n, 10) + u.unit
			millis %= u.millis
		}
	}
	if text == "" {
		return "0s"
	}
	return text
}
