package node

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
)

// settle carries what the machines have gathered from one to the other until
// none has anything left: this is where they are introduced to each other.
func (n *Node) settle(now causal.Instant) {
	for n.pump(now) || n.runItems(now) || n.runElses(now) || n.takeOver(now) || n.tendRights(now) || n.tendSerial(now) {
	}
	n.answerSagas(now)
	n.begin(now)
	n.weigh(now)
	n.lookAtClock(now)
	n.heed(now, n.engine.Drain())
	n.keepPast()
}

// pump drains each machine once and reports whether another round is due.
func (n *Node) pump(now causal.Instant) (again bool) {
	members := n.member.Drain()
	casts := n.cast.Drain()
	repairs := n.repair.Drain()
	trusted := n.trust.Drain()

	n.heedMembers(now, members)
	n.heedTrust(now, trusted)
	for _, m := range casts.Messages {
		n.send(m.To, wire.Commits, KindBroadcast, m.Body)
	}
	for _, m := range repairs.Messages {
		channel := wire.Control
		if m.Bulk {
			channel = wire.Bulk
		}
		n.send(m.To, channel, KindRepair, m.Body)
	}
	for _, d := range casts.Deliveries {
		n.take(now, d.From, d.Body)
	}
	for _, peer := range casts.Behind {
		n.repair.Begin(now, peer)
	}
	for _, d := range repairs.Deliveries {
		n.taking[d.From] = true
		n.take(now, d.From, d.Body)
	}
	for _, f := range repairs.Forks {
		n.event(EventFork, f.Author, "replica "+f.Author.Short()+" has two histories from its part "+strconv.FormatUint(f.Seq, 10)+
			" on in space "+f.Space.String()+": one store was copied, or it lies. It is not exchanged with "+f.Peer.Short()+" until that is proven")
	}
	n.heedEquals(repairs.Equals)
	n.heedContended(repairs.Evidence)
	n.heedStaged(now, repairs.Staged)
	for _, e := range repairs.Ended {
		n.compared(e)
		n.searched(e)
	}
	if len(repairs.Ended) > 0 {
		n.hasten(now)
	}
	return len(repairs.Ended)+len(members.Hangups)+len(casts.Deliveries)+len(casts.Behind)+len(repairs.Deliveries)+len(trusted.Accepted)+len(trusted.Settled)+len(trusted.Sealed)+len(repairs.Evidence)+len(trusted.Liars)+
		len(repairs.Staged.Offers)+len(repairs.Staged.Buckets)+len(repairs.Staged.Outlines) > 0
}

// heedMembers passes on what the membership wants of the host.
func (n *Node) heedMembers(now causal.Instant, o member.Output) {
	for _, m := range o.Messages {
		n.send(m.To, wire.Control, KindMember, m.Body)
	}
	n.out.Dials = append(n.out.Dials, o.Dials...)
	for _, h := range o.Hangups {
		n.unlink(now, h.Peer)
		n.out.Hangups = append(n.out.Hangups, Hangup{h.Peer, h.Why})
	}
	for _, e := range o.Events {
		n.event(EventMember, e.Member.ID, e.Kind.String()+" "+e.Member.Name+" "+e.Why)
	}
}

// take gives parcels that a peer pushed or sent in repair to those who look at
// their seals.
func (n *Node) take(now causal.Instant, from causal.ReplicaID, body []byte) {
	parcels, err := replica.DecodeFrame(body)
	if err != nil {
		n.refuse(now, from, err.Error())
		return
	}
	for i := range parcels {
		n.counts.Received += uint64(len(parcels[i].Parts))
	}
	n.trust.Receive(from, slices.DeleteFunc(parcels, n.isForeign))
}

// isForeign reports whether nobody should have sent a parcel: its space is not
// exchanged, or it is larger than what authors seal and no frame could pass it on.
func (n *Node) isForeign(p causal.Parcel) bool {
	isForeign := !n.keeps(p.Chain().Space) || sizeOf(&p) > wire.FrameMax-4096
	if isForeign {
		n.counts.Foreign += uint64(len(p.Parts))
	}
	return isForeign
}

// refuse ends the link to a peer whose bytes can't be read.
func (n *Node) refuse(now causal.Instant, from causal.ReplicaID, why string) {
	n.counts.Refused++
	n.event(EventRefused, from, why)
	n.member.LinkDown(now, from, why)
	n.unlink(now, from)
	n.out.Hangups = append(n.out.Hangups, Hangup{from, why})
}

// enter makes a group visible: one store write, one change of the views.
func (n *Node) enter(now causal.Instant, g replica.Group) {
	n.record(g)
	for _, p := range g.Parts {
		if !n.clock.Witness(now, p.Stamp) {
			n.counts.Ahead++
		}
	}
	n.counts.Applied += uint64(len(g.Parts))
	n.watchAccess(now, g)
	n.cutRevoked(now, g)
	n.watchDirectory(now, g)
	n.tellLate(g.Missing)
	changes := make([]flow.Change, len(g.Changes))
	for i, c := range g.Changes {
		if isReserved(c.Database) {
			n.heedReserved(c)
		}
		n.stirRights(c.Space, c.Database, c.Key)
		changes[i] = flow.Change{Database: c.Database, Key: c.Key, Item: c.Item, Removed: c.Removed}
	}
	n.show(changes)
	n.rouseHolds(now)
}

// heed passes on what the engine shows, and puts the repairs of violated
// invariants on the list.
func (n *Node) heed(now causal.Instant, o flow.Output) {
	for _, s := range o.Shown {
		if s.Notice {
			n.tellNotices(s)
			continue
		}
		shown := Shown{Shown: s, AsOf: now}
		if s.Copied {
			shown.AsOf = n.copies.asOf
		}
		if !s.Render {
			shown.Tickets = n.watchers(s.Name, s.User)
		}
		n.out.Shown = append(n.out.Shown, shown)
	}
	for _, v := range o.Violations {
		n.judgeViolation(now, v)
	}
	n.schedule(now, o.Dues)
	n.heedAging(now, o.Aging)
}

// watched is a database or view, and in whose session it is watched.
type watched struct{ name, user string }

// watchers returns the tickets that watch a name, in order. What is the same
// for everybody is shown to the watchers of all sessions.
func (n *Node) watchers(name, user string) []Ticket {
	var tickets []Ticket
	for t, w := range n.watches {
		if w.name == name && (user == "" || w.user == user) {
			tickets = append(tickets, t)
		}
	}
	order.Sort(tickets, cmp.Compare)
	return tickets
}

// sweepMax bounds the deletions that a Drain adds to a batch that is written
// anyway.
const sweepMax = 256

// Drain hands out what has gathered since the last Drain.
func (n *Node) Drain(now causal.Instant) Output {
	if len(n.minted) > 0 {
		n.trust.Seal(n.minted)
		n.minted = n.minted[:0]
		n.settle(now)
	}
	n.noteSealed(now)
	n.flushIfDue()
	n.store.Sweep(sweepMax)
	out := n.out
	out.Records = n.store.Take()
	if n.cfg.Planted.SplitsWrites {
		out.Records = n.holdBack(out.Records)
	}
	n.out = Output{Answers: make([]Answer, 0, min(len(out.Answers), 1024))} // as many as last time: a load goes on
	return out
}
