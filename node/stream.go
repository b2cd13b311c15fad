package node

import (
	"cmp"
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/store"
)

// A stream is one writer that raises in order. The node keeps its mark, the
// highest seq that committed, in the same store write as what it did: a seq at
// or below the mark is a retry. Writers send ahead without waiting for
// answers, so a raise whose outcome stays open stops the stream: what came
// behind it would raise the mark, and the open one, raised again, would be
// taken for one that has run. For the same reason a raise that runs here waits
// for those of its stream that are under way to the home.

// stall is where a stream stopped: what comes of its raise seq is open.
type stall struct {
	seq uint64
	at  causal.Instant
}

// isStalled reports whether a raise comes behind one of its stream that is open.
func (n *Node) isStalled(stream string, seq uint64) bool {
	s, ok := n.stalled[stream]
	return ok && seq > s.seq
}

// stall notes that what comes of a raise is open. At the bound the stream that
// stopped first is forgotten: what its writer had sent ahead has long come.
func (n *Node) stall(now causal.Instant, stream string, seq uint64) {
	s, ok := n.stalled[stream]
	switch {
	case stream == "" || ok && s.seq <= seq:
		return
	case !ok && len(n.stalled) >= n.cfg.Limits.ForwardMax:
		delete(n.stalled, slices.MinFunc(slices.Sorted(maps.Keys(n.stalled)), func(a, b string) int {
			return cmp.Compare(n.stalled[a].at, n.stalled[b].at)
		}))
	}
	n.stalled[stream] = stall{seq, now}
}

// moved notes that a stream goes on: a raise of it is under way or has an outcome.
func (n *Node) moved(stream string, seq uint64) {
	if s, ok := n.stalled[stream]; ok && seq >= s.seq {
		delete(n.stalled, stream)
	}
}

// isOneTooMany reports whether a stream is new and its mark has no place any
// more. A mark that is forgotten would let a retry run again, so none is.
func (n *Node) isOneTooMany(stream string) bool {
	_, isKnown := n.store.StreamMark(stream)
	return stream != "" && !isKnown && n.store.Streams() >= n.cfg.Limits.StreamsMax
}

// mark notes that a stream's seq has committed, in the same store write as
// what it did.
func (n *Node) mark(stream string, seq uint64, parts []*causal.Part) {
	if mark, ok := n.store.StreamMark(stream); ok && seq <= mark.Seq {
		return // the home answered a retry of an earlier raise
	}
	m := store.StreamMark{Seq: seq}
	for _, p := range parts {
		m.Parts = append(m.Parts, p.Ref())
	}
	n.store.PutStreamMark(stream, m)
}
