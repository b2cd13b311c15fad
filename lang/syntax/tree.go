package syntax

import "github.com/martinelli-lang/martinelli/lang/token"

// Node is anything of the tree; it knows where it stands.
type Node interface {
	Where() token.Span
}

// File is one source file.
type File struct {
	Source   *token.File
	Decls    []Decl
	Comments []token.Token // in the order of the text, for the formatter
}

// Name is a name where it is written: an identifier, or a symbol without its
// colon. Its span includes the colon.
type Name struct {
	token.Span
	Text string
}

// Decl is a declaration: *Database, *View, *Handler, *Process, *Invariant,
// *Import, *Def, *TypeDecl, *At, *Allow or *Test.
type Decl interface {
	Node
	decl()
}

// Option is ":name => value". Options of one declaration or command have
// distinct names, known to their head.
type Option struct {
	token.Span
	Name  Name
	Value Expr
}

// Database is "database :name [, type] {, option}". Options: by, replicated,
// at, is, expires, was.
type Database struct {
	token.Span
	Name    Name
	Type    Type // nil: to be inferred from the verbs
	Options []Option
}

// View is "view :name do [|k in xs|] expr end".
type View struct {
	token.Span
	Name  Name
	Block *Block
}

// Handler is "on_event do |params| ... end". The text of Event has no "on_";
// its span does.
type Handler struct {
	token.Span
	Event Name
	Block *Block
}

// Process is "process do [|k in xs|] ... end".
type Process struct {
	token.Span
	Block *Block
}

// Invariant is "invariant :name {, option} do [|k in xs|] cond [else repair] end".
// Options: keep.
type Invariant struct {
	token.Span
	Name    Name
	Options []Option
	Block   *Block // its Else is the repair
}

// Import is a function of the host, or another source file: then Path is set
// and nothing else. Options: from (always there, but for a path), monotone, mergeable, idempotent.
type Import struct {
	token.Span
	Name      Name
	Signature *Signature // nil: not given
	Options   []Option
	Path      *String // import "room.mrt"
}

// Def is "def :name do [|params|] expr end".
type Def struct {
	token.Span
	Name  Name
	Block *Block
}

// TypeDecl is "type :Name, { field: type, ... }".
type TypeDecl struct {
	token.Span
	Name Name
	Type *RecordType
}

// At places declarations at roles. Without a block it holds what follows, to
// the next bare at or the end of the file. An At never holds an At or a Test.
type At struct {
	token.Span
	Roles []Name
	Bare  bool // written without a block
	Decls []Decl
}

// Allow is "allow :verb, name {, option} do |me| cond end". Options: revoke.
type Allow struct {
	token.Span
	Verb    Name // read, write or append
	Target  Name // a database, or a view
	Options []Option
	Block   *Block
}

// Test is the program under faults. Its parts stand at most once each, in this
// order; nil where absent.
type Test struct {
	token.Span
	Title                     String
	Given, When, Always, Then *Block
}

// Block is "do [|params|] body {clause} end".
type Block struct {
	token.Span
	Params []Param
	Body   []Stmt  // where a value is asked for, the last statement is its expression
	Else   *Clause // only in an invariant and in atomic
	Undo   *Clause // only in a step
}

// Clause is "else [|params|] body" or "undo [|params|] body".
type Clause struct {
	token.Span
	Params []Param
	Body   []Stmt
}

// Param is "name [: type] [in source]".
type Param struct {
	token.Span
	Name   Name
	Type   Type // nil: not given
	Source Expr // nil: not given
}

// Stmt is a statement: *Let, *Command or *ExprStmt.
type Stmt interface {
	Node
	stmt()
}

// Let is "let name = value".
type Let struct {
	token.Span
	Name  Name
	Value Expr
}

// Command is a word with symbols or a block: "abort :why", "atomic :serial do",
// "atomic :saga, :key => e do", "step do", "tentatively do". Any other word is
// parsed too; the resolver knows which exist.
type Command struct {
	token.Span
	Word    Name
	Args    []Expr // the first one, if any, is a *Symbol
	Options []Option
	Block   *Block // nil: none
}

// ExprStmt is an expression as a statement: a call with or without a block, an if, or a value.
type ExprStmt struct {
	token.Span
	X Expr
}

// Expr is an expression: *Ident, *Int, *Float, *String, *Symbol, *Bool, *Nil,
// *List, *Record, *Unary, *Binary, *Member, *Index, *Call, *If or *Bad.
type Expr interface {
	Node
	expr()
}

// Ident is a name that stands for something.
type Ident struct {
	token.Span
	Name string
}

// Int is an integer. A literal of 2^63 stands only below a unary minus, and
// Value is then the least int64, whose negation wraps to itself.
type Int struct {
	token.Span
	Value int64
}

