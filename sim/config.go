package sim

import (
	"io"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
)

// Config is all a history depends on.
type Config struct {
	Name    string // of the program, for the story
	Program *plan.Program
	Funcs   map[string]flow.Func
	Named   map[string]flow.NamedFunc // those that are told the ID of their call
	Roles   []Role                    // the first machine of the first role is the steward; none: three servers
	Users   map[string][]string       // by role: the users of its first nodes; other nodes are named by role and number
	Seed    uint64

	// Neighbors says whom each machine, by its number, dials: then those are all
	// the links there are. Nil: a mesh.
	Neighbors func(machine int) []int

	Faults fault.Spec
	Span   causal.Instant // how long faults last and load is spread over; 0: 20 s

	// Setup is raised at the first machine, and reaches every machine, before
	// faults and load begin.
	Setup []load.Event
	// Load is dealt to the machines that run its events. Nil: Events events
	// a machine are made from the types of its role's handlers.
	Load   []load.Event
	Events int // 0: 100

	FlushEvery int // parts between two flushes of a node's state; 0: few, so that restarts meet both state and log

	SeenMax int // parts that a token or a part names for itself; 0: a node's own bound

	Planted    node.Planted   // mistakes on purpose; none but in tests
	FinalAfter causal.Instant // of every node's limits; 0: the node's default, longer than most histories

	IsTrial bool // a test judges the history: the auditor keeps no naive states

	Rules []Rule // hold at every machine after every step

	// Seen and Told, where they are not nil, are told what changed of what a
	// machine renders: Seen at once, Told when the machine's host is, which is
	// when a crash can't take it back any more.
	Seen, Told func(m *Machine, changes []node.Shown)

	// Heard, where it is not nil, is told what a machine's program tells whoever
	// listens there.
	Heard func(m *Machine, notices []flow.Notice)

	Story io.Writer // where the story is told; nil: nowhere
}

// Role is how many machines run a role.
type Role struct {
	Name  string
	Nodes int
}

// Rule is a promise of the program: Check returns what breaks it at a machine,
// or "". It is asked whenever something has become visible there.
type Rule struct {
	Name  string
	Check func(m *Machine) string
}

func (c Config) withDefaults() Config {
	if len(c.Roles) == 0 {
		c.Roles = []Role{{Name: "server", Nodes: 3}}
	}
	if c.Span == 0 {
		c.Span = 20 * causal.Second
	}
	if c.Events == 0 {
		c.Events = 100
	}
	if c.FlushEvery == 0 {
		c.FlushEvery = 50
	}
	if c.Story == nil {
		c.Story = io.Discard
	}
	return c
}
