package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/store"
)

// Config is what a node is: its identity, its program, its disk and its limits.
type Config struct {
	Key  causal.Key // of this copy on this store; the host signs with it
	Name string     // for people
	Role string     // of the program's topology
	User string     // what an ambient role binds; "" for a trusted role
	Addr string     // where others dial this node; "" where nobody can

	Cluster string           // names the cluster; salts the handles of spaces
	Steward causal.ReplicaID // the first node: home of what is not replicated; Self at the first node
	HomeKey causal.Key       // the home partition's own; used at the steward only

	// Former are ids under which parts of this store were made here before: by
	// an earlier incarnation, or before the store was restored from a backup.
	Former []causal.ReplicaID

	Program *plan.Program
	Funcs   map[string]flow.Func // what imports are linked to, by plan.Import.Link

	// Calls says that the host makes the calls of Output.Calls and answers them
	// with Called. Otherwise the node calls functions itself, and waits for them.
	Calls bool

	Disk store.Reader
	Seed uint64 // of the node's die

	Mode      member.Mode
	Peers     []member.Member // whom to dial first; in Static mode all there is
	SyncEvery causal.Instant  // between two repairs; 0: the program's shortest link period, or a second

	Limits Limits

	// Installed, if not nil, is told that a space was replaced by a checkpoint of
	// this vector, before Observe is told what became visible with it.
	Installed func(space causal.SpaceID, vector causal.Vector)

	// Observe, if not nil, is told every group of parts when it becomes visible
	// here, and what late parts of it lack, for those who judge a history. It may
	// not change or keep the slices.
	Observe func(group []*causal.Part, missing []causal.Ref)
	Planted Planted
}

// Limits are the named bounds of a node's queues and waits. A zero field takes its default.
type Limits struct {
	WaitingMax   int            // commands waiting for their session's past: more are answered "busy" (default 1,024)
	ForwardMax   int            // requests under way to the home: more are answered "busy" (default 4,096)
	OutboxMax    int            // events of this node that wait in the outbox for the home: more are answered "busy" (default 1,024)
	SagasMax     int            // sagas raised here that wait for their outcome: more are answered "busy" (default 4,096)
	SagaWait     causal.Instant // the raise of a saga is answered with the outcome if it comes within this, else as pending (default 1 s; negative: at once)
	Sagas        saga.Limits    // at the home
	SagaSteps    int            // steps of sagas that one Wake runs (default 64)
	BehindAfter  causal.Instant // a session's past is waited for this long, then "behind" (default 5 s)
	HomeTimeout  causal.Instant // a forwarded request is awaited this long, then "unknown" (default 10 s)
	LateAfter    causal.Instant // a part waits this long for what it names of other spaces, if no neighbour has it (default the longest of the topology, or twice SyncEvery)
	StreamsMax   int            // streams this node keeps the marks of: a raise of a further one is refused (default 1,048,576)
	SeenMax      int            // parts that a token or a part names for itself: of more the bulk is named by parts of a space of their own (default 2,048)
	RepairDelay  causal.Instant // an invariant's repair waits a random share of this, so that others may be first (default 500 ms)
	ProcessDelay causal.Instant // a process's run waits a random share of this, so that changes gather and others may be first (default 200 ms)
	CallsMax     int            // calls of one function of the host under way: what needs a further one waits (default 64)
	DropMax      int            // entries that one Drop removes (default 65,536)
	FinalAfter   causal.Instant // the steward makes final what is twice as old, and sums it up (default 60 s; negative: never)
	RightsWait   causal.Instant // a run that lacks rights waits this long for a neighbour's, then "no_rights" (default 2 s; negative: not at all)
	ParkedMax    int            // serial blocks that wait at their home for functions of the host: a further one is begun when it is asked for again (default 1,024)
	SerialWait   causal.Instant // a serial block waits this long for a link to its home, then "unreachable" (default 5 s)
	FlushEvery   int            // parts between two flushes of state to the store, and no fewer than the references that a flush writes anyhow (default 1,024)
}

func (l Limits) withDefaults() Limits {
	l.WaitingMax = or(l.WaitingMax, 1024)
	l.ForwardMax = or(l.ForwardMax, 4096)
	l.OutboxMax = or(l.OutboxMax, 1024)
	l.SagasMax = or(l.SagasMax, 4096)
	l.SagaWait = or(l.SagaWait, causal.Second)
	l.SagaSteps = or(l.SagaSteps, 64)
	l.CallsMax = or(l.CallsMax, 64)
	l.BehindAfter = or(l.BehindAfter, 5*causal.Second)
	l.HomeTimeout = or(l.HomeTimeout, 10*causal.Second)
	l.StreamsMax = or(l.StreamsMax, 1<<20)
	l.SeenMax = or(l.SeenMax, 2048)
	l.RepairDelay = or(l.RepairDelay, 500*causal.Millisecond)
	l.ProcessDelay = or(l.ProcessDelay, 200*causal.Millisecond)
	l.DropMax = or(l.DropMax, 1<<16)
	l.FinalAfter = or(l.FinalAfter, 60*causal.Second)
	l.RightsWait = or(l.RightsWait, 2*causal.Second)
	l.ParkedMax = or(l.ParkedMax, 1024)
	l.SerialWait = or(l.SerialWait, 5*causal.Second)
	l.FlushEvery = or(l.FlushEvery, 1024)
	return l
}

// or returns v, or instead where v is zero.
func or[T comparable](v, instead T) T {
	var zero T
	if v == zero {
		return instead
	}
	return v
}
