package node

import (
	"errors"
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/escrow"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/overlay/place"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/wire"
)

// Node is one participant. Open is its only door.
type Node struct {
	cfg    Config
	self   causal.ReplicaID // of cfg.Key
	homeID causal.ReplicaID // of cfg.HomeKey
	die    *rand.Rand
	clock  causal.Clock

	engine  *flow.Engine
	store   *store.Store
	replica *replica.Replica
	trust   *trust.Machine
	member  *member.Machine
	cast    *broadcast.Machine
	repair  *repair.Machine

	place     *place.Map
	homeSpace causal.SpaceID // of what is not replicated

	holding func(causal.SpaceID) bool     // what this node keeps of what is exchanged; nil: all
	common  func(causal.SpaceID) bool     // what every node keeps; nil: all
	roles   func(causal.SpaceID) []string // whose nodes keep a space that only some roles share
	facing  map[causal.ReplicaID]facing   // whose each neighbour is
	keeping keeping                       // what rules say of it

	spaces  map[string]causal.SpaceID // handles by name, as they were asked for
	watches map[Ticket]watched        // by ticket

	waiting  []waiting          // commands whose session's past has not come; at most Limits.WaitingMax
	early    []earlyRun         // runs that wait for somebody who may grant what they lack; at most Limits.WaitingMax
	seeking  []*seeking         // runs that ask again for a right, as nobody has answered; at most Limits.WaitingMax
	asked    map[uint64]asked   // requests under way to the home; at most Limits.ForwardMax
	askedSeq uint64             // the number of the last one
	underWay map[string]int     // how many of asked are of each stream
	stalled  map[string]stall   // streams by name; at most Limits.ForwardMax
	standing map[standing]*duty // invariants' repairs that are due
	mortals  mortals            // keys that expire
	pastKept int64              // the latest moment that the store says was shown as past

	computing map[flow.Due]*computation // runs of processes that are due
	calls     calls                     // of functions of the host

	bounds      func(string) (int64, bool)          // which databases escrow keeps; nil: none
	judgement   []byte                              // what verdicts are passed by, as it was at Open; see judgedBy
	stewards    map[causal.ReplicaID]bool           // whose control records govern
	revocations map[causal.Revocation]bool          // that the host was told of
	barred      map[causal.ReplicaID]replica.Reason // why an own author may not write; Valid if it may
	clones      map[causal.ReplicaID]bool           // own authors under whose id somebody else writes
	proofs      map[causal.Chain]*dueProof          // to be written; at most proofsMax
	shunned     map[causal.ReplicaID]causal.Instant // peers that are refused until then; at most shunsMax

	elsewhere elsewhere                           // how many of this node's own parts others have
	synced    map[causal.ReplicaID]causal.Instant // when the last exchange with the peer began that brought all
	searches  map[causal.ReplicaID]search         // of neighbours
	signed    map[causal.SpaceID]signed           // of the checkpoints kept
	sums      map[causal.SpaceID]*replica.Sum     // of checkpoints that others have asked for
	arriving  map[causal.SpaceID]*arriving        // checkpoints on their way here
	differing map[causal.SpaceID]causal.Instant   // where the state here is not what was signed: when that is asked for next
	attests   map[uint64]*attested                // proofs of forks in checkpoints, by the request to the host
	offers    map[uint64]causal.SpaceID           // by the request to the host about the signature
	closings  map[causal.SpaceID]*closing         // at the steward: spaces on their way to the next checkpoint
	finals    map[causal.SpaceID]stewardship      // at the steward
	stirred   map[causal.SpaceID]bool             // at the steward: spaces with something new that have no closing yet

	unnamed unnamed // entries of databases that the program does not name
	outbox  outbox  // of all nodes
	rights  rights  // of what escrow keeps
	sagas   sagas
	serial  serially                    // blocks on their way to their home, and at it
	legacy  legacy                      // of former ids
	access  access                      // who may write, and who asks
	copies  copies                      // of what lives at the home
	giving  map[causal.ReplicaID]*given // at the home: copies that are fetched page by page; at most givenMax pages
	writes  []replica.Write             // scratch of commit
	minted  []causal.Chain              // own chains that have grown since the last Drain
	pushed  map[causal.Chain]uint64     // how far each own chain was pushed
	opened  causal.Instant              // when
	admits  bool                        // this node's user has yet to join the directory
	keyKept map[causal.ReplicaID]bool   // authors whose keys are in the store
	taking  map[causal.ReplicaID]bool   // peers whose repair delivery is with trust
	out     Output
	counts  Counts

	heldBack []store.Op // see Planted
}

