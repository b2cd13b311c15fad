package node

import (
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/replica"
)

// The steward makes old parts final and sums them up. Where something has been
// written since the last checkpoint it marks how far it has come; when the mark
// is old enough it says that everything behind it is final, and what it is.
// All spaces are marked at one moment, so that a commit that wrote several of
// them is in all their checkpoints or in none.

// closing is a space on its way to the next checkpoint.
type closing struct {
	at     causal.Instant // when it goes on
	marker uint64         // this node's own part that marks how far it had come; 0: not yet
	asked  uint64         // the request for the signature; 0: not yet
	record causal.Checkpoint
}

// finalRetry is how soon a step is tried again that had to wait for the log.
const finalRetry = 200 * causal.Millisecond

// stir notes that a space has something new.
func (n *Node) stir(space causal.SpaceID) {
	if n.isHome() && n.cfg.Limits.FinalAfter > 0 && n.closings[space] == nil {
		n.stirred[space] = true
	}
}

// begin plans the marks of the spaces that were stirred.
func (n *Node) begin(now causal.Instant) {
	for space := range n.stirred {
		if n.closings[space] == nil {
			n.closings[space] = &closing{at: now + n.cfg.Limits.FinalAfter}
		}
		delete(n.stirred, space)
	}
}

// finalize does what is due on the way to the next checkpoints.
func (n *Node) finalize(now causal.Instant) {
	var due []causal.SpaceID
	for space, c := range n.closings {
		if c.at <= now && c.asked == 0 {
			due = append(due, space)
		}
	}
	if len(due) == 0 {
		return
	}
	order.Sort(due, causal.SpaceID.Compare)
	isMarking := false
	for _, space := range due {
		if c := n.closings[space]; c.marker == 0 {
			isMarking = true
		} else {
			n.finish(now, space, c)
		}
	}
	if isMarking {
		n.markAll(now)
	}
}

// markAll marks all spaces that have something new, also those that are not due.
func (n *Node) markAll(now causal.Instant) {
	for _, space := range order.Sorted(maps.Keys(n.closings), causal.SpaceID.Compare) {
		c := n.closings[space]
		if c.marker > 0 {
			continue
		}
		heads := n.replica.Heads(space)
		if len(heads) != 1 || heads[0].Replica != n.self {
			n.govern(now, space) // a part that says nothing but what it has seen
		}
		c.marker = n.replica.Head(space, n.self).Seq
		c.at = now + n.cfg.Limits.FinalAfter
	}
}

// finish says that what is behind a mark is final, and asks for the signature
// over what it is.
func (n *Node) finish(now causal.Instant, space causal.SpaceID, c *closing) {
	mark := causal.Dot{Replica: n.self, Seq: c.marker}
	if !n.replica.Final(space).Contains(mark) && !n.hasFinal(space, c.marker) {
		n.succeed(now, space, &causal.Final{Marker: c.marker})
	}
	c.at = now + finalRetry
	past, ok := n.replica.Past(space, mark)
	if !ok {
		return
	}
	sum, ok := n.replica.Sum(space, past)
	if !ok {
		return
	}
	c.record = sum.Record()
	c.record.Marker = c.marker
	c.asked = n.trust.Sign(n.self, causal.AppendCheckpointStatement(nil, space, n.self, &c.record))
}

// hasFinal reports whether the final of a mark is written and waits for the log.
func (n *Node) hasFinal(space causal.SpaceID, marker uint64) bool {
	return n.finals[space].marker == marker
}

// attest puts the signature under the checkpoint that waits for it, and plans
// the next if something was written since.
func (n *Node) attest(now causal.Instant, request uint64, s causal.Signature) {
	for _, space := range order.Sorted(maps.Keys(n.closings), causal.SpaceID.Compare) {
		c := n.closings[space]
		if c.asked != request {
			continue
		}
		c.record.Signature = s
		n.succeed(now, space, &c.record)
		delete(n.closings, space)
		if n.hasNews(space, c.marker) {
			n.stir(space)
		}
		return
	}
}

// stewardship is where this node's own last final and checkpoint in a space stand.
type stewardship struct {
	final, checkpoint causal.EntryID
	marker            uint64 // of the final
}

// succeed commits a final or a checkpoint in the place of the one before: that
// has done its work, and need not be in the state for ever.
func (n *Node) succeed(now causal.Instant, space causal.SpaceID, rec causal.Record) {
	known := n.finals[space]
	at := &known.final
	if _, isCheckpoint := rec.(*causal.Checkpoint); isCheckpoint {
		at = &known.checkpoint
	}
	var removed []causal.EntryID
	if at.Seq > 0 {
		removed = append(removed, *at)
	}
	g := n.governing(now, replica.Write{Space: space, Entries: []causal.Entry{causal.EntryOf(rec)}, Removed: removed})
	*at = g.Parts[0].EntryID(0)
	if final, ok := rec.(*causal.Final); ok {
		known.marker = final.Marker
	}
	n.finals[space] = known
}

// hasNews reports whether a space has more behind a mark than what this node
// wrote to make it final.
func (n *Node) hasNews(space causal.SpaceID, marker uint64) bool {
	below := n.replica.Below(space)
	for _, h := range n.replica.Vector(space) {
		if h.Chain.Replica != n.self && h.Seq > below[h.Chain.Replica] {
			return true
		}
	}
	for seq := marker + 1; seq <= n.replica.Head(space, n.self).Seq; seq++ {
		p := n.replica.Part(causal.Chain{Space: space, Replica: n.self}.At(seq))
		if p == nil || !isStewardship(p) {
			return true
		}
	}
	return false
}

// isStewardship reports whether a part is but a mark, a final or a checkpoint.
// These remove what they succeed; a part that but removes is an ordinary one.
func isStewardship(p *causal.Part) bool {
	if len(p.Entries) == 0 && len(p.Removed) > 0 {
		return false
	}
	for i := range p.Entries {
		switch rec, _ := causal.RecordOf(&p.Entries[i]); rec.(type) {
		case *causal.Final, *causal.Checkpoint:
		default:
			return false
		}
	}
	return true
}

// resumeStewardship finds, after a start, where the last finals and
// checkpoints stand, and which spaces have something new.
func (n *Node) resumeStewardship() {
	if !n.isHome() {
		return
	}
	for space, e := range n.replica.Entries() {
		if e.Database != causal.ControlDatabase || e.ID.Replica != n.self {
			continue
		}
		known := n.finals[space]
		switch rec, _ := causal.RecordOf(&e.Entry.Entry); rec := rec.(type) {
		case *causal.Final:
			known.final, known.marker = e.ID, rec.Marker
		case *causal.Checkpoint:
			known.checkpoint = e.ID
		}
		n.finals[space] = known
	}
	for _, space := range n.replica.Spaces() {
		if n.hasNews(space, n.replica.Below(space)[n.self]) {
			n.stir(space)
		}
	}
}

// finalDeadline returns when the next step is due.
func (n *Node) finalDeadline() (at causal.Instant, ok bool) {
	for _, c := range n.closings {
		if c.asked == 0 && (!ok || c.at < at) {
			at, ok = c.at, true
		}
	}
	return at, ok
}
