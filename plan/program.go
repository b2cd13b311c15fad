package plan

import (
	"slices"
	"strconv"
	"strings"
)

// Version is the version of the plan's own form, the first byte of its encoding.
const Version = 0

// Program is a whole program. Cross references are indices into its slices.
type Program struct {
	Types      []TypeDecl
	Databases  []Database
	Views      []View
	Handlers   []Handler
	Processes  []Process
	Invariants []Invariant
	Imports    []Import
	Funcs      []Func
	Allows     []Allow
	Roles      []Role
	Links      []Link
}

// TypeDecl is a named record, kept so that messages can use its name.
type TypeDecl struct {
	Name string
	Type Type
}

// Placement says how a database is shared.
type Placement uint8

const (
	Home    Placement = iota // one copy, at its home
	Shared                   // every replica holds every key
	ByValue                  // a space per value of one dimension
)

// Database is a map from key values to one lattice value per key. Without
// dimensions it has one key, the empty one.
type Database struct {
	Name      string
	Lattice   Type  // a lattice type
	Dims      []Dim // the key's dimensions, in order
	Removable bool  // keys are removed as a whole, so no entry sums up others: it stands below a map
	Expires   int64 // milliseconds after its newest entry a key is emptied by a trusted role; 0: never. If not, Removable too
	Whole     int   // with Expires: how many of Dims name what is emptied as a whole: of a record all its fields there, else all of them
	Placement Placement
	Space     int      // ByValue: which of Dims names the space; else 0
	At        []string // the roles it is declared under; empty: no "at"
	Roles     []string // Shared: the roles whose nodes alone share it, ascending, each once, of which one is the home's; empty: all
	Pulled    []string // the roles that have a copy of what is at its home, which they only read

	// Who may write at a role that binds a user; a trusted role may write
	// everything. Both are decided from the program's allow rules and the
	// default rule, so a run only looks; see MayWrite.
	WriteByAll bool // every user may write every key
	WriteByKey int  // else the user who is the value of this dimension may; -1: nobody

	// Who else may: Rules are the allow rules with other conditions. Appends is
	// who may add entries and remove none.
	Rules   []int // of Program.Allows, ascending
	Appends Appends
	Users   int // one more than which of Dims is a user, whatever its name, as ":is => :user_id" says; 0: nothing says it

	// Was names the database, of this program too, whose entries are read as
	// this one's: the form that programs before this one write; "": none.
	Was string

	// Bound is what escrow keeps a counter to: it is stored as rights that
	// replicas hold. The zero Bound is none.
	Bound Bound
}

// Bound is a constant that a counter never passes.
type Bound struct {
	Side Side
	At   int64 // AtLeast: not above 0; AtMost: not below 0
}

// Side says on which side of its bound a counter stays.
type Side uint8

const (
	Unbounded Side = iota
	AtLeast
	AtMost
)

// Opening returns how far a counter of zero is from the bound: how many rights
// there are at first.
func (b Bound) Opening() int64 {
	if b.Side == AtLeast {
		return -b.At
	}
	return b.At
}

// String writes a bound as its condition: ">= 0"; "" for none.
func (b Bound) String() string {
	switch b.Side {
	case AtLeast:
		return ">= " + strconv.FormatInt(b.At, 10)
	case AtMost:
		return "<= " + strconv.FormatInt(b.At, 10)
	}
	return ""
}

// Appends says who may append to a gset or a log without any other right to write it.
type Appends struct {
	Anyone bool  // every user; with Field, only what names him there
	Field  []int // the path to the field of the argument, through records
}

// Dim is one dimension of a key.
type Dim struct {
	Name string
	Type Type
}

// View is a pure value derived from databases and other views, which stand before it.
type View struct {
	Name  string
	At    []string
	Slots int
	Expr  *Expr // a collection (KindSet) or a scalar
	Home  bool  // it reads a home database: so it is computed at the home, or where all that it reads is pulled

	// Of a view with a value per key, Expr is the collection of all: tuples of
	// the key's values and the value, or an element of it.
	Keys  []Dim // none: the view is one value
	Value Type  // what one key reads as: a collection, or a plain value or nil

	Pulled []string // the roles that read it and do not compute it: there it is as it was at the home
}

// Handler runs when its event is raised. One run is one commit.
type Handler struct {
	Event  string // without "on_"
	At     []string
	Params []Param // their slots are 0 .. len(Params)-1
	User   int     // the slot bound to the raiser's user id (a string, "" for none), or -1
	Slots  int
	Body   []*Stmt
	Home   bool // it reads or writes a home database, so it runs at the home
}

