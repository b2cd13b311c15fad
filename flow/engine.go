package flow

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Func is a function of the host that an import is linked to. It must not
// keep or change args. An error or a panic aborts the run with AbortImport.
type Func func(args []value.Value) (value.Value, error)

// FuelMax is the default bound of Config.FuelMax.
const FuelMax = 10_000_000

// Config is what an Engine runs, and where.
type Config struct {
	Program *plan.Program
	Role    string          // whose handlers, processes and invariants run here; "" runs all
	User    string          // what an ambient role binds
	Funcs   map[string]Func // what imports are linked to, by the name after "go:"
	FuelMax int64           // steps one run may take; 0 takes FuelMax
}

// Engine runs one program at one replica. New is its only door.
type Engine struct {
	cfg Config
}

// New compiles cfg.Program. It fails where an import is not linked, or the
// program is not one this version runs.
func New(cfg Config) (*Engine, error) { return &Engine{cfg: cfg}, nil }

// Change is one entry that entered or left a database.
type Change struct {
	Database string
	Key      string // canonical bytes of the key values, one after another
	Item     crdt.Item
	Removed  bool
}

// Apply makes the changes visible together: all cells first, then every view
// once. Changes of databases the program does not know are ignored.
func (e *Engine) Apply(changes []Change) {}

// Env is what one run may see of the world.
type Env struct {
	Stamp causal.Stamp
	User  string                        // who raised the event
	Self  causal.ReplicaID              // under whose name entries are written
	Next  func(space string) causal.Dot // the dot the run's part in space will have
	NewID func() string
}

// Words with which a run aborts, besides those of the program.
const (
	AbortFuel      = "fuel"         // the run took more than FuelMax steps
	AbortForbidden = "forbidden"    // the user may not write this
	AbortRange     = "range"        // a number is out of the range its verb or type takes
	AbortArgument  = "bad_argument" // an argument has not its parameter's type
	AbortImport    = "import"       // a function of the host failed
	AbortSize      = "size"         // a value or a run's writes are too large
)

// Outcome is what a run did. With Abort set it did nothing.
type Outcome struct {
	Abort  string // why the run has no effect, a word without colon; "" where it has
	Detail string // a sentence more
	Writes []SpaceWrite
	Reads  []string // names of the spaces read, ascending, each once
}

// SpaceWrite is a run's share in one space: the next part there. Entry i has
// the id (Env.Next(Space), i).
type SpaceWrite struct {
	Space   string
	Entries []causal.Entry
	Removed []causal.EntryID
}

// Handler returns the number of the handler of event at this role.
func (e *Engine) Handler(event string) (int, bool) { return 0, false }

// Params returns the parameters of event's handler at this role.
func (e *Engine) Params(event string) ([]plan.Param, bool) { return nil, false }

// Run runs a handler as one commit: it reads the cells with its own writes and
// the views as they were before it. Unless it aborts, its writes are in the
// cells and in the views when Run returns.
func (e *Engine) Run(handler int, args []value.Value, env Env) Outcome { return Outcome{} }

// Repair runs the repair of a violation as one commit. Where the violation
// does not stand any more it does nothing.
func (e *Engine) Repair(v Violation, env Env) Outcome { return Outcome{} }

// Reading is the value of a database or view, and its type. For a database
// with dimensions read without a key, Pairs holds its non-empty keys in order
// and Type is the type of one key's value.
type Reading struct {
	Type   plan.Type
	Value  value.Value // of a collection: the List of its elements in order
	Keyed  bool        // Pairs is meant, not Value
	Pairs  []Pair
	Spaces []string // names of the spaces it was read from, ascending, each once
}

// Pair is one key of a database and the value there.
type Pair struct {
	Key   []value.Value
	Value value.Value
}

// Errors of Read and Watch.
type Error string

func (err Error) Error() string { return "flow: " + string(err) }

const (
	ErrName = Error("no database or view of this name")
	ErrKey  = Error("the key has not the dimensions of the database")
)

// Read reads a database (whole, or at a key) or a view.
func (e *Engine) Read(name string, key []value.Value) (Reading, error) { return Reading{}, ErrName }

// Watch makes changes of a database or view appear in Output.Shown. Watches
// of one name are counted.
func (e *Engine) Watch(name string) error { return ErrName }

// Unwatch takes one Watch back.
func (e *Engine) Unwatch(name string) {}

// Output is what changed since the last Drain.
type Output struct {
	Shown      []Shown
	Violations []Violation
}

// Shown is a change of a rendered or watched value. Of a collection it holds
// the elements that came and went; of a scalar, Added holds its new value. Of
// a database with dimensions an element is the tuple of key values and value,
// or of key values and element.
type Shown struct {
	Name    string
	Type    plan.Type
	Added   []value.Value
	Removed []value.Value
	Settled bool // nothing shown of it is ever taken back
	Render  bool // a process renders it; otherwise it is watched
}

// Violation is an element for which an invariant does not hold.
type Violation struct {
	Invariant int         // of Program.Invariants
	Elem      value.Value // of its source; nil where it has none
	Key       string      // canonical bytes of Elem; with Invariant it names the violation
	Standing  bool        // it began; otherwise it ended
}

// Standing reports whether the violation stands now.
func (e *Engine) Standing(v Violation) bool { return false }

// Drain returns what changed since the last Drain.
func (e *Engine) Drain() Output { return Output{} }

// Steps returns how many operator steps have been taken: elements that went
// through an operator, and pairs that met in a product or join.
func (e *Engine) Steps() uint64 { return 0 }
