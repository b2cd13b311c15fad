package resolve

import (
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// Program is a program whose names are resolved. Declarations are in the order
// of the text, files by their order in Resolve.
type Program struct {
	Types      []*syntax.TypeDecl
	Databases  []*Database
	Views      []*View
	Handlers   []*Handler
	Processes  []*Process
	Invariants []*Invariant
	Imports    []*Import
	Defs       []*Def
	Allows     []*Allow
	Tests      []*Test
	Topology   *Topology

	// Uses ties an *Ident, and a *Symbol that names a dimension inside an
	// index, to what it stands for. An identifier that is missing had a letter.
	Uses map[syntax.Expr]Object
	// Params and Lets tie what declares a local name to it.
	Params map[*syntax.Param]*Local
	Lets   map[*syntax.Let]*Local
	// Faulty holds the indexes that had a letter: they have no type.
	Faulty map[*syntax.Index]bool
}

// Object is what a name stands for: *Database, *View, *Import, *Def, *Local,
// *Ambient, Prelude, Linked or TestWord.
type Object interface{ object() }

// Sharing says which replicas hold a database.
type Sharing uint8

const (
	AtHome  Sharing = iota // no :replicated: one copy
	ByValue                // :replicated => :dim
	ByAll                  // :replicated => true
)

// Database is a declared database.
type Database struct {
	Decl    *syntax.Database
	Name    string
	At      []string // its roles; empty: none named
	Dims    []syntax.Name
	Sharing Sharing
	Space   int            // ByValue: the dimension that names the space
	Was     *syntax.Name   // the database whose entries are read as this one's; nil: none
	Users   int            // one more than which dimension is a user, whatever its name; 0: nothing says it
	Is      *syntax.Option // ":is", until every dimension is known; nil: it has none
	Expires int64          // milliseconds that a key stays without a write; 0: for ever
	Members []syntax.Name  // everything called on it or on one of its keys: verbs and readers
	Copies  []string       // the roles with a pulled copy
	Cells   []string       // the functions whose results it has, as `out` of a process

	sites []site
}

// View is a declared view.
type View struct {
	Decl *syntax.View
	Name string
	At   []string
}

// Handler is a declared handler.
type Handler struct {
	Decl *syntax.Handler
	At   []string
	User *Local // what user_id, and every other ambient name, stands for in it
}

// Process is a declared process.
type Process struct {
	Decl *syntax.Process
	At   []string
	Outs []Out // the calls that fill cells
}

// Invariant is a declared invariant.
type Invariant struct {
	Decl *syntax.Invariant
	At   []string
}

// Import is a declared function of the host.
type Import struct {
	Decl *syntax.Import
	Name string
}

// Def is a declared function.
type Def struct {
	Decl *syntax.Def
	Name string
}

// Allow is a declared rule of access.
type Allow struct {
	Decl   *syntax.Allow
	Target Object // *Database or *View; nil where there was a letter

	// Key is the key the rule is asked about: a name for each dimension, and for
	// each that a role binds, as which are dimensions of it is not known yet.
	Key map[string]*Local
}

// Local is a parameter, a let, or the user of a handler.
type Local struct {
	Name syntax.Name
}

// Ambient is the value that the role gives a dimension, outside a handler.
type Ambient struct {
	Name string
}

// Prelude is a function or value of the language, by its name.
type Prelude string

// Linked is a function that only a process names: the host links it.
type Linked string

func (*Database) object() {}
func (*View) object()     {}
func (*Import) object()   {}
func (*Def) object()      {}
func (*Local) object()    {}
func (*Ambient) object()  {}
func (Prelude) object()   {}
func (Linked) object()    {}

// prelude lists what every program has without declaring it.
var prelude = []string{
	"clock", "days", "hours", "minutes", "new_id", "notify", "now", "refresh", "render", "seconds", "upload", "users",
}

// commands lists the words that begin a statement of their own.
var commands = []string{"abort", "atomic", "step", "tentatively"}
