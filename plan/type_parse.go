package plan

import (
	"slices"
	"strings"
)

// ParseType reads a type as Type.String writes it. It is false for any other
// text. Cost: linear in the text.
func ParseType(text string) (t Type, ok bool) {
	p := typeParser{rest: text}
	t, ok = p.typ(0)
	return t, ok && p.rest == ""
}

// parseDims reads the dimensions of a key as a Stored has them.
func parseDims(text string) (dims []Dim, ok bool) {
	p := typeParser{rest: text}
	if text == "" {
		return nil, true
	}
	fields, ok := p.fields("")
	for _, f := range fields {
		dims = append(dims, Dim(f))
	}
	return dims, ok && p.rest == ""
}

// typeParser reads what rest begins with.
type typeParser struct{ rest string }

// take cuts a prefix off, if it is there.
func (p *typeParser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *typeParser) typ(depth int) (t Type, ok bool) {
	if depth >= TypeDepthMax {
		return t, false
	}
	switch {
	case p.take("{ "):
		t.Kind = KindRecord
		t.Fields, ok = p.fieldsAt(depth+1, " }")
		ok = ok && slices.IsSortedFunc(t.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	case p.take("("):
		t.Kind = KindTuple
		t.Args, ok = p.types(depth+1, ")")
	default:
		t, ok = p.named(depth)
	}
	if ok && p.take(" or nil") {
		return Maybe(t), true
	}
	return t, ok
}

// named reads a type that begins with a word.
func (p *typeParser) named(depth int) (t Type, ok bool) {
	word := p.word()
	params := 0
	switch l, isLattice := LatticeNamed(word); {
	case isLattice:
		t.Kind, params = l.Kind, l.Params
	case word == "list":
		t.Kind, params = KindList, 1
	case word == "collection":
		t.Kind, params = KindSet, 1
	case word == "nil":
		return Type{Kind: KindNil}, true
	default:
		return PlainNamed(word)
	}
	if params == 0 {
		return t, true
	}
	if !p.take("<") {
		return t, false
	}
	t.Args, ok = p.types(depth+1, ">")
	return t, ok && len(t.Args) == params
}

// types reads types between commas, up to end.
func (p *typeParser) types(depth int, end string) (ts []Type, ok bool) {
	if p.take(end) {
		return nil, true
	}
	for {
		t, ok := p.typ(depth)
		if !ok {
			return nil, false
		}
		if ts = append(ts, t); p.take(end) {
			return ts, true
		}
		if !p.take(", ") {
			return nil, false
		}
	}
}

func (p *typeParser) fields(end string) ([]Field, bool) { return p.fieldsAt(0, end) }

// fieldsAt reads "name: type" between commas, up to end; "" is the end of the text.
func (p *typeParser) fieldsAt(depth int, end string) (fs []Field, ok bool) {
	for {
		name := p.word()
		if name == "" || !p.take(": ") {
			return nil, false
		}
		t, ok := p.typ(depth)
		if !ok {
			return nil, false
		}
		fs = append(fs, Field{name, t})
		if end == "" && p.rest == "" || end != "" && p.take(end) {
			return fs, true
		}
		if !p.take(", ") {
			return nil, false
		}
	}
}

// word cuts off a name: letters, digits and underscores.
func (p *typeParser) word() string {
	n := strings.IndexFunc(p.rest, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if n < 0 {
		n = len(p.rest)
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}
