// Package trial holds a test of a program as data: the nodes there are, what is
// raised and done to them, and what must hold.
package trial

import (
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// The most that a test may ask of the simulator.
const (
	NodesMax  = 256       // of all roles
	RaisesMax = 1_000_000 // events of a whole test, each node's counted
	FaultsMax = 1000      // cuts, and crashes

	WaitMax = 24 * 60 * 60 * 1000 // milliseconds of one wait
)

// Test is one test of a program. Its expressions refer to the program's plan.
type Test struct {
	Title  string
	Span   token.Span // of the title
	Nodes  []Role     // the first role has the home; each has at least one node
	Faults Faults

	Given, When  []Step
	Always, Then []*Expect
	Truths       []Truth // of Then, in the order of the text
}

// Role is how many nodes run a role. The first of them are those of Users.
type Role struct {
	Name  string
	Nodes int
	Users []string
}

// Rate is a probability in millionths.
type Rate uint32

// Faults are what goes wrong once the given is settled.
type Faults struct {
	Drop, Duplicate, Reorder, Corrupt Rate // shares of the messages
	Cuts, Crashes                     int  // in each stretch up to a settle
	Skew                              bool // clocks disagree, one by a hundred years
}

// Node is a node of a role, counted from 0, or Each.
type Node struct {
	Role  string
	Index int
}

// Each stands for all nodes of a role.
const Each = -1

// Kind says what a Step does.
type Kind uint8

const (
	Raise    Kind = iota // Event at Nodes[0], Times times
	Settle               // faults end, all that was raised is answered, and nothing moves any more
	Together             // Steps, at once
	Cut                  // nothing passes between Nodes[0] and Nodes[1]; without the latter: and all others
	Heal                 // every Cut ends
	Crash                // Nodes[0] lose power, and start again after a while
	Check                // Expect holds at every holder now
	Wait                 // For passes of virtual time, whatever happens in it
)

// Step is something a test does.
type Step struct {
	Kind   Kind
	Span   token.Span
	Nodes  []Node
	Event  string       // without "on_"
	Slots  int          // of Args
	Args   []*plan.Expr // constant but for slot 0, the user who raises
	ByUser bool         // Args have slot 0
	Times  int
	For    int64 // milliseconds that Wait lets pass
	Steps  []Step
	Expect *Expect
}

// Expect is a condition that must hold at every replica that holds what it reads.
type Expect struct {
	Span  token.Span // of the condition
	Slots int
	Cond  *plan.Expr
	Parts []Part // what is shown where it does not hold

	At   []string // the roles that can answer it; empty: all
	Home bool     // it reads a home database: the home alone can
}

// Part is a piece of a condition that has a value worth knowing.
type Part struct {
	Text string
	Expr *plan.Expr
}

// Truth is the value that Of has in the join of all commits made. Whoever runs
// the test puts what has it into Value, a constant of an Expect that is nil till then.
type Truth struct {
	Value *plan.Expr
	Of    *plan.Expr
	Slots int
}

// Raises returns how many events the steps raise, for so many nodes of each role.
func Raises(steps []Step, nodes func(role string) int) (n int) {
	for i := range steps {
		s := &steps[i]
		if s.Kind == Raise {
			each := 1
			if s.Nodes[0].Index == Each {
				each = nodes(s.Nodes[0].Role)
			}
			n += min(s.Times, RaisesMax+1) * each
		}
		n = min(n+Raises(s.Steps, nodes), RaisesMax+1)
	}
	return n
}