// Counts counts since the node was opened.
type Counts struct {
	Commits     uint64 // minted here
	Aborts      uint64 // runs that did not commit
	Applied     uint64 // parts of others that became visible here
	Received    uint64 // parts of others that arrived, again ones included
	Refused     uint64 // messages refused as malformed
	Repairs     uint64 // runs of invariants' repairs that committed
	Voided      uint64 // parts that lost their effect
	Restored    uint64 // parts that had it again
	Foreign     uint64 // parts of others that nobody should have sent: of a space that is not exchanged, or in parcels too large
	Doubted     uint64 // runs of parcels whose seal does not fit what is here
	Shunned     uint64 // peers hung up on, and refused for a while, for their bad seals
	Merges      uint64 // merge parts minted here
	Reissued    uint64 // commits of former ids that were written again here
	Late        uint64 // groups shown without all they name
	Ahead       uint64 // parts whose stamp was too far ahead to move the clock
	Installs    uint64 // checkpoints taken from others
	Untrue      uint64 // pages of checkpoints that are not what the steward has signed
	Checkpoints uint64 // taken as this node's own
	Borrowed    uint64 // runs that waited for rights of others, and committed
	Handed      uint64 // times rights were handed to a neighbour that asked
	Unweighed   uint64 // checkpoints of a vector that is not the one here
	Differing   uint64 // checkpoints of another state than the one here
}

// Open restores a node from its disk. It fails, with a sentence for people,
// where the disk holds another version, or a database of another type than
// the program's.
func Open(now causal.Instant, cfg Config) (*Node, error) {
	cfg.Limits = cfg.Limits.withDefaults()
	cfg.SyncEvery = or(cfg.SyncEvery, syncEvery(cfg.Program))
	cfg.Limits.LateAfter = or(cfg.Limits.LateAfter, or(lateAfter(cfg.Program), 2*cfg.SyncEvery))
	n := &Node{
		cfg: cfg, opened: now, self: cfg.Key.ID(), homeID: cfg.HomeKey.ID(),
		die: rand.New(rand.NewPCG(cfg.Seed, 0x6d617274696e656c)),

		place:     place.New(cfg.Key.ID(), cfg.Steward),
		homeSpace: causal.SpaceOf(cfg.Cluster, plan.HomeSpace),

		holding: Holding(cfg.Cluster, cfg.Program, cfg.Role, cfg.User),
		common:  commonTo(cfg.Cluster, cfg.Program),
		roles:   Roles(cfg.Cluster, cfg.Program),
		facing:  map[causal.ReplicaID]facing{},

		spaces:    map[string]causal.SpaceID{},
		watches:   map[Ticket]watched{},
		asked:     map[uint64]asked{},
		underWay:  map[string]int{},
		signed:    map[causal.SpaceID]signed{},
		sums:      map[causal.SpaceID]*replica.Sum{},
		arriving:  map[causal.SpaceID]*arriving{},
		differing: map[causal.SpaceID]causal.Instant{},
		attests:   map[uint64]*attested{},
		offers:    map[uint64]causal.SpaceID{},
		closings:  map[causal.SpaceID]*closing{},
		finals:    map[causal.SpaceID]stewardship{},
		stirred:   map[causal.SpaceID]bool{},
		stalled:   map[string]stall{},
		standing:  map[standing]*duty{},
		computing: map[flow.Due]*computation{},
		unnamed:   newUnnamed(cfg.Program),
		outbox:    newOutbox(),
		rights:    newRights(),
		serial:    newSerially(cfg),
		legacy:    newLegacy(),
		access:    newAccess(cfg),
		copies:    newCopies(cfg),
		giving:    map[causal.ReplicaID]*given{},
		synced:    map[causal.ReplicaID]causal.Instant{},
		searches:  map[causal.ReplicaID]search{},
		pushed:    map[causal.Chain]uint64{},
		barred:    map[causal.ReplicaID]replica.Reason{},

		revocations: map[causal.Revocation]bool{},
		clones:      map[causal.ReplicaID]bool{},
		proofs:      map[causal.Chain]*dueProof{},
		shunned:     map[causal.ReplicaID]causal.Instant{},
		taking:      map[causal.ReplicaID]bool{},
		keyKept:     map[causal.ReplicaID]bool{},
	}
	n.rights.machine = escrow.New(ledger{n})
	engine, err := flow.New(flow.Config{Program: cfg.Program, Role: cfg.Role, User: cfg.User, Funcs: cfg.Funcs, Planted: cfg.Planted.Flow})
	if err != nil {
		return nil, err
	}
	n.engine = engine
	n.keeping = newKeeping(n)
	n.calls = newCalls(n)
	n.sagas = newSagas(n)
	if err := n.restore(now); err != nil {
		return nil, err
	}
	n.member = member.New(now, member.Config{
		Self:  member.Member{ID: n.self, Name: cfg.Name, Role: cfg.Role, Addr: cfg.Addr, Epoch: uint64(max(now, 1))},
		Mode:  cfg.Mode,
		Peers: cfg.Peers,
		Rand:  n.split(),
	})
	n.reseal()
	n.cast = broadcast.New(broadcast.Config{Relay: cfg.Mode == member.Static})
	n.repair = repair.New(now, repair.Config{Self: n.self, Source: source{n: n}, Facing: func(peer causal.ReplicaID) repair.Source { return source{n, &peer} }, Rand: n.split(), Every: cfg.SyncEvery})
	n.tellUnlinked()
	if err := n.countOwn(); err != nil {
		return nil, err
	}
	n.admits = cfg.User != "" && n.engine.HasUsers()
	if n.isHome() {
		n.serial.desk.LinkUp(now) // the home of its own blocks is always here
	}
	n.settle(now)
	return n, nil
}

