package invariant

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// teller writes down how two replicas break an invariant at one element.
type teller struct {
	m     *model
	x     value.Value // the element
	terms []*term
	isFar bool // what is done is at several keys, which are said
}

// tell writes down what was found.
func (m *model) tell(w world, a, b *branch, merged world) string {
	x, _ := m.broken(merged)
	t := teller{m: m, x: x}
	var key []value.Value
	for _, o := range slices.Concat(a.ops, b.ops) {
		for _, s := range o.writes {
			if len(s.keys) > 0 {
				t.isFar = t.isFar || key != nil && !sameValues(key, s.keys)
				key = s.keys
			}
		}
	}
	for _, c := range m.o.clauses {
		for _, l := range c {
			for _, term := range l.terms {
				t.put(term)
			}
		}
	}
	if s := m.o.normal.source; s != nil && s.sort == truth && (!t.has(w) || !t.has(a.end()) || !t.has(b.end()) || len(t.terms) == 0) {
		t.put(s.terms[0]) // else that there is such an element goes without saying
	}
	return "2 replicas, " + t.named(w) + ":  a: " + t.run(a) + "  b: " + t.run(b) + "  after merge: " + t.text(merged)
}

// put keeps a term, unless it is there.
func (t *teller) put(x *term) {
	if len(x.dbs) > 0 && !slices.ContainsFunc(t.terms, func(o *term) bool { return o.reading == x.reading && same(o.expr, x.expr) }) {
		t.terms = append(t.terms, x)
	}
}

// has reports whether the element is there.
func (t *teller) has(w world) bool {
	items, _, _ := (&reader{m: t.m, w: w}).items(t.m.source)
	return slices.ContainsFunc(items, func(v value.Value) bool { return value.Equal(v, t.x) })
}

func (t *teller) run(b *branch) string {
	var parts []string
	for i, o := range b.ops {
		var said []string
		for k := range o.writes {
			said = append(said, t.said(&o.writes[k]))
		}
		parts = append(parts, strings.Join(said, " and ")+" -> "+t.text(b.after[i]))
	}
	return strings.Join(parts, ", ")
}

// said writes one update.
func (t *teller) said(s *said) string {
	text, verb := t.m.o.p.Databases[s.db].Name, s.verb
	if verb == "" {
		verb = "remove"
	}
	if len(s.keys) > 0 && (t.isFar || s.verb == "") {
		var keys []string
		for _, k := range s.keys {
			keys = append(keys, textOf(k))
		}
		text += "[" + strings.Join(keys, ", ") + "]"
	}
	if len(t.terms) == 1 && text == t.m.o.p.Databases[t.terms[0].dbs[0]].Name {
		text = verb
	} else {
		text += "." + verb
	}
	if isOne := s.verb == "inc" || s.verb == "dec"; s.has && (!isOne || s.arg.AsInt() != 1) {
		text += "(" + textOf(s.arg) + ")"
	}
	return text
}

// text writes a world: its value, or where there are several, each with its name.
func (t *teller) text(w world) string {
	if len(t.terms) == 1 {
		return t.valueOf(t.terms[0], w)
	}
	return t.named(w)
}

func (t *teller) named(w world) string {
	var parts []string
	for _, x := range t.terms {
		parts = append(parts, t.name(x)+" "+t.valueOf(x, w))
	}
	if len(parts) == 0 {
		parts = t.databases(w)
	}
	return strings.Join(parts, ", ")
}

// databases writes all that is read, of a condition without terms.
func (t *teller) databases(w world) []string {
	var parts []string
	for _, db := range databasesOf(t.m.cond, databasesOf(t.m.source, nil)) {
		var has []string
		for i := range w {
			if p := &t.m.places[i]; p.db == db && (&reader{m: t.m, w: w}).isThere(i) {
				v := p.elem
				if !p.isElement() {
					v = t.m.valueOf(p, w[i])
				}
				has = append(has, textOf(v))
			}
		}
		parts = append(parts, t.m.o.p.Databases[db].Name+" {"+strings.Join(has, ", ")+"}")
	}
	return parts
}

// name returns what a term is called: by its database, where that is clear.
func (t *teller) name(x *term) string {
	name := t.m.o.p.Databases[x.dbs[0]].Name
	switch x.reading {
	case size:
		return name + ".count"
	case presence:
		if x.expr == t.m.o.inv.Source {
			return "in " + t.m.o.spanText(x.expr)
		}
		return t.m.o.spanText(x.expr)
	}
	for _, o := range t.terms {
		if o != x && o.dbs[0] == x.dbs[0] && o.reading == x.reading {
			return t.m.o.spanText(x.expr)
		}
	}
	return name
}

// valueOf writes what a term is.
func (t *teller) valueOf(x *term, w world) string {
	r := reader{m: t.m, w: w}
	r.bind(t.m.o.inv.Params, t.x)
	switch {
	case x.expr == t.m.o.inv.Source:
		return yes(t.has(w))
	case x.reading == size && x.expr.Op != plan.OpCount:
		n := 0
		for i := range w {
			if t.m.places[i].db == x.dbs[0] && r.isThere(i) {
				n++
			}
		}
		return strconv.Itoa(n)
	}
	v, _ := r.value(x.expr)
	if x.reading == presence {
		return yes(v.AsBool())
	}
	return textOf(v)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// textOf writes a value as the language does.
func textOf(v value.Value) string {
	switch v.Kind() {
	case value.KindNil:
		return "unset"
	case value.KindInt:
		return strconv.FormatInt(v.AsInt(), 10)
	case value.KindBool:
		return strconv.FormatBool(v.AsBool())
	case value.KindSymbol:
		return ":" + v.AsString()
	case value.KindString:
		return strconv.Quote(v.AsString())
	case value.KindRecord, value.KindTuple, value.KindList:
		var parts []string
		for _, e := range v.Elems() {
			parts = append(parts, textOf(e))
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	return "it"
}