// Float is a finite number with a fraction or an exponent.
type Float struct {
	token.Span
	Value float64
}

// String is a string, its escapes resolved.
type String struct {
	token.Span
	Value string
}

// Symbol is ":name".
type Symbol struct {
	token.Span
	Name string
}

// Bool is true or false.
type Bool struct {
	token.Span
	Value bool
}

// Nil is nil.
type Nil struct {
	token.Span
}

// List is "[a, b]".
type List struct {
	token.Span
	Elems []Expr
}

// Record is "{ name: value, ... }", in the order written. Names are distinct.
type Record struct {
	token.Span
	Fields []Field
}

// Field is "name: value" in a record.
type Field struct {
	token.Span
	Name  Name
	Value Expr
}

// Unary is "not x" or "-x". Op is token.Not or token.Minus.
type Unary struct {
	token.Span
	Op token.Kind
	X  Expr
}

// Binary is "x op y". Op is one of token.Or, And, Equal, NotEqual, Less,
// LessEqual, Greater, GreaterEqual, In, Plus, Minus, Star, Slash, Percent.
type Binary struct {
	token.Span
	Op     token.Kind
	OpSpan token.Span
	X, Y   Expr
}

// Member is "x.name", a field or a verb or reader about to be called.
type Member struct {
	token.Span
	X    Expr
	Name Name
}

// Index is "x[keys]". There is at least one key. A key that is a *Symbol names
// a dimension: the key is its value in scope.
type Index struct {
	token.Span
	X    Expr
	Keys []Expr
}

// Call is "f(args)", "x.f(args) do ... end" or "x.f do ... end". Fun is an
// *Ident or a *Member. "x.f" alone is a *Member.
type Call struct {
	token.Span
	Fun   Expr
	Args  []Arg
	Block *Block // nil: none
}

// Arg is an argument, with a name or without.
type Arg struct {
	token.Span
	Name  Name // its Text is "" where the argument has none
	Value Expr
}

// If is "if cond body {elsif cond body} [else body] end".
type If struct {
	token.Span
	Arms    []Arm // the if and its elsifs
	Else    []Stmt
	HasElse bool // an else that may be empty
}

// Arm is a condition with its body.
type Arm struct {
	token.Span
	Cond Expr
	Body []Stmt
}

// Bad stands where an expression could not be read; an error was reported.
type Bad struct {
	token.Span
}

// Type is a type: *NamedType, *RecordType, *Signature or *BadType.
type Type interface {
	Node
	typ()
}

// NamedType is "name" or "name<args>".
type NamedType struct {
	token.Span
	Name Name
	Args []Type
}

// RecordType is "{ name: type, ... }", in the order written. Names are distinct.
type RecordType struct {
	token.Span
	Fields []FieldType
}

// FieldType is "name: type" in a record type.
type FieldType struct {
	token.Span
	Name Name
	Type Type
}

// Signature is "(type, out type) -> type", the type of an imported function.
type Signature struct {
	token.Span
	Params []ParamType
	Result Type // nil: not given
}

// ParamType is the type of a parameter; Out marks the cell the function fills.
type ParamType struct {
	token.Span
	Out  bool
	Type Type
}

// BadType stands where a type could not be read; an error was reported.
type BadType struct {
	token.Span
}

// Topology is a topology file.
type Topology struct {
	Source   *token.File
	Roles    []Role
	Links    []Link
	Comments []token.Token
}

// Role is "role :name {, option}". Options: nodes, quorum, offline, ambient.
type Role struct {
	token.Span
	Name    Name
	Options []Option
}

// Link is "link :from, :to {, option}". Options: every, late_after.
type Link struct {
	token.Span
	From, To Name
	Options  []Option
}

func (*Database) decl()  {}
func (*View) decl()      {}
func (*Handler) decl()   {}
func (*Process) decl()   {}
func (*Invariant) decl() {}
func (*Import) decl()    {}
func (*Def) decl()       {}
func (*TypeDecl) decl()  {}
func (*At) decl()        {}
func (*Allow) decl()     {}
func (*Test) decl()      {}

func (*Let) stmt()      {}
func (*Command) stmt()  {}
func (*ExprStmt) stmt() {}

func (*Ident) expr()  {}
func (*Int) expr()    {}
func (*Float) expr()  {}
func (*String) expr() {}
func (*Symbol) expr() {}
func (*Bool) expr()   {}
func (*Nil) expr()    {}
func (*List) expr()   {}
func (*Record) expr() {}
func (*Unary) expr()  {}
func (*Binary) expr() {}
func (*Member) expr() {}
func (*Index) expr()  {}
func (*Call) expr()   {}
func (*If) expr()     {}
func (*Bad) expr()    {}

func (*NamedType) typ()  {}
func (*RecordType) typ() {}
func (*Signature) typ()  {}
func (*BadType) typ()    {}