// split gives a machine a die of its own, so that one machine's throws do not
// shift another's.
func (n *Node) split() *rand.Rand { return rand.New(rand.NewPCG(n.die.Uint64(), n.die.Uint64())) }

// syncEvery returns the shortest link period of the topology, or a second.
func syncEvery(p *plan.Program) causal.Instant {
	every := int64(0)
	for _, l := range p.Links {
		if l.Every > 0 && (every == 0 || l.Every < every) {
			every = l.Every
		}
	}
	return causal.Instant(or(every, 1000)) * causal.Millisecond
}

// Params returns the parameters of an event's handler at this role.
func (n *Node) Params(event string) ([]plan.Param, bool) { return n.engine.Params(event) }

// LinkUp judges the first words of a peer on a new link. dialed is the
// address this node dialled, or "". The error is a sentence to show on both
// sides; the link is then not up.
func (n *Node) LinkUp(now causal.Instant, hello []byte, dialed string) (member.Member, error) {
	peer, user, err := n.judge(hello)
	if err == nil && now < n.shunned[peer.ID] {
		err = errors.New("the peer has sent many parts with bad seals: it is refused for a minute")
	}
	if err == nil {
		err = n.contradicts(peer.ID, peer.Role, user)
	}
	if err == nil {
		err = n.revoked(peer.ID)
	}
	if err != nil {
		n.counts.Refused++
		n.event(EventRefused, peer.ID, err.Error())
		if peer.ID == n.self {
			n.member.LinkUp(now, peer, dialed) // so that it stops dialling its own address
			n.settle(now)
		}
		return peer, err
	}
	n.face(peer.ID, peer.Role, user)
	n.member.LinkUp(now, peer, dialed)
	n.cast.LinkUp(now, peer.ID)
	n.repair.LinkUp(now, peer.ID)
	n.rights.machine.LinkUp(peer.ID)
	n.introduce(now, peer, user)
	n.rouseHolds(now)
	if peer.ID == n.home() {
		n.serial.desk.LinkUp(now)
	}
	n.settle(now)
	return peer, nil
}

// LinkDown says that the link to a peer is down.
func (n *Node) LinkDown(now causal.Instant, peer causal.ReplicaID, why string) {
	n.member.LinkDown(now, peer, why)
	n.unlink(now, peer)
	n.settle(now)
}

// unlink tells the machines above membership that a peer is a neighbour no more.
func (n *Node) unlink(now causal.Instant, peer causal.ReplicaID) {
	n.cast.LinkDown(now, peer)
	n.repair.LinkDown(now, peer)
	n.trust.LinkDown(peer)
	n.rights.machine.LinkDown(now, peer)
	delete(n.taking, peer)
	delete(n.searches, peer)
	n.askedLost(now, peer)
	delete(n.facing, peer)
	delete(n.giving, peer)
	if peer == n.home() {
		n.serial.desk.LinkDown()
		n.homeLost(now)
		n.copies.arriving = nil
	}
}

// DialFailed says that a dial of an Output came to nothing.
func (n *Node) DialFailed(now causal.Instant, p member.Member) {
	n.member.DialFailed(now, p)
	n.settle(now)
}

// errKind refuses a frame of a kind this version does not know.
var errKind = errors.New("node: a message of unknown kind")

// Receive takes one message of a neighbour. An error means that its bytes are
// malformed: the host hangs up, others are unharmed.
func (n *Node) Receive(now causal.Instant, peer causal.ReplicaID, kind uint8, body []byte) error {
	if err := n.dispatch(now, peer, kind, body); err != nil {
		n.counts.Refused++
		n.event(EventRefused, peer, err.Error())
		return err
	}
	n.settle(now)
	return nil
}

