package judge

import (
	"github.com/martinelli-lang/martinelli/plan"
)

// mayBeAway reports whether nodes of a role may be offline: users' nodes always
// may, and others where the topology says so.
func mayBeAway(r *plan.Role) bool { return r.Ambient != "" || r.OfflineMax > 0 }

// reach completes a line of a handler with what the role makes of it.
func (j *judge) reach(handler int, r *plan.Role, l *Line) {
}
