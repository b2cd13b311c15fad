package plan

// Kind is the kind of a Type: a plain value, a collection or a lattice.
type Kind uint8

const (
	KindAny    Kind = iota // anything; what an untyped parameter has
	KindNil                // the type of nil alone
	KindBool               // true, false
	KindInt                // 64 bits
	KindNat                // 0 .. 2^31-1
	KindFloat              //
	KindString             //
	KindSymbol             // :name
	KindID                 // a string that names something
	KindTime               // milliseconds
	KindList               // Args[0]: a plain list
	KindTuple              // Args
	KindRecord             // Fields, by name
	KindMaybe              // Args[0] or nil
	KindSet                // Args[0]: a collection of distinct elements, what views and sets read as

	KindGSet     // Args[0]
	KindORSet    // Args[0]: "set", add wins
	KindGCounter //
	KindCounter  //
	KindOnce     //
	KindLWW      // Args[0]
	KindMax      // Args[0]
	KindMin      // Args[0]
	KindMV       // Args[0]
	KindRSet     // Args[0]: remove wins
	KindFlag     //
	KindLog      // Args[0]

	// Lattices the language names and later versions run.
	KindText
	KindSeq
	KindMapOf
	KindProduct // a record of lattices
)

// Type is the type of an expression, a field or a database.
type Type struct {
	Kind   Kind
	Name   string  // the declared name of a record, for messages; not part of its identity
	Args   []Type  //
	Fields []Field // KindRecord and KindProduct: ascending by name, which is the order of the value's elements
}

// Field is a field of a record.
type Field struct {
	Name string
	Type Type
}

// Named types, for constructors of plans.
var (
	Any    = Type{Kind: KindAny}
	Bool   = Type{Kind: KindBool}
	Int    = Type{Kind: KindInt}
	Nat    = Type{Kind: KindNat}
	Float  = Type{Kind: KindFloat}
	String = Type{Kind: KindString}
	Symbol = Type{Kind: KindSymbol}
	ID     = Type{Kind: KindID}
	Time   = Type{Kind: KindTime}
)

// SetOf returns the type of a collection of elements of type t.
func SetOf(t Type) Type { return Type{Kind: KindSet, Args: []Type{t}} }

// Maybe returns the type of a t or nil.
func Maybe(t Type) Type {
	if t.Kind == KindMaybe || t.Kind == KindAny {
		return t
	}
	return Type{Kind: KindMaybe, Args: []Type{t}}
}

// TupleOf returns the type of a tuple.
func TupleOf(ts ...Type) Type { return Type{Kind: KindTuple, Args: ts} }

// Ordered reports whether values of the type grow in a way that a function can
// be promised to follow: a collection by its elements, a number by its size, a
// bool from false to true, and what may be nil from nil on. Texts, lists and
// records are what they are.
func (t Type) Ordered() bool {
	switch t.Kind {
	case KindBool, KindInt, KindNat, KindFloat, KindTime, KindSet:
		return true
	case KindMaybe:
		return t.Element().Kind != KindSet && t.Element().Ordered()
	}
	return false
}
