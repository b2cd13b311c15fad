package audit

import (
	"fmt"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"golang.org/x/crypto/blake2b"
)

// Replica introduces a replica to the Auditor.
type Replica struct {
	Name    string
	Authors []causal.ReplicaID              // under whose names it mints: its own, and the home partition's at the steward
	Holds   func(space causal.SpaceID) bool // nil: every space
	MayHold bool                            // it comes to hold others too, and holds them no more: nothing is asked of what it has of those
}

// Finding is one broken promise.
type Finding struct {
	Replica string // where it was seen; "" where everywhere
	Rule    string // which promise, in a few words
	Text    string // what was seen
}

func (f Finding) String() string {
	if f.Replica == "" {
		return f.Rule + ": " + f.Text
	}
	return f.Replica + ": " + f.Rule + ": " + f.Text
}

// The promises an Auditor watches over by itself.
const (
	RuleOnce      = "every part is applied once, in its author's order"
	RuleCausal    = "nothing is visible before what its author had seen"
	RuleTogether  = "a commit is visible whole or not at all"
	RuleLate      = "only what is missing makes a part late"
	RuleSeen      = "a part names all its author had seen in its space"
	RuleOneAuthor = "a dot names one part for ever"
	RuleDurable   = "a part is durable before it leaves"
	RuleKept      = "what was acknowledged is never lost"
	RuleRetry     = "a retried event runs once"
	RuleRemoval   = "a part removes only what its author had seen"
	RuleConverge  = "at rest all replicas hold the same parts"
	RuleTruth     = "at rest every replica is the join of all commits"
)

// findingsMax bounds what is kept: the first broken promise is the
// interesting one, the rest is its wake.
const findingsMax = 64

// Auditor watches one history. Its replicas are numbered as New got them.
type Auditor struct {
	replicas []*replica
	minter   map[causal.ReplicaID]int // the replica that mints under a name
	passes   func(causal.SpaceID) bool
	lanes    map[lane]int           // numbers every author's chain in every space
	spaces   []causal.SpaceID       // the space of each lane
	parts    map[causal.Ref]*record // every part that is on some replica
	acked    vector                 // what some answer has promised to keep
	runs     map[Attempt]int        // how often a raise has had an effect
	findings []Finding
	isLight  bool
}

// Attempt names a raise that may be retried: the seq-th event of a stream.
type Attempt struct {
	Stream string
	Seq    uint64
}

// lane is one author's chain in one space.
type lane struct {
	space  causal.SpaceID
	author causal.ReplicaID
}

// vector counts parts by lane. A lane beyond its end counts zero.
type vector []uint64

func (v vector) at(lane int) uint64 {
	if lane < len(v) {
		return v[lane]
	}
	return 0
}

func (v *vector) raise(lane int, n uint64) {
	for lane >= len(*v) {
		*v = append(*v, 0)
	}
	(*v)[lane] = max((*v)[lane], n)
}

func (v *vector) join(o vector) {
	for lane, n := range o {
		v.raise(lane, n)
	}
}

// record is what the Auditor knows of one part.
type record struct {
	part    *causal.Part
	digest  [blake2b.Size256]byte
	past    vector // all that is before the part, and the part itself
	holders int    // replicas it is applied at
}

// replica is one watched replica.
type replica struct {
	Replica
	applied vector
	shadow  *Shadow
	missing map[causal.Ref]bool // what late parts were made visible without
	excused vector              // what is before late parts and was not there: others behind these may be visible without it too
	journal []batch             // what it applied, in order, since the history began
}

// batch is one group made visible together, or one attempt that had an effect,
// with the number of the store write that makes it durable.
type batch struct {
	write   uint64
	group   []*causal.Part
	attempt *Attempt
}

// New returns an Auditor of the given replicas. passes says of which spaces a
// part passes on its own past to those that name it; nil: of every space.
func New(replicas []Replica, passes func(causal.SpaceID) bool) *Auditor {
	if passes == nil {
		passes = func(causal.SpaceID) bool { return true }
	}
	a := &Auditor{
		passes: passes,
		minter: map[causal.ReplicaID]int{},
		lanes:  map[lane]int{},
		parts:  map[causal.Ref]*record{},
		runs:   map[Attempt]int{},
	}
	for i, r := range replicas {
		a.replicas = append(a.replicas, &replica{Replica: r, shadow: newShadow(), missing: map[causal.Ref]bool{}})
		for _, author := range r.Authors {
			a.minter[author] = i
		}
	}
	return a
}

// Lighten keeps the Auditor from keeping and comparing contents, before the
// history begins: what it says of order, and of what is kept, stays.
func (a *Auditor) Lighten() { a.isLight = true }

// Mark is what there was at a moment, of every chain in every space.
type Mark struct{ parts vector }

// Mark returns all that is anywhere now.
func (a *Auditor) Mark() *Mark { return &Mark{a.whole()} }

// Reached reports whether the replica has applied all of a mark that it holds.
func (a *Auditor) Reached(replica int, m *Mark) bool {
	return a.behind(a.replicas[replica], m.parts) < 0
}

// Findings returns the broken promises so far, in the order they were seen.
func (a *Auditor) Findings() []Finding { return a.findings }

// Report adds a finding of someone else's rule; replica -1 is everywhere.
func (a *Auditor) Report(replica int, rule, format string, args ...any) {
	if len(a.findings) == findingsMax {
		return
	}
	f := Finding{Rule: rule, Text: fmt.Sprintf(format, args...)}
	if replica >= 0 {
		f.Replica = a.replicas[replica].Name
	}
	a.findings = append(a.findings, f)
}

// Shadow returns the naive state of the parts applied at the replica. It
// changes with the replica.
func (a *Auditor) Shadow(replica int) *Shadow { return a.replicas[replica].shadow }

// Parts returns how many parts are applied at the replica.
func (a *Auditor) Parts(replica int) (n uint64) {
	for _, seq := range a.replicas[replica].applied {
		n += seq
	}
	return n
}

// lane returns the number of the chain d stands in.
func (a *Auditor) lane(space causal.SpaceID, author causal.ReplicaID) int {
	l := lane{space, author}
	n, ok := a.lanes[l]
	if !ok {
		n = len(a.spaces)
		a.lanes[l] = n
		a.spaces = append(a.spaces, space)
	}
	return n
}

func (a *Auditor) holds(r *replica, space causal.SpaceID) bool {
	return r.Holds == nil || r.Holds(space)
}
