package node_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/value"
	"golang.org/x/crypto/blake2b"
)

// A world runs a few nodes on memory disks with links that lose nothing. Time
// moves only when nothing else is left to do. Faults are sim's business.
type world struct {
	t      *testing.T
	now    causal.Instant
	guests []*guest

	fate    func(g *guest) fate                     // of who is about to write; nil: all live
	secrets map[causal.ReplicaID]ed25519.PrivateKey // of all authors; nil: signatures are hashes
	named   map[string]flow.NamedFunc               // functions that are told the ID of their call
	loses   func(from *guest, m node.Message) bool  // whether a message is lost; nil: none is
}

type guest struct {
	*node.Node
	cfg     node.Config
	disk    *store.Mem
	answers map[node.Ticket]node.Answer
	shown   []node.Shown
	notices []flow.Notice
	calls   []node.Call // that nobody has made
	events  []node.Event
	links   map[*guest]bool
	last    node.Ticket
	renew   bool // it has asked for another id
}

// fate is what becomes of a node at a write to its store.
type fate uint8

const (
	lives      fate = iota
	diesBefore      // nothing of it is durable
	diesAfter       // it is durable, and nothing has left
)

const epoch = 1_700_000_000 * causal.Second

// newWorld opens count nodes of the program, the first of them the steward.
func newWorld(t *testing.T, text string, count int) *world {
	t.Helper()
	w := &world{t: t, now: epoch}
	w.add(compiled(t, text), count)
	return w
}

// add opens count nodes of the program.
func (w *world) add(program *plan.Program, count int) { w.addAs(program, count, func(*node.Config) {}) }

// addAs is add of nodes that are configured in some way.
func (w *world) addAs(program *plan.Program, count int, configure func(*node.Config)) {
	w.t.Helper()
	for i := range count {
		g := &guest{disk: store.NewMem(), answers: map[node.Ticket]node.Answer{}, links: map[*guest]bool{}}
		g.cfg = node.Config{
			Key: keyOf(byte(i + 1)), Steward: replicaOf(1), HomeKey: keyOf(100), Name: string(rune('a' + i)),
			Role: "server", Cluster: "test", Program: program, Disk: g.disk, Seed: uint64(i), Mode: member.Mesh,
		}
		configure(&g.cfg)
		w.guests = append(w.guests, g)
		w.open(g)
	}
}

func compiled(t testing.TB, text string) *plan.Program {
	t.Helper()
	program, notes := lang.Compile([]lang.Source{{Name: "test.mrt", Text: text}}, nil)
	if program == nil {
		for _, d := range notes {
			t.Error(diag.Renderer{}.Letter(d))
		}
		t.FailNow()
	}
	return program
}

func keyOf(b byte) causal.Key { return causal.Key{Public: [32]byte{b}, Incarnation: 1} }

func replicaOf(b byte) causal.ReplicaID {
	key := keyOf(b)
	return key.ID()
}

func (g *guest) id() causal.ReplicaID { return g.cfg.Key.ID() }

// sign is a signature that nobody forges.
func sign(author causal.ReplicaID, statement []byte) causal.Signature {
	return blake2b.Sum512(append(author[:], statement...))
}

// notarize answers the requests of an output at once.
func (w *world) notarize(g *guest, out node.Output) {
	var signed []trust.Signed
	for _, q := range out.Sign {
		signed = append(signed, trust.Signed{ID: q.ID, Signature: w.sign(q)})
	}
	var verified []trust.Verified
	for _, q := range out.Verify {
		verified = append(verified, trust.Verified{ID: q.ID, IsGood: w.verify(q)})
	}
	g.Signed(w.now, signed)
	g.Verified(w.now, verified)
}

func (w *world) sign(q trust.SignRequest) causal.Signature {
	if w.secrets != nil {
		return causal.Signature(ed25519.Sign(w.secrets[q.Author], q.Statement))
	}
	return sign(q.Author, q.Statement)
}

func (w *world) verify(q trust.VerifyRequest) bool {
	if w.secrets != nil {
		return ed25519.Verify(q.Public[:], q.Statement, q.Signature[:])
	}
	key := causal.Key{Public: q.Public, Incarnation: 1}
	return sign(key.ID(), q.Statement) == q.Signature
}

