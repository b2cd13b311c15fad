package audit

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Missing returns the parts up to a vector of a space that a replica has not
// applied: a checkpoint brings them all at once. They are a group for Applied.
// What nobody ever had is not among them, so a vector that says too much is
// found at rest.
func (a *Auditor) Missing(at int, space causal.SpaceID, vector causal.Vector) (group []*causal.Part) {
	for _, author := range vector.Replicas() {
		have := a.replicas[at].applied.at(a.lane(space, author))
		for seq := have + 1; seq <= vector[author]; seq++ {
			if rec := a.parts[causal.Ref{Space: space, Dot: causal.Dot{Replica: author, Seq: seq}}]; rec != nil {
				group = append(group, rec.part)
			}
		}
	}
	return group
}
