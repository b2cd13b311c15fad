package browser

import (
	"errors"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/journal"
	"github.com/martinelli-lang/martinelli/trust/admission"
)

// Config is what a Host can't be told by letter.
type Config struct {
	// Funcs links the functions that a program imports; nil links none.
	Funcs func(*plan.Program) (map[string]flow.Func, error)
	// Adjust, if not nil, may change what the node is made of: a test's server is
	// a host like this one.
	Adjust func(*node.Config)
}

// Host is a node in a page's worker. The zero Host with a Config is ready to
// be opened; Deliver is its only door.
type Host struct {
	cfg     Config
	now     causal.Instant
	files   [journal.FileCount][]byte // until Open
	program *plan.Program
	role    string
	places  map[string]plan.Place // where each event takes place
	disk    *journal.Journal
	node    *node.Node
	die     die

	admitted *admission.Config   // of each handshake but for what is new in it; nil: no pass
	revoked  []causal.Revocation // who is let in no more
	links    links
	notary   notary
	commands commands

	delegated map[uint64]admission.Claim // of passes that are being signed, by ticket

	isFull  bool
	held    []node.Output // drained while the storage is full; what is in them grows by deadlines alone
	pending []node.Output // drained, waiting for the end of the delivery
	out     []Out
	timer   causal.Instant // that the worker was told last
	isOver  bool           // there is no node any more
}

// New returns a Host that awaits Open.
func New(cfg Config) *Host { return &Host{cfg: cfg} }

// Deliver takes letters at a time and returns what the worker is to do. What
// comes in one delivery shares one Write.
func (h *Host) Deliver(d Delivery) []Out {
	h.now = max(h.now, d.Now)
	for i, l := range d.Letters {
		if h.isOver {
			break
		}
		h.take(l)
		if (i+1)%BatchMax == 0 {
			h.drain()
		}
	}
	h.wake()
	h.settle()
	out := h.out
	h.out = nil
	return out
}

// take is the alphabet of the host.
func (h *Host) take(l In) {
	if h.node == nil {
		h.takeFirst(l)
		return
	}
	switch l := l.(type) {
	case *Raise:
		h.raise(l)
	case *Read:
		h.read(l)
	case *Watch:
		h.watch(l)
	case *Unwatch:
		h.unwatch(l)
	case *AskStatus:
		h.say(&Status{h.status()})
	case *Connected:
		h.connected(l)
	case *Chunk:
		h.chunk(l)
	case *Closed:
		h.closed(l)
	case *Signed:
		h.signed(l)
	case *Verified:
		h.verified(l)
	case *Space:
		h.space(l)
	case *Online:
		h.node.Online(h.now)
	case *Signal:
		h.signal(l)
	case *Delegate:
		h.delegate(l)
	case *Close:
		h.close()
	default:
		h.fail(Refused, "a letter came that only stands before the node is open: this is a bug of the worker")
	}
}

// takeFirst takes what comes before there is a node.
func (h *Host) takeFirst(l In) {
	switch l := l.(type) {
	case *Stored:
		if int(l.File) >= len(h.files) {
			h.fail(Refused, "the worker has a file that no journal has: this is a bug of the worker")
			return
		}
		h.files[l.File] = l.Bytes
	case *Open:
		h.open(l)
	case *Close:
		h.isOver = true
		h.say(&Ended{})
	case *Space, *Online, *Signed, *Verified, *Closed, *Signal:
		// of what was before
	default:
		h.fail(Refused, "a letter came before the node was open: this is a bug of the worker")
	}
}

// open restores the node from what was stored.
func (h *Host) open(l *Open) {
	program, err := plan.Decode(l.Plan)
	if err != nil {
		h.fail(Program, "the plan can't be read: "+err.Error())
		return
	}
	h.program, h.role, h.die = program, l.Role, die{secret: l.Random}
	isFirst := true
	for _, f := range h.files {
		isFirst = isFirst && len(f) == 0
	}
	h.disk, err = journal.Open(h.files, journal.Options{Salt: h.die.number(), Written: l.Written, NewReplica: l.NewReplica})
	h.files = [journal.FileCount][]byte{}
	if err != nil {
		h.fail(whyNot(err), err.Error())
		return
	}
	if err := h.openNode(l); err != nil {
		h.fail(whyNot(err), err.Error())
		return
	}
	live, _ := h.disk.Size()
	surface := program.Surface(l.Role)
	h.places = map[string]plan.Place{}
	for _, e := range surface.Events {
		h.places[e.Name] = e.Runs
	}
	h.say(&Opened{Replica: h.node.Status().Self.ID, Schema: appendSchema(nil, surface), IsFirst: isFirst, Size: live})
}

func (h *Host) openNode(l *Open) error {
	var funcs map[string]flow.Func
	if h.cfg.Funcs != nil {
		var err error
		if funcs, err = h.cfg.Funcs(h.program); err != nil {
			return err
		}
	}
	key := causal.Key{Public: l.Public, Incarnation: l.Incarnation}
	pass, err := readPass(l.Pass)
	if err != nil {
		return err
	}
	servers := make([]member.Member, 0, len(l.Servers))
	for _, addr := range l.Servers {
		servers = append(servers, member.Member{Addr: addr})
	}
	cfg := node.Config{
		Key: key, Name: l.Name, Role: l.Role, User: l.User, Addr: addrOf(l, key.ID()),
		Cluster: l.Cluster, Steward: l.Steward, Former: l.Former,
		Program: h.program, Funcs: funcs,
		Disk: h.disk, Seed: h.die.number(), Mode: member.Mesh, Peers: servers,
		Limits: node.Limits{FlushEvery: flushEvery},
	}
	if h.cfg.Adjust != nil {
		h.cfg.Adjust(&cfg)
	}
	n, err := node.Open(h.now, cfg)
	if err != nil {
		return err
	}
	h.node, h.commands, h.notary, h.revoked = n, newCommands(), newNotary(), nil
	h.delegated = map[uint64]admission.Claim{}
	h.links = newLinks(key.ID(), l.Servers)
	if len(pass.Blocks) > 0 {
		h.admitted = &admission.Config{
			Authority: admission.Authority{Cluster: l.Cluster, Root: l.Root}, Key: key, Pass: pass, Epoch: l.Epoch, Hello: n.Hello(), Bars: h.bars,
		}
	}
	return nil
}

func readPass(b []byte) (admission.Pass, error) {
	if len(b) == 0 {
		return admission.Pass{}, nil
	}
	p, err := admission.DecodePass(b)
	if err != nil {
		return p, errors.New("this page's pass can't be read: " + err.Error() + "; let it be admitted again")
	}
	return p, nil
}

// whyNot is the kind of an error with which nothing opens.
func whyNot(err error) FailedKind {
	switch {
	case errors.Is(err, store.ErrBehind):
		return Behind
	case errors.Is(err, journal.ErrDamaged), errors.Is(err, store.ErrVersion):
		return Damaged
	}
	return Program
}

// wake gives the node its time, when it is due.
func (h *Host) wake() {
	if h.node == nil || h.isOver {
		return
	}
	h.expire()
	if at, ok := h.node.Deadline(); ok && at <= h.now {
		h.node.Wake(h.now)
	}
}

// close ends the node; its last records shorten the next opening.
func (h *Host) close() {
	h.node.Close(h.now)
	h.drain()
	h.isOver = true
}

// fail says that there will be no node, or none any more.
func (h *Host) fail(kind FailedKind, text string) {
	h.isOver, h.node, h.pending = true, nil, nil
	h.say(&Failed{kind, text})
}

func (h *Host) say(l Out) { h.out = append(h.out, l) }