// Param is a parameter of a handler, a function or an import. As a field of a
// record it is a name and a type, and what reads one reads the other.
type Param = Field

// Process is a standing computation: it shows values, and runs functions of
// the host whose results are kept in cells.
type Process struct {
	At      []string
	Slots   int
	Renders []Render

	Source *Expr // a collection with an instance of Runs for each element, or nil: one instance
	Params []int // the slots an element is destructured into
	Runs   []Run
	Home   bool // it reads or fills a home database, so it runs at the home
}

// Run is a function of the host that is run again when what it is given has
// changed. Its result is kept in a database of its own, the cell: of a
// collection the elements, of a register its value. Two databases beside the
// one that the program names are called by that name, "@" and the function's
// (the cell) or "veto" (what users took out).
type Run struct {
	Import int
	Args   []*Expr // slices of databases: what the function is given
	Cells  []Cell  // one; of a record or a map one for each database that it is stored as
	Keys   []*Expr // of the cells: every parameter is among them, and nothing is read
}

// Cell is where a part of a function's result is kept. From the result Path
// leads there: a number that is not negative goes into that field of a record;
// -n goes through the rows of a map of n keys, which stand behind those of the
// run, to what is behind the keys: an element of a set, a value, or a record.
type Cell struct {
	Database int
	Path     []int
}

// Below returns how many keys lie on the way of the cell.
func (c *Cell) Below() (n int) {
	for _, step := range c.Path {
		n -= min(step, 0)
	}
	return n
}

// Render hands the host every change of a value.
type Render struct {
	Name   string // the view's or database's name, or the text of the expression
	Expr   *Expr
	Notice bool // Expr is a collection of pairs, each a key and a value: who listens is told those that come
}

// Invariant watches every element of Source: where Cond is false, Repair runs.
type Invariant struct {
	Name   string
	At     []string
	Source *Expr // a collection, or nil: one instance
	Params []int // the slots an element is destructured into
	Slots  int
	Cond   *Expr
	Repair []*Stmt // idempotent updates; none where something else keeps it
	Keep   Keep
}

// Keep says what the program asks to keep an invariant where the verbs alone do not.
type Keep uint8

const (
	KeepNone   Keep = iota // nothing: it holds by its verbs, or it is repaired
	KeepEscrow             // rights to change its terms are handed out beforehand
	KeepSerial             // its terms change in serial blocks at their home
)

// Import is a function of the host.
type Import struct {
	Name   string
	Params []Param
	Result Type
	From   string // "go:name", or "wasm:path" with the path as the program has it

	// What the program promises of it, as written: monotone, mergeable,
	// idempotent. They are tested where the function is linked.
	Promises []string
}

// Follows reports whether the function is promised to give more, or as much,
// for more: a join of results is no less than each.
func (i *Import) Follows() bool {
	return slices.Contains(i.Promises, "monotone") || slices.Contains(i.Promises, "mergeable")
}

// Link is the name under which a host links the function: of "go:name" the
// name, of "wasm:path" that with "#" and the import's own name.
func (i *Import) Link() string {
	if name, isGo := strings.CutPrefix(i.From, "go:"); isGo {
		return name
	}
	return i.From + "#" + i.Name
}

// Func is a def: pure and total. Its parameters are slots 0 .. len(Params)-1.
type Func struct {
	Name   string
	Params []Param
	Slots  int
	Expr   *Expr
}

// Allow permits verbs on a database, or the reading of a view, where Cond holds.
type Allow struct {
	Verb     string // read, write or append
	Database int    // -1: it is about a view
	Me       int    // the slot of the user
	Slots    int
	Cond     *Expr
	Keys     []int // the slots of the key, by dimension
	Revoke   bool  // what was granted is taken back when Cond fails
	View     int   // -1: it is about a database
}

// Role is a line of the topology.
type Role struct {
	Name       string
	Nodes      int
	Quorum     bool
	OfflineMax int64  // milliseconds a node of the role may be away
	Ambient    string // the dimension the role binds; "" for a trusted role
}

// Link says that nodes of two roles speak with each other.
type Link struct {
	From, To  string
	Every     int64 // the sync period in milliseconds
	LateAfter int64 // milliseconds that a part waits for a piece of another space which nobody has; 0: twice the sync period
}
