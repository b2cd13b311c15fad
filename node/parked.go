package node

import (
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/serial"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/replica"
)

// A serial block that calls functions of the host waits for them beside the
// home, and is played again from its beginning when they have answered. Others
// run meanwhile, so it may find another state then: what it commits is judged
// by what it read the last time it was played, which is when it takes effect.
// docs/why/serial.md says why that is still one order.

// Bounds of what waits for functions at the home.
const (
	playsMax    = 1024                    // how often one block is played
	playsAgain  = 10 * causal.Millisecond // until one that could not begin its call is played again
	rightsAgain = 50 * causal.Millisecond // until one that waits for rights is
)

// parked is a request whose block waits for a function, or for rights that
// others hold.
type parked struct {
	request serial.Request
	peer    causal.ReplicaID // who asked last
	plays   int
	at      causal.Instant // when it is played again; never: with the answer
	until   causal.Instant // when it waits for rights no more; 0: it has not waited for any
}

// parkedAs finds what waits under a request's name.
func (n *Node) parkedAs(name serial.Name) *parked {
	for _, p := range n.serial.parked {
		if p.request.Name == name {
			return p
		}
	}
	return nil
}

// lacked is what a block needs that is not here yet: one of both.
type lacked struct {
	call  *flow.Call
	short *flow.Short
}

// park lets a request wait for what it lacks. Where as many wait as may it is
// forgotten: its raiser says it again.
func (n *Node) park(now causal.Instant, q *serial.Request, peer causal.ReplicaID, lack *lacked) {
	p := n.parkedAs(q.Name)
	if p == nil {
		if len(n.serial.parked) >= n.cfg.Limits.ParkedMax {
			return
		}
		p = &parked{request: *q, peer: peer}
		n.serial.parked = append(n.serial.parked, p)
	}
	p.plays++
	if lack.short != nil {
		if p.until == 0 {
			p.until = now + n.cfg.Limits.RightsWait
		}
		p.at = min(now+rightsAgain, p.until)
		return
	}
	k := n.call(now, *lack.call)
	if k == nil {
		p.at = now + playsAgain
		return
	}
	p.at = never
	switch {
	case k.result != nil: // another needed it, and has it
		p.at = now
	case slices.Contains(k.blocks, q.Name):
		return
	}
	k.blocks = append(k.blocks, q.Name)
}

// mayFind reports whether others hold the rights that a block lacks.
func (n *Node) mayFind(s *flow.Short) bool {
	c := n.cellOf(s)
	return n.cfg.Limits.RightsWait > 0 && !n.rights.isLapsed && len(n.member.Neighbors()) > 0 &&
		ledger{n}.Held(c)+ledger{n}.Others(c) >= s.Need
}

// maySeek asks others for the rights that a request's block lacks, and reports
// whether it is to wait for them: for as long as any run does, once.
func (n *Node) maySeek(now causal.Instant, name serial.Name, s *flow.Short) bool {
	until := now + n.cfg.Limits.RightsWait
	if p := n.parkedAs(name); p != nil && p.until > 0 {
		until = p.until
	}
	if now >= until || !n.mayFind(s) {
		return false
	}
	c := n.cellOf(s)
	n.rights.machine.Seek(now, c, n.lacking(c)+s.Need, until) // where it can't now, a search may be under way
	return true
}

// unpark forgets a request that has its outcome, and the calls that it needed.
func (n *Node) unpark(name serial.Name) {
	was := len(n.serial.parked)
	n.serial.parked = slices.DeleteFunc(n.serial.parked, func(p *parked) bool { return p.request.Name == name })
	if len(n.serial.parked) == was {
		return
	}
	n.letGo(func(k *calling) {
		k.blocks = slices.DeleteFunc(k.blocks, func(o serial.Name) bool { return o == name })
	})
}

// replay plays the blocks again whose calls have answered, in the order in
// which they began to wait. It reports whether there were any.
func (n *Node) replay(now causal.Instant) (any bool) {
	if len(n.serial.parked) == 0 || !n.isHome() || n.barred[n.homeID] != replica.Valid {
		return false
	}
	for _, p := range slices.Clone(n.serial.parked) {
		if now >= p.at {
			n.runOrdered(now, &p.request, p.peer)
			any = true
		}
	}
	return any
}

// wearies says why a request is played no more, "" where it is.
func (n *Node) wearies(name serial.Name) string {
	if p := n.parkedAs(name); p != nil && p.plays >= playsMax {
		return "the block has asked functions of the host " + strconv.Itoa(playsMax) + " times: call them for less at a time"
	}
	return ""
}
