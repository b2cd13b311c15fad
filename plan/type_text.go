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
