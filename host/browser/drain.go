package browser

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/wire"
)

// drain takes what the node has to say. Its records go to the journal; what
// stands behind them waits for the end of the delivery.
func (h *Host) drain() bool {
	if h.node == nil {
		return false
	}
	h.handOver()
	out := h.node.Drain(h.now)
	if out.Empty() {
		return false
	}
	for _, q := range out.Sign {
		h.ask(question{kind: signsSeal, id: q.ID}, &Sign{Statement: q.Statement})
	}
	for _, q := range out.Verify {
		h.ask(question{kind: verifiesSeal, id: q.ID}, &Verify{Public: q.Public, Statement: q.Statement, Signature: q.Signature})
	}
	out.Sign, out.Verify = nil, nil
	if h.isFull {
		h.pass(&out)
	} else if err := h.disk.Write(out.Records); err != nil {
		h.fail(Damaged, "the journal takes nothing more: "+err.Error())
		return false
	}
	h.pending = append(h.pending, out)
	return true
}

// settle lets the delivery take effect: one Write for all its records, and then
// what stood behind them. What that brings up takes effect too.
func (h *Host) settle() {
	for h.drain() && h.node != nil {
		h.flush()
		pending := h.pending
		h.pending = nil
		for i := range pending {
			h.release(&pending[i])
		}
	}
	if h.node == nil {
		return
	}
	if h.isOver {
		h.say(&Ended{})
		return
	}
	h.follow()
	if at, ok := h.deadline(); ok && (at != h.timer || at <= h.now) {
		h.timer = at
		h.say(&Timer{at})
	}
}

// flush makes what was written to the journal the worker's to make durable.
func (h *Host) flush() {
	if h.isFull {
		return
	}
	if err := h.disk.Sync(); err != nil {
		h.fail(Damaged, "the journal can't be written: "+err.Error())
		return
	}
	actions := h.disk.Take()
	if len(actions) == 0 {
		return
	}
	w := &Write{Ops: make([]FileOp, len(actions))}
	for i, a := range actions {
		w.Ops[i] = FileOp{Kind: byte(a.Kind), File: byte(a.File), At: a.At, Bytes: a.Bytes}
	}
	h.say(w)
}

// release lets go of what an output's records made true, in the order that
// package node asks for.
func (h *Host) release(out *node.Output) {
	if h.node == nil {
		return
	}
	for i := range out.Messages {
		h.send(&out.Messages[i])
	}
	for i := range out.Answers {
		h.answer(&out.Answers[i])
	}
	for i := range out.Shown {
		h.show(&out.Shown[i])
	}
	for _, n := range out.Notices {
		h.say(&Notice{jsonvalue.Append(nil, n.KeyType, n.Key), jsonvalue.Append(nil, n.ValueType, n.Value)})
	}
	for _, m := range out.Dials {
		h.dial(m)
	}
	for _, hang := range out.Hangups {
		if l := h.links.byPeer[hang.Peer]; l != nil {
			h.links.forget(hang.Peer)
			h.sayRefused(l, hang.Why)
			h.hangUp(l, hang.Why)
		}
	}
	h.heedRevoked(out.Revocations)
	for _, e := range out.Events {
		h.say(&Note{isWarning(e.Kind), e.Text})
	}
	if out.Renew {
		h.isOver = true
		h.say(&Renew{"this replica id is at its end: this page goes on under the next one"})
	}
}

func isWarning(k node.EventKind) bool {
	switch k {
	case node.EventFork, node.EventRefused, node.EventDropped, node.EventLate:
		return true
	}
	return false
}

// space takes the word of the worker on its storage. What was held goes out when
// there is some.
func (h *Host) space(l *Space) {
	h.isFull = l.IsFull
	if h.isFull {
		return
	}
	held := h.held
	h.held = nil
	for _, out := range held {
		if err := h.disk.Write(out.Records); err != nil {
			h.fail(Damaged, "the journal takes nothing more: "+err.Error())
			return
		}
	}
	h.flush()
	for i := range held {
		h.release(&held[i])
	}
}

// pass keeps in out what may leave while the storage is full although something
// before it is not durable, and holds the rest. Readings may: they are shown.
// So may refusals and pings, which say nothing of the state.
func (h *Host) pass(out *node.Output) {
	rest := node.Output{Records: out.Records, Shown: out.Shown, Notices: out.Notices, Renew: out.Renew}
	now := node.Output{Dials: out.Dials, Hangups: out.Hangups, Events: out.Events}
	for _, a := range out.Answers {
		if a.Reading != nil || a.Abort != "" {
			now.Answers = append(now.Answers, a)
		} else {
			rest.Answers = append(rest.Answers, a)
		}
	}
	for _, m := range out.Messages {
		if m.Channel == wire.Control && m.Kind == node.KindMember {
			now.Messages = append(now.Messages, m)
		} else {
			rest.Messages = append(rest.Messages, m)
		}
	}
	if !rest.Empty() {
		h.held = append(h.held, rest)
	}
	*out = now
}

// dial has the worker make a link, where it can.
func (h *Host) dial(m member.Member) {
	if !h.links.canDial(m.Addr) || h.admitted == nil {
		h.node.DialFailed(h.now, m)
		return
	}
	for no, under := range h.links.dials {
		if under.Addr == m.Addr { // it came to nothing in time
			delete(h.links.dials, no)
			h.say(&Hangup{no, "it takes too long"})
		}
	}
	no := h.links.next()
	h.links.dials[no] = m
	h.say(&Dial{no, m.Addr})
}

// isDialled reports whether an address is one that a browser can dial.
func isDialled(addr string) bool {
	return strings.HasPrefix(addr, "ws://") || strings.HasPrefix(addr, "wss://") || strings.HasPrefix(addr, pagePrefix)
}

// deadline is when the worker has to deliver at the latest.
func (h *Host) deadline() (at causal.Instant, ok bool) {
	at, ok = h.node.Deadline()
	if next, isDue := h.links.deadline(); isDue && (!ok || next < at) {
		at, ok = next, true
	}
	at += Microsecond - 1 // a letter has whole ones, and the worker is not to come too early
	return max(at-at%Microsecond, h.now), ok
}
