package browser

import (
	"bytes"
	"errors"
	"maps"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// links are the links that are up or whose peers are saying who they are, and
// the dials under way.
type links struct {
	servers []string // that the worker can dial
	byNo    map[uint64]*link
	byPeer  map[causal.ReplicaID]*link // that are up
	dials   map[uint64]member.Member
	relay   *signal.Relay
	last    uint64 // the number of the last dial: they are odd
}

// link is three streams of frames to one peer.
type link struct {
	no        uint64
	via       Via
	dialed    string // the address that this page dialled, or ""
	nonce     [16]byte
	handshake *admission.Handshake // nil once the peer is known
	heard     int                  // frames of the handshake
	begun     causal.Instant
	in        [wire.Channels][]byte // what came and is no whole frame, or came too early

	peer           causal.ReplicaID // the rest is known of a link that is up
	member         member.Member
	epoch          uint64
	pass           admission.Pass
	expires        causal.Instant // 0: never
	sent, received uint64         // bytes
}

// kindRefused is a host's last frame on a link: a sentence that says why.
const kindRefused uint8 = 255

// refusalMax bounds that sentence.
const refusalMax = 4 << 10

// handshakeFrames is how many frames each side says before the link is up: a
// greeting and a proof.
const handshakeFrames = 2

func newLinks(self causal.ReplicaID, servers []string) links {
	return links{servers: servers, byNo: map[uint64]*link{}, byPeer: map[causal.ReplicaID]*link{}, dials: map[uint64]member.Member{}, relay: signal.NewRelay(self)}
}

func (ls *links) next() uint64 {
	ls.last += 2
	return ls.last - 1
}

func (ls *links) canDial(addr string) bool { return isDialled(addr) }

// asMember is the link as package member compares two to one peer.
func (l *link) asMember() member.Link { return member.Link{Dialed: l.dialed != "", Epoch: l.epoch} }

// connected begins the handshake of a link.
func (h *Host) connected(l *Connected) {
	m, isOwn := h.links.dials[l.Link]
	delete(h.links.dials, l.Link)
	isStray := l.Link%2 == 1 && !isOwn || h.links.byNo[l.Link] != nil
	if isStray || h.admitted == nil || len(h.links.byNo) >= LinksMax {
		h.say(&Hangup{l.Link, "this page takes no further link"})
		if isOwn {
			h.node.DialFailed(h.now, m)
		}
		return
	}
	k := &link{no: l.Link, via: l.Via, dialed: l.Addr, begun: h.now}
	cfg := *h.admitted
	cfg.Random, cfg.Nonce, cfg.Binding = h.die.bytes(), [16]byte(h.die.take(16)), l.Binding
	k.nonce = cfg.Nonce
	k.handshake = admission.New(cfg)
	h.links.byNo[k.no] = k
	h.converse(k)
}

// converse does what a handshake asks for.
func (h *Host) converse(k *link) {
	out := k.handshake.Drain()
	for _, m := range out.Send {
		h.sendFrame(k, wire.Control, m.Kind, m.Body)
	}
	for _, q := range out.Sign {
		h.ask(question{kind: signsProof, link: k.no}, &Sign{Statement: q.Statement})
	}
	for _, q := range out.Verify {
		h.ask(question{verifiesPass, q.ID, k.no}, &Verify{Public: q.Public, Statement: q.Statement, Signature: q.Signature})
	}
	if out.Peer == nil {
		return
	}
	if err := h.linkUp(k, out.Peer); err != nil {
		h.refuse(k, err.Error())
		return
	}
	for c := range wire.Channel(wire.Channels) {
		h.frames(k, c)
	}
}

// linkUp tells the node of a link whose peer is known, unless there is one to the
// peer that is to stay.
func (h *Host) linkUp(k *link, p *admission.Peer) error {
	id := p.Key.ID()
	if err := speaks(h, p, id); err != nil {
		return err
	}
	k.peer, k.epoch, k.pass, k.expires = id, p.Epoch, p.Pass, p.Claim.Expires
	if old := h.links.byPeer[id]; old != nil {
		if !member.Replaces(h.selfID(), id, old.asMember(), k.asMember()) {
			return errors.New("these two nodes are linked already; that link stays")
		}
		h.linkDown(old, "a newer link to the same peer replaces it")
		h.hangUp(old, "a newer link to the same peer replaces it")
	}
	m, err := h.node.LinkUp(h.now, p.Hello, k.dialed)
	if err != nil {
		return err
	}
	k.member, k.handshake = m, nil
	h.links.byPeer[id] = k
	h.links.relay.Up(h.now, id)
	if k.via == WebSocket && k.dialed != "" {
		for c := wire.Control + 1; int(c) < wire.Channels; c++ {
			h.sendFrame(k, c, wire.KindGreeting, k.nonce[:])
		}
	}
	h.say(&Note{false, "linked to " + m.Name + " " + id.Short()})
	return nil
}

// speaks compares who a peer says it is with what it has proven.
func speaks(h *Host, p *admission.Peer, id causal.ReplicaID) error {
	said, user, ok := node.Speaker(p.Hello)
	switch {
	case !ok:
		return nil // LinkUp says what is wrong with its words
	case said.ID != id:
		return errors.New("it says that it is replica " + said.ID.Short() + ", but its key and incarnation are those of " + id.Short())
	}
	role, ok := h.program.Role(said.Role)
	return p.Claim.Speaks(user, said.Role, ok && role.Trusted())
}

func (h *Host) selfID() causal.ReplicaID { return h.admitted.Key.ID() }

// chunk takes bytes of a channel.
func (h *Host) chunk(l *Chunk) {
	k := h.links.byNo[l.Link]
	if k == nil {
		return // they came behind the end of their link
	}
	k.received += uint64(len(l.Bytes))
	k.in[l.Channel] = append(k.in[l.Channel], l.Bytes...)
	if len(k.in[l.Channel]) > inMax && !k.isUp() {
		h.refuse(k, "it says too much before it has said who it is")
		return
	}
	h.frames(k, l.Channel)
}

// inMax bounds what a peer may say on a channel before it is known.
const inMax = admission.GreetingMax + 4<<10

func (k *link) isUp() bool { return k.handshake == nil }

// frames takes the whole frames of a channel. Before the link is up those are
// of the handshake alone: what comes behind waits, as it may before this side
// knows that the peer's proof is good.
func (h *Host) frames(k *link, c wire.Channel) {
	b := k.in[c]
	for h.links.byNo[k.no] == k {
		if !k.isUp() && (c != wire.Control || k.heard == handshakeFrames) {
			break
		}
		f, rest, err := wire.ReadFrame(b)
		if errors.Is(err, wire.ErrTruncated) {
			break
		}
		if err == nil && f.Channel != c {
			err = errors.New("a frame for " + f.Channel.String() + " came on " + c.String())
		}
		if err != nil {
			h.refuse(k, err.Error())
			return
		}
		b = rest
		h.frame(k, f)
	}
	if len(b) < len(k.in[c]) { // the frames taken lie in the same memory, and the node may keep them
		b = bytes.Clone(b)
	}
	k.in[c] = b
}

// frame takes one frame.
func (h *Host) frame(k *link, f wire.Frame) {
	switch {
	case f.Kind == kindRefused:
		h.end(k, "the other side refuses: "+string(f.Body[:min(len(f.Body), refusalMax)]))
	case !k.isUp():
		k.heard++
		if err := k.handshake.Receive(h.now, f.Kind, f.Body); err != nil {
			h.refuse(k, err.Error())
			return
		}
		h.converse(k)
	case h.isFull && f.Channel != wire.Control:
		// what can't be kept is left to repair
	case f.Kind == wire.KindSignal:
		h.heard(k, f.Body)
	default:
		if err := h.node.Receive(h.now, k.peer, f.Kind, f.Body); err != nil {
			h.refuse(k, "it sent a malformed message: "+err.Error())
		}
	}
}

// send queues a message for a peer. One whose link is down is dropped: what it
// carried is asked for again when the link is back.
func (h *Host) send(m *node.Message) {
	if k := h.links.byPeer[m.To]; k != nil {
		h.sendFrame(k, m.Channel, m.Kind, m.Body)
	}
}

// sendFrame appends a frame to the last letter, if that goes the same way.
func (h *Host) sendFrame(k *link, c wire.Channel, kind uint8, body []byte) {
	k.sent += uint64(wire.HeaderSize + len(body))
	if n := len(h.out); n > 0 {
		if s, ok := h.out[n-1].(*Send); ok && s.Link == k.no && s.Channel == c && len(s.Bytes)+len(body) <= chunkMax/4 {
			s.Bytes = wire.AppendFrame(s.Bytes, c, kind, body)
			return
		}
	}
	h.say(&Send{k.no, c, wire.AppendFrame(nil, c, kind, body)})
}

// closed takes the end of a link or of a dial.
func (h *Host) closed(l *Closed) {
	if m, ok := h.links.dials[l.Link]; ok {
		delete(h.links.dials, l.Link)
		h.node.DialFailed(h.now, m)
		return
	}
	if k := h.links.byNo[l.Link]; k != nil {
		delete(h.links.byNo, l.Link)
		h.lose(k, l.Why)
	}
}

// refuse says why on the control channel, where the peer will show it, and ends
// the link.
func (h *Host) refuse(k *link, why string) {
	h.sayRefused(k, why)
	h.end(k, why)
}

func (h *Host) sayRefused(k *link, why string) {
	h.sendFrame(k, wire.Control, kindRefused, []byte(why[:min(len(why), refusalMax)]))
}

// end ends a link from this side.
func (h *Host) end(k *link, why string) {
	h.hangUp(k, why)
	h.lose(k, why)
}

func (h *Host) hangUp(k *link, why string) {
	delete(h.links.byNo, k.no)
	h.say(&Hangup{k.no, why})
}

// lose tells the node of a link that is no more.
func (h *Host) lose(k *link, why string) {
	h.say(&Note{!k.isUp(), "link ended: " + why})
	if k.isUp() {
		h.linkDown(k, why)
	} else if k.dialed != "" {
		h.node.DialFailed(h.now, member.Member{Addr: k.dialed})
	}
}

// linkDown tells the node that a link ended, unless it knows.
func (h *Host) linkDown(k *link, why string) {
	if h.links.byPeer[k.peer] == k {
		h.links.forget(k.peer)
		h.node.LinkDown(h.now, k.peer, why)
	}
}

// expire ends links whose peers' passes have, and those whose peers have not
// said in time who they are.
func (h *Host) expire() {
	for _, no := range order.Sorted(maps.Keys(h.links.byNo), func(a, b uint64) int { return int(int64(a - b)) }) {
		k := h.links.byNo[no]
		switch at, ok := k.endsAt(); {
		case !ok || h.now < at:
		case k.isUp():
			h.refuse(k, "its pass has expired: let it be admitted again")
		default:
			h.refuse(k, "it has not said in time who it is")
		}
	}
}

// endsAt is when a link ends by itself.
func (k *link) endsAt() (causal.Instant, bool) {
	if !k.isUp() {
		return k.begun + handshakeAfter, true
	}
	return k.expires, k.expires > 0
}

func (ls *links) deadline() (at causal.Instant, ok bool) {
	for _, k := range ls.byNo {
		if end, isDue := k.endsAt(); isDue && (!ok || end < at) {
			at, ok = end, true
		}
	}
	return at, ok
}
