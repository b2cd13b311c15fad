package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
)

// When the steward has said what a space is at a vector of final parts, every
// node that has these parts computes the same for itself. What agrees becomes
// the node's checkpoint, and the log below it goes.

// signed is a checkpoint as it is shown to others.
type signed struct {
	steward causal.ReplicaID
	record  causal.Checkpoint
}

// note is what the store keeps of a checkpoint besides its heads and entries.
type note struct {
	signed
	needs []causal.Ref
}

// needsMax bounds the references of a note that is read back.
const needsMax = 1 << 20

func (c *note) appendTo(b []byte) []byte {
	b = append(b, c.steward[:]...)
	b = wire.AppendString(b, causal.EntryOf(&c.record).Value)
	return appendNeeds(b, c.needs)
}

func appendNeeds(b []byte, needs []causal.Ref) []byte {
	b = wire.AppendUvarint(b, uint64(len(needs)))
	for _, ref := range needs {
		b = append(append(b, ref.Space[:]...), ref.Replica[:]...)
		b = wire.AppendUvarint(b, ref.Seq)
	}
	return b
}

func readNeeds(r *wire.Reader) []causal.Ref {
	needs := make([]causal.Ref, 0, r.Count(needsMax, 16+16+1))
	for range cap(needs) {
		var ref causal.Ref
		copy(ref.Space[:], r.Raw(len(ref.Space)))
		ref.Replica, ref.Seq = causal.ReadReplicaID(r), r.Uvarint()
		needs = append(needs, ref)
	}
	return needs
}

// recordSizeMax bounds a checkpoint's record: marker, three hashes, signature.
const recordSizeMax = 10 + 3*32 + 64

func readSigned(r *wire.Reader) (c signed) {
	c.steward = causal.ReadReplicaID(r)
	value := r.String(recordSizeMax)
	entry := causal.EntryOf(&causal.Checkpoint{})
	entry.Value = value
	rec, err := causal.RecordOf(&entry)
	record, ok := rec.(*causal.Checkpoint)
	if err != nil || !ok {
		r.Fail(wire.ErrMalformed)
		return c
	}
	c.record = *record
	return c
}

func decodeNote(b []byte) (c note, err error) {
	r := wire.NewReader(b)
	c.signed = readSigned(r)
	c.needs = readNeeds(r)
	return c, r.Done()
}

// weigh compares what stewards claim with what is here. What can't be compared
// yet is looked at again.
func (n *Node) weigh(now causal.Instant) {
	if !n.replica.HasClaims() {
		return
	}
	isFlushed := false
	for _, c := range n.replica.Claims() {
		past, ok := n.replica.Past(c.Space, c.Marker)
		if !ok {
			continue
		}
		sum, ok := n.replica.Sum(c.Space, past)
		if !ok {
			continue
		}
		n.replica.Answered(c)
		is := sum.Record()
		switch {
		case is.Vector != c.Record.Vector:
			n.counts.Unweighed++ // somebody has forked, and the steward has the other branch
			n.differing[c.Space] = now
		case is.Entries != c.Record.Entries || is.Needs != c.Record.Needs:
			n.counts.Differing++
			n.differing[c.Space] = now
			n.event(EventCheckpoint, c.Marker.Replica, "what is here of space "+c.Space.String()+" is not what its steward has signed; the signed state is taken")
		default:
			if !isFlushed {
				n.flush()
				isFlushed = true
			}
			n.rest(sum, signed{c.Marker.Replica, c.Record})
		}
	}
}

// rest makes a sum the checkpoint of its space and lets the log below it go,
// in the same write as the state that it is a part of.
func (n *Node) rest(sum *replica.Sum, c signed) {
	to := n.store.Copy(sum.Space)
	for _, g := range sum.Grown {
		to.PutBase(g.Replica, g.Head)
		n.store.Truncate(causal.Chain{Space: sum.Space, Replica: g.Replica}, g.Was, g.Seq)
	}
	for _, e := range sum.Gone {
		to.PutGone(e.ID, e.Entry)
	}
	for _, id := range sum.Dropped {
		to.DeleteGone(id)
	}
	kept := note{c, sum.Needs}
	to.PutCheckpoint(kept.appendTo(nil))
	n.replica.Rest(sum)
	n.signed[sum.Space] = c
	delete(n.sums, sum.Space)
	delete(n.differing, sum.Space)
	n.counts.Checkpoints++
}
