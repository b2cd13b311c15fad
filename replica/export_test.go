package replica

import (
	"fmt"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// CheckPending returns what is wrong with the cache of waiting parts, between
// two calls of the replica.
func CheckPending(r *Replica) error {
	q := &r.pending
	bytes, inChains, needs := 0, 0, 0
	for ref, w := range q.parts {
		absent := 0
		r.eachNeedOf(w, func(need causal.Ref) bool {
			needs++
			if q.parts[need] == nil {
				absent++
			}
			return true
		})
		switch {
		case absent != w.absent:
			return fmt.Errorf("%v counts %d absent needs, and has %d", ref, w.absent, absent)
		case absent == 0 && (w.culprit == nil || w.culprit.isGone):
			return fmt.Errorf("%v waits for nothing", ref)
		case w.isGone || w.isOpen || w.index != 0 || r.isApplied(ref):
			return fmt.Errorf("%v should not be here: %+v", ref, w)
		}
		bytes += w.size
	}
	for _, s := range r.spaces {
		for _, c := range s.chains {
			inChains += len(c.waiting)
		}
	}
	for _, list := range q.needs {
		needs -= len(list)
	}
	if bytes != q.bytes || inChains != len(q.parts) || needs != 0 || len(q.ready) != 0 {
		return fmt.Errorf("%d bytes are counted as %d, %d parts as %d, %d needs too few, %d to be searched",
			bytes, q.bytes, len(q.parts), inChains, needs, len(q.ready))
	}
	return nil
}

// DumpPending writes what waits for what.
func DumpPending(r *Replica) (text string) {
	for ref, w := range r.pending.parts {
		text += fmt.Sprint(ref.Replica.Short(), ref.Seq, " absent ", w.absent, " culprit ", w.culprit != nil, ":")
		r.eachNeed(w.part, func(need causal.Ref) bool {
			text += fmt.Sprint(" ", need.Replica.Short(), need.Seq, r.pending.parts[need] != nil)
			return true
		})
		text += "\n"
	}
	return text
}

// Implying returns how many chains one remembers to have named that has named
// so many, and the bound.
func Implying(chains int) (remembered, boundary int) {
	c := &chain{}
	for i := range chains {
		c.imply(causal.Ref{Dot: causal.Dot{Replica: causal.ReplicaID{byte(i >> 16), byte(i >> 8), byte(i)}, Seq: 1}})
		remembered = max(remembered, len(c.implied))
	}
	return remembered, impliedMax
}