// open starts, or restarts, a node from its disk.
func (w *world) open(g *guest) {
	w.t.Helper()
	n, err := node.Open(w.now, g.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	g.Node = n
}

// link brings up the link between two nodes.
func (w *world) link(a, b *guest) error {
	_, errA := a.LinkUp(w.now, b.Hello(), "b")
	_, errB := b.LinkUp(w.now, a.Hello(), "")
	if errA != nil || errB != nil {
		if errA == nil || errB == nil {
			w.t.Errorf("only one side refused: %v, %v", errA, errB)
		}
		return errA
	}
	a.links[b], b.links[a] = true, true
	return nil
}

// linkAll brings up every link.
func (w *world) linkAll() {
	w.t.Helper()
	for i, a := range w.guests {
		for _, b := range w.guests[:i] {
			if !a.links[b] {
				w.mustLink(a, b)
			}
		}
	}
}

func (w *world) mustLink(a, b *guest) {
	w.t.Helper()
	if err := w.link(a, b); err != nil {
		w.t.Fatal(err)
	}
}

// cut takes the links of a node down.
func (w *world) cut(g *guest) {
	for other := range g.links {
		delete(other.links, g)
		other.LinkDown(w.now, g.id(), "cut")
		g.LinkDown(w.now, other.id(), "cut")
	}
	clear(g.links)
}

// hangUp takes down a link that a node wants no more.
func (w *world) hangUp(g *guest, peer causal.ReplicaID) {
	for other := range g.links {
		if other.id() == peer {
			delete(g.links, other)
			delete(other.links, g)
			other.LinkDown(w.now, g.id(), "hung up")
		}
	}
}

// run acts on outputs until no node has any, for the given time.
func (w *world) run(d causal.Instant) {
	w.t.Helper()
	for until := w.now + d; ; {
		for w.deliver() {
		}
		next := until
		for _, g := range w.guests {
			if at, ok := g.Deadline(); ok {
				next = min(next, max(at, w.now+1))
			}
		}
		if w.now = next; next >= until {
			return
		}
		for _, g := range w.guests {
			g.Wake(w.now)
		}
	}
}

// deliver drains every node once.
func (w *world) deliver() (busy bool) {
	for _, g := range w.guests {
		out := g.Drain(w.now)
		w.notarize(g, out)
		g.renew = g.renew || out.Renew
		busy = busy || !out.Empty()
		if len(out.Records) > 0 {
			end := lives
			if w.fate != nil {
				end = w.fate(g)
			}
			if end == diesBefore {
				w.restart(g)
				continue
			}
			if err := g.disk.Write(out.Records); err != nil {
				w.t.Fatal(err)
			}
			if err := g.disk.Sync(); err != nil {
				w.t.Fatal(err)
			}
			if end == diesAfter {
				w.restart(g)
				continue
			}
		}
		for _, m := range out.Messages {
			for to := range g.links {
				if to.id() != m.To || w.loses != nil && w.loses(g, m) {
					continue
				}
				if err := to.Receive(w.now, g.id(), m.Kind, m.Body); err != nil {
					w.t.Fatal(err)
				}
			}
		}
		for _, a := range out.Answers {
			g.answers[a.Ticket] = a
		}
		for _, h := range out.Hangups {
			w.hangUp(g, h.Peer)
		}
		for _, d := range out.Dials {
			g.DialFailed(w.now, d)
		}
		g.shown = append(g.shown, out.Shown...)
		g.notices = append(g.notices, out.Notices...)
		g.calls = append(g.calls, out.Calls...)
		g.events = append(g.events, out.Events...)
	}
	return busy
}

// restart kills a node and starts it on what its disk has.
func (w *world) restart(g *guest) {
	w.cut(g)
	g.disk.Crash(0)
	w.open(g)
	w.linkAll()
}

// raise raises an event and waits for its answer.
func (w *world) raise(g *guest, q node.RaiseRequest) node.Answer {
	w.t.Helper()
	g.last++
	g.Raise(w.now, g.last, q)
	return w.await(g)
}

// read reads a name and waits for its answer.
func (w *world) read(g *guest, name string, key ...value.Value) node.Answer {
	w.t.Helper()
	g.last++
	g.Read(w.now, g.last, node.ReadRequest{Name: name, Key: key})
	return w.await(g)
}

func (w *world) await(g *guest) node.Answer {
	w.t.Helper()
	for range 100 {
		for w.deliver() {
		}
		if a, ok := g.answers[g.last]; ok {
			return a
		}
		w.run(200 * causal.Millisecond)
	}
	w.t.Fatal("no answer in 20 s")
	return node.Answer{}
}

// number reads a scalar.
func (w *world) number(g *guest, name string, key ...value.Value) int64 {
	w.t.Helper()
	a := w.read(g, name, key...)
	if a.Reading == nil {
		w.t.Fatalf("reading %s: %s %s", name, a.Abort, a.Detail)
	}
	return a.Reading.Value.AsInt()
}
