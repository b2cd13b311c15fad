package admission

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Config is one side of one open link.
type Config struct {
	Authority            // whose passes count
	Key       causal.Key // this side's
	Pass      Pass       // that it shows
	Random    [32]byte   // never used before
	Nonce     [16]byte   // of the link, at the side that dials
	Epoch     uint64     // greater after each start of the process
	Hello     []byte     // the node's first words

	// Binding is what both ends know of the transport and nobody between them can
	// make fit: nothing on a WebSocket, and of a WebRTC connection the fingerprints
	// of both certificates in ascending order.
	Binding []byte

	// Bars, if not nil, is asked about a pass whose signatures are good, and says
	// in a sentence why it does not count; "" if it does.
	Bars func(*Pass) string
}

// Peer is who is at the other end, proven.
type Peer struct {
	Key   causal.Key
	Claim Claim // what its pass allows
	Pass  Pass
	Nonce [16]byte
	Epoch uint64
	Hello []byte // not proven, but that the owner of the key said it
}

// SignRequest asks the host for this side's signature.
type SignRequest struct {
	Statement []byte
}

// VerifyRequest asks the host whether a signature is good.
type VerifyRequest struct {
	ID uint64
	Check
}

// Message is a frame for the other side, on the control channel.
type Message struct {
	Kind uint8 // wire.KindGreeting or wire.KindProof
	Body []byte
}

// Output is what a Drain hands out.
type Output struct {
	Send   []Message
	Sign   []SignRequest
	Verify []VerifyRequest
	Peer   *Peer // once: the handshake is done, behind what is to be sent
}

// state is what a handshake awaits.
type state uint8

const (
	awaitsGreeting state = iota
	awaitsVerdict        // on the signatures of the peer's pass
	awaitsProof          // of the peer
	awaitsProven         // the verdict on it
	done
	failed
)

// Handshake is one side of the conversation with which an open link begins. The
// two sides are alike. Each greets; each signs both greetings once the other's
// pass has turned out to be good; each is done when it has sent its proof and the
// other's is good. After an error it is of no more use, and whoever is at the
// other end is told the sentence and hung up on.
type Handshake struct {
	cfg     Config
	state   state
	own     []byte // this side's greeting
	theirs  []byte
	peer    Peer
	pending int              // signatures of the pass that are with the host
	proof   causal.Signature // of the peer; it may come early
	isEarly bool
	isSent  bool // this side's proof
	lastID  uint64
	out     Output
}

// New begins a handshake: its greeting is in the first Output. A side that was
// dialled may keep it until it has heard the other's.
func New(cfg Config) *Handshake {
	h := &Handshake{cfg: cfg}
	g := greeting{cfg.Random, cfg.Nonce, cfg.Key, cfg.Epoch, cfg.Pass.AppendTo(nil), cfg.Hello}
	h.own = g.appendTo(nil)
	h.out.Send = append(h.out.Send, Message{wire.KindGreeting, h.own})
	return h
}

// Drain hands out what has gathered since the last Drain.
func (h *Handshake) Drain() Output {
	out := h.out
	h.out = Output{}
	return out
}

// IsDone reports whether the peer is proven and has been sent this side's proof.
func (h *Handshake) IsDone() bool { return h.state == done }

// Receive takes a frame of the control channel: its kind and its body, which is
// kept. The error is a *Refusal, a sentence for both sides.
func (h *Handshake) Receive(now causal.Instant, kind uint8, body []byte) error {
	switch {
	case h.state == awaitsGreeting && kind == wire.KindGreeting:
		return h.fails(h.greeted(now, body))
	case kind == wire.KindProof && (h.state == awaitsVerdict || h.state == awaitsProof) && !h.isEarly:
		return h.fails(h.proven(body))
	}
	return h.fails(refuse(Malformed, "what it says is out of turn: a link begins with a greeting and a proof"))
}

// Signed takes this side's signature.
func (h *Handshake) Signed(s causal.Signature) {
	if h.isSent || h.state == awaitsGreeting || h.state == failed {
		return
	}
	h.isSent = true
	h.out.Send = append(h.out.Send, Message{wire.KindProof, s[:]})
	h.conclude()
}

// Verified takes the host's word on a signature.
func (h *Handshake) Verified(id uint64, isGood bool) error {
	switch {
	case h.state == awaitsVerdict && isGood && id <= h.lastID:
		if h.pending--; h.pending == 0 {
			return h.fails(h.passed())
		}
	case h.state == awaitsVerdict:
		return h.fails(refuse(Forged, "its pass bears a signature that is not good"))
	case h.state == awaitsProven && isGood:
		h.state = done
		h.conclude()
	case h.state == awaitsProven:
		return h.fails(refuse(Replayed, "its proof is not one of this conversation: somebody stands between, or plays an old one again"))
	}
	return nil
}

// greeted takes the other's greeting and asks about its pass.
func (h *Handshake) greeted(now causal.Instant, body []byte) error {
	g, err := decodeGreeting(body)
	if err != nil {
		return err
	}
	pass, err := DecodePass(g.Pass)
	switch {
	case err != nil:
		return refuse(Malformed, "its pass is malformed: "+err.Error())
	case g.Key.Public == h.cfg.Key.Public, g.Random == h.cfg.Random:
		return refuse(Self, "both ends have one key: it greets as this node, or as its copy")
	}
	checks, err := pass.Judge(&h.cfg.Authority, now)
	if err != nil {
		return err
	}
	if pass.Holder().Subject != g.Key.Public {
		return refuse(Forged, "its pass is for another key than its own")
	}
	h.theirs, h.state, h.pending = body, awaitsVerdict, len(checks)
	h.peer = Peer{g.Key, *pass.Holder(), pass, g.Nonce, g.Epoch, g.Hello}
	for _, c := range checks {
		h.verify(c)
	}
	return nil
}

// passed goes on when all signatures of the pass are good: not before this side
// signs for anybody.
func (h *Handshake) passed() error {
	if h.cfg.Bars != nil {
		if why := h.cfg.Bars(&h.peer.Pass); why != "" {
			return refuse(Revoked, why)
		}
	}
	h.state = awaitsProof
	h.out.Sign = append(h.out.Sign, SignRequest{proofStatement(h.own, h.theirs, h.cfg.Binding)})
	if h.isEarly {
		h.judge()
	}
	return nil
}

// proven takes the other's proof, which may come while its pass is looked at.
func (h *Handshake) proven(body []byte) error {
	if len(body) != len(h.proof) {
		return refuse(Malformed, "its proof is no signature")
	}
	h.proof, h.isEarly = causal.Signature(body), true
	if h.state == awaitsProof {
		h.judge()
	}
	return nil
}

func (h *Handshake) judge() {
	h.state = awaitsProven
	h.verify(Check{h.peer.Key.Public, proofStatement(h.theirs, h.own, h.cfg.Binding), h.proof})
}

func (h *Handshake) verify(c Check) {
	h.lastID++
	h.out.Verify = append(h.out.Verify, VerifyRequest{h.lastID, c})
}

// conclude names the peer when both proofs are there.
func (h *Handshake) conclude() {
	if h.state == done && h.isSent {
		h.out.Peer = &h.peer
	}
}

func (h *Handshake) fails(err error) error {
	if err != nil {
		h.state, h.out = failed, Output{}
	}
	return err
}
