// Package typescript writes what a program has as types for the npm package
// martinelli: its databases, views and events become members that an editor
// knows, and values are of the types that internal/jsonvalue gives them.
package typescript

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
)

// Declarations returns a TypeScript module with the types of what a program has
// at a role: an interface called name, to open the program by, and each record
// of the program under its own name. It has types alone, and nothing of it is
// left when it runs. Equal programs give equal texts.
func Declarations(p *plan.Program, role, name string) string {
	w := &writer{records: map[string]string{}, used: map[string]bool{}}
	for _, t := range p.Types {
		w.records[t.Type.String()] = t.Name
	}
	w.line(0, "export interface ", Name(name), " {")
	of := p.Surface(role)
	w.databases(of.Databases)
	w.views(of.Views)
	w.events(of.Events)
	w.line(0, "}")
	body := w.text.String()
	return "// Made by \"martinelli gen ts\" from the program, for the role " + role + ". Make it anew when that changes.\n\n" +
		w.imports() + "\n" + w.types(p) + body
}

// Name makes a text the name of a type: "wine-shop" is WineShop.
func Name(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !isLetter(r) && !('0' <= r && r <= '9') })
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	name := strings.Join(words, "")
	if name == "" || !isLetter(rune(name[0])) {
		name = "Program" + name
	}
	return name
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// writer gathers the text, and what it uses.
type writer struct {
	text    strings.Builder
	records map[string]string // the name of a record that the program declares, by its form
	used    map[string]bool   // names of those, and of what is imported
}

func (w *writer) line(depth int, parts ...string) {
	w.text.WriteString(strings.Repeat("  ", depth))
	for _, part := range parts {
		w.text.WriteString(part)
	}
	w.text.WriteByte('\n')
}

func (w *writer) databases(of []plan.Member) {
	w.line(1, "databases: {")
	for _, d := range of {
		w.line(2, "/** ", d.Lattice.Label(), " */")
		w.line(2, member(d.Name), ": ", w.keyed(d.Keys, d.Type), ";")
	}
	w.line(1, "};")
}

func (w *writer) views(of []plan.Member) {
	w.line(1, "views: {")
	for _, v := range of {
		w.line(2, member(v.Name), ": ", w.keyed(v.Keys, v.Type), ";")
	}
	w.line(1, "};")
}

func (w *writer) events(of []plan.Raised) {
	w.line(1, "events: {")
	for _, e := range of {
		w.used["Event"] = true
		w.line(2, member(e.Name), ": Event<", w.params(e.Params), ", ", strconv.Quote(e.Runs.String()), ">;")
	}
	w.line(1, "};")
}

// params writes what an event takes. A parameter that may be nil may be left out.
func (w *writer) params(params []plan.Param) string {
	if len(params) == 0 {
		return "{}"
	}
	var members []string
	for _, p := range params {
		name := member(p.Name)
		if p.Type.Kind == plan.KindMaybe {
			name += "?"
		}
		members = append(members, name+": "+w.typ(p.Type))
	}
	return "{ " + strings.Join(members, "; ") + " }"
}

func (w *writer) keyed(keys []plan.Dim, t plan.Type) string {
	if len(keys) == 0 {
		return w.typ(t)
	}
	w.used["Keyed"] = true
	var dims []string
	for _, k := range keys {
		dims = append(dims, label(k.Name)+": "+w.typ(k.Type))
	}
	return "Keyed<[" + strings.Join(dims, ", ") + "], " + w.typ(t) + ">"
}

// typ writes a type of values as they stand in JSON.
func (w *writer) typ(t plan.Type) string {
	switch t.Kind {
	case plan.KindNil:
		return "null"
	case plan.KindBool:
		return "boolean"
	case plan.KindInt, plan.KindNat, plan.KindFloat, plan.KindTime:
		return "number"
	case plan.KindString, plan.KindSymbol, plan.KindID:
		return "string"
	case plan.KindList, plan.KindSet:
		return "readonly " + w.element(t.Element()) + "[]"
	case plan.KindTuple:
		return "readonly [" + w.all(t.Args) + "]"
	case plan.KindMaybe:
		return w.typ(t.Element()) + " | null"
	case plan.KindRecord:
		return w.record(t)
	}
	return "any"
}

// element writes a type that stands before brackets.
func (w *writer) element(t plan.Type) string {
	switch text := w.typ(t); t.Kind {
	case plan.KindMaybe, plan.KindList, plan.KindSet, plan.KindTuple:
		return "(" + text + ")"
	default:
		return text
	}
}

func (w *writer) all(ts []plan.Type) string {
	var texts []string
	for _, t := range ts {
		texts = append(texts, w.typ(t))
	}
	return strings.Join(texts, ", ")
}

func (w *writer) record(t plan.Type) string {
	if name := w.records[t.String()]; name != "" {
		w.used[name] = true
		return name
	}
	return w.fields(t.Fields)
}

func (w *writer) fields(fields []plan.Field) string {
	if len(fields) == 0 {
		return "{}"
	}
	var members []string
	for _, f := range fields {
		members = append(members, "readonly "+member(f.Name)+": "+w.typ(f.Type))
	}
	return "{ " + strings.Join(members, "; ") + " }"
}

// types writes the records of the program that something uses, in the order of
// the program. Each may use others.
func (w *writer) types(p *plan.Program) string {
	written := map[string]string{}
	for isMore := true; isMore; {
		isMore = false
		for _, t := range p.Types {
			if _, isDone := written[t.Name]; w.used[t.Name] && !isDone {
				written[t.Name] = w.fields(t.Type.Fields)
				isMore = true
			}
		}
	}
	var b strings.Builder
	for _, t := range p.Types {
		if text, ok := written[t.Name]; ok {
			b.WriteString("export type " + t.Name + " = " + text + ";\n\n")
			delete(written, t.Name)
		}
	}
	return b.String()
}

func (w *writer) imports() string {
	var names []string
	for _, name := range []string{"Event", "Keyed"} {
		if w.used[name] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "import type { " + strings.Join(names, ", ") + " } from \"martinelli\";\n"
}

// member writes a name as that of a member.
func member(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !isLetter(r) && r != '_' && !('0' <= r && r <= '9') }) {
		return strconv.Quote(name)
	}
	return name
}

// reserved are words that TypeScript does not take for the name of an element of a tuple.
var reserved = strings.Fields("break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with")

func label(name string) string {
	if slices.Contains(reserved, name) || member(name) != name {
		return "key_" + strings.ReplaceAll(name, ".", "_")
	}
	return name
}
