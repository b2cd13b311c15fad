package plan

import "strings"

// names are the words of the language for kinds that have one.
var names = map[Kind]string{
	KindAny: "any", KindNil: "nil", KindBool: "bool", KindInt: "int", KindNat: "nat", KindFloat: "float",
	KindString: "string", KindSymbol: "symbol", KindID: "id", KindTime: "time", KindList: "list",
}

// PlainNamed returns the plain type without arguments of the language's name.
func PlainNamed(name string) (Type, bool) {
	for k, n := range names {
		if n == name && k != KindNil && k != KindList {
			return Type{Kind: k}, true
		}
	}
	return Type{}, false
}

// String writes t structurally, as the language would: equal types have equal
// texts, so the text can stand for the type in a schema.
func (t Type) String() string {
	var b strings.Builder
	t.write(&b, false)
	return b.String()
}

// Label writes t for a reader: a record by its declared name where it has one.
func (t Type) Label() string {
	var b strings.Builder
	t.write(&b, true)
	return b.String()
}

func (t Type) write(b *strings.Builder, named bool) {
	switch {
	case named && t.Name != "":
		b.WriteString(t.Name)
	case t.Kind == KindRecord || t.Kind == KindProduct:
		t.writeFields(b, named)
	case t.Kind == KindTuple:
		writeTypes(b, "(", t.Args, ")", named)
	case t.Kind == KindMaybe:
		t.Element().write(b, named)
		b.WriteString(" or nil")
	case t.Kind == KindSet:
		writeTypes(b, "collection<", t.Args, ">", named)
	default:
		b.WriteString(t.word())
		if len(t.Args) > 0 {
			writeTypes(b, "<", t.Args, ">", named)
		}
	}
}

func (t Type) word() string {
	if l, ok := LatticeOf(t.Kind); ok {
		return l.Name
	}
	return names[t.Kind]
}

func (t Type) writeFields(b *strings.Builder, named bool) {
	b.WriteString("{ ")
	for i, f := range t.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.Name + ": ")
		f.Type.write(b, named)
	}
	b.WriteString(" }")
}

func writeTypes(b *strings.Builder, open string, ts []Type, end string, named bool) {
	b.WriteString(open)
	for i, t := range ts {
		if i > 0 {
			b.WriteString(", ")
		}
		t.write(b, named)
	}
	b.WriteString(end)
}

// Equal reports whether two types have the same structure. The declared name
// of a record is not part of it.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || len(t.Args) != len(o.Args) || len(t.Fields) != len(o.Fields) {
		return false
	}
	for i := range t.Args {
		if !t.Args[i].Equal(o.Args[i]) {
			return false
		}
	}
	for i, f := range t.Fields {
		if f.Name != o.Fields[i].Name || !f.Type.Equal(o.Fields[i].Type) {
			return false
		}
	}
	return true
}

// AssignableTo reports whether a value of type t is one of type to as it
// stands, without any conversion:
//
//   - a nat is an int, a time is an int and an int is a time: milliseconds;
//   - an id is a string and a string is an id;
//   - nil and a T are a "T or nil";
//   - lists, tuples, collections and records are assignable part by part.
//
// A value of any type that has no record inside may stand where any is asked
// for; any itself stands for any alone, since nothing is known of it. A record
// does not become any: without its type its fields would lose their names.
func (t Type) AssignableTo(to Type) bool {
	switch {
	case t.Equal(to):
		return true
	case to.Kind == KindAny:
		return !t.hasRecord()
	case to.Kind == KindMaybe:
		if t.Kind == KindMaybe {
			return t.Element().AssignableTo(to.Element())
		}
		return t.Kind == KindNil || t.AssignableTo(to.Element())
	case t.Kind == to.Kind:
		return t.partsAssignableTo(to)
	case t.isString() && to.isString():
		return true
	}
	return t.isInteger() && (to.Kind == KindInt || to.Kind == KindTime)
}

func (t Type) partsAssignableTo(to Type) bool {
	if t.IsLattice() || len(t.Args) != len(to.Args) || len(t.Fields) != len(to.Fields) {
		return false
	}
	for i := range t.Args {
		if !t.Args[i].AssignableTo(to.Args[i]) {
			return false
		}
	}
	for i, f := range t.Fields {
		if f.Name != to.Fields[i].Name || !f.Type.AssignableTo(to.Fields[i].Type) {
			return false
		}
	}
	return true
}

func (t Type) isString() bool  { return t.Kind == KindString || t.Kind == KindID }
func (t Type) isInteger() bool { return t.Kind == KindInt || t.Kind == KindNat || t.Kind == KindTime }

func (t Type) hasRecord() bool {
	if t.Kind == KindRecord {
		return true
	}
	for _, a := range t.Args {
		if a.hasRecord() {
			return true
		}
	}
	return false
}

// Unify returns the smaller of the types that both t and o are assignable to.
func (t Type) Unify(o Type) (Type, bool) {
	switch {
	case t.Kind == KindNil:
		return Maybe(o), true
	case o.Kind == KindNil:
		return Maybe(t), true
	case t.AssignableTo(o):
		return o, true
	case o.AssignableTo(t):
		return t, true
	case t.Kind == KindMaybe || o.Kind == KindMaybe:
		inner, ok := t.bare().Unify(o.bare())
		return Maybe(inner), ok
	}
	return Type{}, false
}

// bare returns t without its "or nil".
func (t Type) bare() Type {
	if t.Kind == KindMaybe {
		return t.Element()
	}
	return t
}