// dispatch is the node's alphabet.
func (n *Node) dispatch(now causal.Instant, peer causal.ReplicaID, kind uint8, body []byte) error {
	switch kind {
	case KindMember:
		return n.member.Receive(now, peer, body)
	case KindBroadcast:
		return n.cast.Receive(now, peer, body)
	case KindRepair:
		return n.repair.Receive(now, peer, body)
	case KindRequest:
		return n.serve(now, peer, body)
	case KindReply:
		return n.replied(now, peer, body)
	case KindEscrow:
		return n.rights.machine.Receive(now, peer, body)
	case KindInherit:
		return n.heedInherit(now, peer, body)
	case KindPull:
		return n.heedPull(now, peer, body)
	case KindSerial:
		return n.heedSerial(now, peer, body)
	case KindHold:
		return n.heedHold(now, peer, body)
	}
	return errKind
}

// Wake does what is due.
func (n *Node) Wake(now causal.Instant) {
	n.admit(now)
	n.member.Wake(now)
	n.cast.Wake(now)
	n.repair.Wake(now)
	n.replica.Refresh()
	n.heedReplica(now, n.replica.Drain())
	n.resume(now)
	n.expire(now)
	n.serial.desk.Wake(now)
	n.keepSplit(now)
	n.giveUp(now)
	n.fulfil(now)
	n.wither(now)
	n.lookAtClock(now)
	n.compute(now)
	n.runSagas(now)
	n.expireSagas(now)
	n.prove(now)
	n.hasten(now)
	n.finalize(now)
	n.tendLegacy(now)
	n.tendAccess(now)
	n.tendHolds(now)
	n.pull(now)
	n.restage(now)
	n.expireRights(now)
	n.watchLeases(now)
	n.settle(now)
}

// Deadline returns when Wake wants to be called; false: not before something arrives.
func (n *Node) Deadline() (causal.Instant, bool) {
	var next causal.Instant
	found := false
	consider := func(at causal.Instant, ok bool) {
		if ok && (!found || at < next) {
			next, found = at, true
		}
	}
	consider(n.opened, n.admits)
	consider(n.member.Deadline())
	consider(n.cast.Deadline())
	consider(n.repair.Deadline())
	consider(n.replica.Deadline())
	consider(n.finalDeadline())
	consider(n.stageDeadline())
	consider(n.rights.deadline())
	consider(n.rights.looked+n.leaseEvery(), n.leaseEvery() > 0)
	consider(n.sagaDeadline())
	consider(n.beginDeadline())
	for _, w := range n.waiting {
		consider(w.until, true)
	}
	for _, w := range n.early {
		consider(w.until, true)
	}
	for _, s := range n.seeking {
		consider(s.at, true)
	}
	for _, a := range n.asked {
		consider(a.until, true)
	}
	n.serialDeadlines(consider)
	for _, d := range n.standing {
		consider(d.at, true)
	}
	consider(n.mortals.deadline())
	for _, c := range n.computing {
		consider(c.at, c.at != never)
	}
	for _, d := range n.proofs {
		consider(d.at, true)
	}
	consider(n.legacy.at, n.legacy.at > 0)
	consider(n.access.at, n.access.at > 0)
	consider(n.keeping.at, n.keeping.at > 0)
	consider(n.copies.deadline())
	consider(n.nextMoment())
	return next, found
}

// Close flushes state, so that the next Open replays little. The node is not
// used after the Drain that follows.
func (n *Node) Close(now causal.Instant) { n.flush() }

// event tells the operator.
func (n *Node) event(kind EventKind, peer causal.ReplicaID, text string) {
	n.out.Events = append(n.out.Events, Event{Kind: kind, Peer: peer, Text: text})
}

// caller is whom an answer goes to: a ticket of this node's host, or a request
// of a peer to the home.
type caller struct {
	ticket  Ticket
	peer    causal.ReplicaID // zero: the host
	request uint64
}

// answer gives an answer. What goes to a peer leaves, like every message,
// after the records before it are durable.
func (n *Node) answer(c caller, a Answer) {
	if c.peer == (causal.ReplicaID{}) {
		a.Ticket = c.ticket
		n.out.Answers = append(n.out.Answers, a)
		return
	}
	p := replyOf(c.request, a)
	body := p.appendTo(nil)
	if !p.fits(body) {
		p = reply{ID: c.request, Abort: AbortTooLarge, Detail: "the value is larger than a message: read it at the home, or key by key"}
		body = p.appendTo(nil)
	}
	n.send(c.peer, wire.Commits, KindReply, body)
}

// abort answers that nothing was done, and why.
func (n *Node) abort(c caller, why, detail string) {
	n.counts.Aborts++
	n.answer(c, Answer{Abort: why, Detail: detail})
}

// send queues a message to a neighbour.
func (n *Node) send(to causal.ReplicaID, on wire.Channel, kind uint8, body []byte) {
	n.out.Messages = append(n.out.Messages, Message{To: to, Channel: on, Kind: kind, Body: body})
}
