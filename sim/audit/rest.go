package audit

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// AtRest reports whether every replica has applied every part there is in the
// spaces it holds.
func (a *Auditor) AtRest() bool {
	whole := a.whole()
	for _, r := range a.replicas {
		if a.behind(r, whole) >= 0 {
			return false
		}
	}
	return true
}

// Rest judges the end of a history, once faults are over and nothing moves:
// all replicas are equal, equal to the truth, and nothing acknowledged is lost.
func (a *Auditor) Rest() {
	whole := a.whole()
	for lane, n := range a.acked {
		if whole.at(lane) < n {
			a.Report(-1, RuleKept, "part %d of chain %d was acknowledged and is nowhere", n, lane)
		}
	}
	truths := map[string]string{}
	for i, r := range a.replicas {
		if lane := a.behind(r, whole); lane >= 0 {
			a.Report(i, RuleConverge, "has %d of %d parts of chain %d", r.applied.at(lane), whole.at(lane), lane)
			continue
		}
		if a.isLight {
			continue
		}
		held := a.held(r)
		want, known := truths[held]
		if !known {
			want = a.truth(r).Text()
			truths[held] = want
		}
		if got := r.shadow.Text(); got != want {
			a.Report(i, RuleTruth, "%s", firstDifference(got, want))
		}
	}
}

// held says of which lanes r holds the space: replicas that agree in this have
// one truth.
func (a *Auditor) held(r *replica) string {
	held := make([]byte, len(a.spaces))
	for lane, space := range a.spaces {
		if a.holds(r, space) {
			held[lane] = 1
		} else if n := r.applied.at(lane); n > 0 {
			held = binary.AppendUvarint(binary.AppendUvarint(held, uint64(lane)), n) // what is there of a space it need not hold is seen, and no more is asked
		}
	}
	return string(held)
}

// Truth returns the join of all commits, made from scratch.
func (a *Auditor) Truth() *Shadow { return a.truth(&replica{}) }

// truth is the join of all parts in the spaces r holds. Removal names what it
// removes, so the order of parts does not matter once all additions are in.
func (a *Auditor) truth(r *replica) *Shadow {
	refs := make([]causal.Ref, 0, len(a.parts))
	for ref := range a.parts {
		if a.holds(r, ref.Space) || r.applied.at(a.lane(ref.Space, ref.Replica)) >= ref.Seq {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(x, y causal.Ref) int {
		return cmp.Or(cmp.Compare(a.parts[x].part.Stamp, a.parts[y].part.Stamp), x.Compare(y))
	})
	group := make([]*causal.Part, len(refs))
	for i, ref := range refs {
		group[i] = a.parts[ref].part
	}
	truth := newShadow()
	truth.apply(group, known)
	return truth
}

// whole counts the parts that are anywhere.
func (a *Auditor) whole() (v vector) {
	for _, r := range a.replicas {
		v.join(r.applied)
	}
	return v
}

// behind returns a lane in which r lacks parts it should hold, or -1.
func (a *Auditor) behind(r *replica, whole vector) int {
	for lane, n := range whole {
		if r.applied.at(lane) < n && a.holds(r, a.spaces[lane]) {
			return lane
		}
	}
	return -1
}

// firstDifference says where two texts part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "has " + g[i] + " where the truth has " + w[i]
		}
	}
	return "one is longer: " + decimal(uint64(len(g))) + " against " + decimal(uint64(len(w))) + " entries"
}
