package browser_test

import (
	"crypto/ed25519"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/host/browser"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/store/journal"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

const (
	epoch   = 1_790_000_000 * causal.Second
	cluster = "c1"
)

// world is workers that play by docs/wire/mailbox.md, on one thread, with a
// network that loses nothing. All letters cross as bytes.
type world struct {
	t       testing.TB
	now     causal.Instant
	plan    []byte
	steward *worker
	workers []*worker
	signals []signal.Kind // that reached a page
	forged  bool          // somebody between two pages changes fingerprints
	rtc     bool          // pages have addresses, and find to each other by signals
}

// worker is a page's worker, or with the role "server" what stands for a server.
type worker struct {
	w     *world
	name  string
	role  string
	key   ed25519.PrivateKey
	pass  admission.Pass
	peers []string // that it dials: names of workers

	host   *browser.Host
	files  [journal.FileCount][]byte // durable
	inbox  []browser.In
	timer  causal.Instant
	starts uint64
	inc    uint64

	links    map[uint64]end
	lastLink uint64
	cut      bool // it reaches nobody
	full     bool // its storage has no space
	stuck    []browser.Out

	opened  *browser.Opened
	failed  *browser.Failed
	answers map[uint64][]browser.Answer
	changes map[uint64][]browser.Change
	status  []byte
	renewed bool
	kill    func(browser.Out) bool // dies before this letter
	writes  int
	spent   time.Duration // in the host
}

// end is where a link's bytes go.
type end struct {
	to *worker
	no uint64
}

func newWorld(t *testing.T, program string, pages ...string) *world {
	t.Helper()
	text, err := os.ReadFile("../../examples/tour/" + program + "/" + program + ".mrt")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: epoch, plan: plan.Encode(compiled(t, string(text)))}
	w.steward = w.add("server", "server")
	for _, name := range pages {
		w.add(name, "client")
	}
	return w
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

func (w *world) add(name, role string) *worker {
	w.t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	p := &worker{w: w, name: name, role: role, key: ed25519.NewKeyFromSeed(seed), inc: 1}
	w.workers = append(w.workers, p)
	if w.steward == nil {
		w.steward = p
	}
	claim := admission.Claim{Subject: p.public(), IsTrusted: true, Invites: 2, Issued: 1}
	by, pass := p, admission.Pass{Cluster: cluster}
	if role != "server" {
		claim = admission.Claim{Subject: p.public(), User: name, Roles: []string{role}, Invites: 1, Issued: 2}
		by, pass = w.steward, w.steward.pass
		p.peers = []string{"server"}
	}
	statement, err := pass.Statement(&claim)
	if err != nil {
		w.t.Fatal(err)
	}
	p.pass = pass.With(&claim, causal.Signature(ed25519.Sign(by.key, statement)))
	p.start()
	return p
}

func (p *worker) public() [32]byte { return [32]byte(p.key.Public().(ed25519.PublicKey)) }

func (p *worker) id() causal.ReplicaID {
	return causal.NewReplicaID(p.key.Public().(ed25519.PublicKey), p.inc)
}

// start opens a host on the files, as after a reload.
func (p *worker) start() {
	p.starts++
	p.host, p.links, p.timer, p.inbox, p.stuck, p.opened, p.failed = browser.New(browser.Config{Adjust: p.adjust}), map[uint64]end{}, 0, nil, nil, nil, nil
	p.answers, p.changes = map[uint64][]browser.Answer{}, map[uint64][]browser.Change{}
	for i, b := range p.files {
		if len(b) > 0 {
			p.put(&browser.Stored{File: byte(i), Bytes: append([]byte(nil), b...)})
		}
	}
	open := &browser.Open{
		Plan: p.w.plan, Public: p.public(), Incarnation: p.inc, Epoch: p.starts, Random: [32]byte{byte(p.starts)}, Name: p.name, Role: p.role,
		Cluster: cluster, Steward: p.w.steward.id(), Root: p.w.steward.public(), Pass: p.pass.AppendTo(nil),
	}
	copy(open.Random[1:], p.name)
	if p.role != "server" {
		open.User = p.pass.Holder().User
	}
	if p.w.rtc && p.role != "server" {
		open.Addr = "page:"
	}
	for _, name := range p.peers {
		open.Servers = append(open.Servers, "ws://"+name)
	}
	p.put(open)
	p.deliver()
}

// adjust makes a node a first node.
func (p *worker) adjust(cfg *node.Config) {
	if p == p.w.steward {
		cfg.HomeKey = causal.Key{Public: [32]byte{100}, Incarnation: 1}
	}
}

// die loses all but the files; its links end.
func (p *worker) die() {
	for _, e := range p.links {
		e.to.drop(e.no, "the other side is gone")
	}
	p.links = map[uint64]end{}
}

func (p *worker) drop(no uint64, why string) {
	delete(p.links, no)
	p.put(&browser.Closed{Link: no, Why: why})
}

func (p *worker) put(l browser.In) { p.inbox = append(p.inbox, l) }

// deliver hands over what has gathered, and does what comes of it.
func (p *worker) deliver() {
	d := browser.Delivery{Now: p.w.now, Letters: p.inbox}
	p.inbox = nil
	decoded, err := browser.DecodeDelivery(d.AppendTo(nil))
	if err != nil {
		p.w.t.Fatal(err)
	}
	begun := time.Now()
	letters := p.host.Deliver(decoded)
	p.spent += time.Since(begun)
	out, err := browser.DecodeLetters(browser.AppendLetters(nil, letters))
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.obey(out)
}

func (p *worker) obey(out []browser.Out) {
	for i, l := range out {
		if p.kill != nil && p.kill(l) {
			p.die()
			p.start()
			return
		}
		if _, isWrite := l.(*browser.Write); isWrite && p.full {
			p.stuck = append(p.stuck, out[i:]...)
			p.put(&browser.Space{IsFull: true})
			return
		}
		p.do(l)
	}
}

// space ends a time without any.
func (p *worker) space() {
	p.full = false
	stuck := p.stuck
	p.stuck = nil
	p.obey(stuck)
	p.put(&browser.Space{})
}

func (p *worker) do(l browser.Out) {
	switch l := l.(type) {
	case *browser.Opened:
		p.opened = l
	case *browser.Failed:
		p.failed = l
	case *browser.Write:
		p.writes++
		p.write(l.Ops)
	case *browser.Send:
		if e, ok := p.links[l.Link]; ok {
			e.to.put(&browser.Chunk{Link: e.no, Channel: l.Channel, Bytes: append([]byte(nil), l.Bytes...)})
		}
	case *browser.Dial:
		p.dial(l)
	case *browser.Signalled:
		p.signalled(l)
	case *browser.Hangup:
		if e, ok := p.links[l.Link]; ok {
			delete(p.links, l.Link)
			e.to.drop(e.no, "hung up: "+l.Why)
		}
	case *browser.Sign:
		p.put(&browser.Signed{No: l.No, IsGood: true, Signature: causal.Signature(ed25519.Sign(p.key, l.Statement))})
	case *browser.Verify:
		p.put(&browser.Verified{No: l.No, IsGood: ed25519.Verify(l.Public[:], l.Statement, l.Signature[:])})
	case *browser.Answer:
		p.answers[l.Ticket] = append(p.answers[l.Ticket], *l)
	case *browser.Change:
		p.changes[l.Ticket] = append(p.changes[l.Ticket], *l)
	case *browser.Timer:
		p.timer = l.At
	case *browser.Status:
		p.status = l.JSON
	case *browser.Renew:
		p.renewed = true
	}
}

func (p *worker) write(ops []browser.FileOp) {
	for _, op := range ops {
		f := &p.files[op.File]
		switch journal.ActionKind(op.Kind) {
		case journal.Write:
			for uint64(len(*f)) < op.At+uint64(len(op.Bytes)) {
				*f = append(*f, 0)
			}
			copy((*f)[op.At:], op.Bytes)
		case journal.Truncate:
			*f = (*f)[:min(op.At, uint64(len(*f)))]
		}
	}
}

func (p *worker) dial(l *browser.Dial) {
	if hex, isPage := strings.CutPrefix(l.Addr, "page:"); isPage {
		p.call(l.Link, hex)
		return
	}
	for _, to := range p.w.workers {
		if "ws://"+to.name == l.Addr && !to.cut && !p.cut {
			to.lastLink += 2
			p.links[l.Link], to.links[to.lastLink] = end{to, to.lastLink}, end{p, l.Link}
			p.put(&browser.Connected{Link: l.Link, Via: browser.Broadcast, Addr: l.Addr})
			to.put(&browser.Connected{Link: to.lastLink, Via: browser.Broadcast})
			return
		}
	}
	p.put(&browser.Closed{Link: l.Link, Why: "nobody is there"})
}

// settle goes on until nobody has anything to do before the time given has passed.
func (w *world) settle(during causal.Instant) {
	until := w.now + during
	for steps := 0; ; steps++ {
		if steps > 200_000 {
			w.t.Fatal("it does not come to rest")
		}
		if w.step() {
			continue
		}
		next := until + 1
		for _, p := range w.workers {
			if p.timer > 0 && p.timer < next {
				next = p.timer
			}
		}
		if next > until {
			w.now = until
			return
		}
		w.now = max(w.now, next)
		for _, p := range w.workers {
			if p.timer > 0 && p.timer <= w.now {
				p.timer = 0
				p.deliver()
			}
		}
	}
}

func (w *world) step() bool {
	for _, p := range w.workers {
		if len(p.inbox) > 0 {
			p.deliver()
			return true
		}
	}
	return false
}

func (w *world) page(name string) *worker {
	for _, p := range w.workers {
		if p.name == name {
			return p
		}
	}
	w.t.Fatalf("no page %s", name)
	return nil
}

// read returns what a database or view reads as.
func (p *worker) read(name string) string {
	const ticket = 1 << 40
	delete(p.answers, ticket)
	p.put(&browser.Read{Ticket: ticket, Name: name})
	p.deliver()
	answers := p.answers[ticket]
	switch {
	case len(answers) == 0:
		return "no answer"
	case answers[0].State == browser.Done:
		return string(answers[0].Value)
	}
	return answers[0].Why + ": " + answers[0].Detail
}

func (p *worker) raise(ticket uint64, event, args string) {
	p.put(&browser.Raise{Ticket: ticket, Event: event, Args: []byte(args)})
}

func (p *worker) has(ticket uint64, state browser.AnswerState) bool {
	for _, a := range p.answers[ticket] {
		if a.State == state {
			return true
		}
	}
	return false
}
