package browser_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/host/browser"
	"github.com/martinelli-lang/martinelli/internal/typescript"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/plan"
)

// schemaType is a type as protocol.ts has it.
type schemaType struct {
	Kind   string
	Of     json.RawMessage
	Fields []schemaParam
}

type schemaParam struct {
	Name string
	Type schemaType
}

type schemaMember struct {
	Name     string
	Keys     []schemaParam
	Type     schemaType
	IsScalar bool
	Params   []schemaParam
	Runs     string
}

// TestSchemaAndTypesAgree: what a page is told that a program has, and what an
// editor knows of it, say the same, for all examples.
func TestSchemaAndTypesAgree(t *testing.T) {
	programs := map[string][]string{
		"wine": {"wine/wine.mrt", "wine/bottle.mrt"}, "wine, version 1": {"wine/v1/wine.mrt", "wine/v1/client.mrt", "wine/v1/server.mrt", "wine/bottle.mrt"},
		"ads": {"ads/ads.mrt"}, "page": {"page/list.mrt"}, "react": {"react/lunch.mrt"},
	}
	tours, err := filepath.Glob("../../examples/tour/*/*.mrt")
	if err != nil || len(tours) < 10 {
		t.Fatal(tours, err)
	}
	for _, tour := range tours {
		programs[filepath.Base(tour)] = []string{strings.TrimPrefix(tour, "../../examples/")}
	}
	for name, files := range programs {
		p := example(t, files)
		for _, role := range p.Roles {
			said := struct{ Databases, Views, Events []schemaMember }{}
			if err := json.Unmarshal(browser.AppendSchema(nil, p.Surface(role.Name)), &said); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, m := range slices.Concat(said.Databases, said.Views) {
				lines = append(lines, quoted(m.Name)+": "+m.typescript(t)+";")
			}
			for _, m := range said.Events {
				lines = append(lines, quoted(m.Name)+": Event<"+params(t, m.Params)+`, "`+m.Runs+`">;`)
			}
			if got, want := strings.Join(lines, "\n"), membersOf(typescript.Declarations(p, role.Name, "x")); got != want {
				t.Errorf("%s at %s: the schema says\n%s\nand the types say\n%s", name, role.Name, got, want)
			}
		}
	}
}

// example compiles an example, for its own topology if it has one.
func example(t *testing.T, files []string) *plan.Program {
	t.Helper()
	var topology *lang.Source
	if text, err := os.ReadFile("../../examples/" + strings.TrimSuffix(files[0], ".mrt") + ".topology"); err == nil {
		topology = &lang.Source{Name: "topology", Text: string(text)}
	}
	var sources []lang.Source
	for _, file := range files {
		text, err := os.ReadFile("../../examples/" + file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, lang.Source{Name: file, Text: string(text)})
	}
	p, notes := lang.Compile(sources, topology)
	if p == nil {
		t.Fatal(files, notes)
	}
	return p
}

var (
	typeLine   = regexp.MustCompile(`(?m)^export type (\w+) = (.*);$`)
	memberLine = regexp.MustCompile(`(?m)^    ([^/\n].*)$`)
)

// membersOf returns the members in a text of types, with each record written out.
func membersOf(text string) string {
	var lines []string
	for _, m := range memberLine.FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	all := strings.Join(lines, "\n")
	for range 4 { // records in records
		for _, named := range typeLine.FindAllStringSubmatch(text, -1) {
			all = regexp.MustCompile(`\b`+named[1]+`\b`).ReplaceAllString(all, strings.ReplaceAll(named[2], "$", "$$"))
		}
	}
	return strings.ReplaceAll(all, "key_", "")
}

func (m *schemaMember) typescript(t *testing.T) string {
	if isSet := m.Type.Kind == "set"; isSet == m.IsScalar {
		t.Errorf("%s of the kind %s is a scalar: %v", m.Name, m.Type.Kind, m.IsScalar)
	}
	if len(m.Keys) == 0 {
		return m.Type.typescript(t)
	}
	var dims []string
	for _, k := range m.Keys {
		dims = append(dims, strings.ReplaceAll(k.Name, ".", "_")+": "+k.Type.typescript(t))
	}
	return "Keyed<[" + strings.Join(dims, ", ") + "], " + m.Type.typescript(t) + ">"
}

func params(t *testing.T, list []schemaParam) string {
	var texts []string
	for _, p := range list {
		name := quoted(p.Name)
		if p.Type.Kind == "maybe" {
			name += "?"
		}
		texts = append(texts, name+": "+p.Type.typescript(t))
	}
	if len(texts) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(texts, "; ") + " }"
}

func (s *schemaType) typescript(t *testing.T) string {
	switch s.Kind {
	case "nil":
		return "null"
	case "bool":
		return "boolean"
	case "int", "nat", "float", "time":
		return "number"
	case "string", "symbol", "id":
		return "string"
	case "tuple":
		var all []string
		for _, of := range decoded[[]schemaType](t, s.Of) {
			all = append(all, of.typescript(t))
		}
		return "readonly [" + strings.Join(all, ", ") + "]"
	case "record":
		var all []string
		for _, f := range s.Fields {
			all = append(all, "readonly "+quoted(f.Name)+": "+f.Type.typescript(t))
		}
		if len(all) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(all, "; ") + " }"
	case "maybe":
		of := decoded[schemaType](t, s.Of)
		return of.typescript(t) + " | null"
	case "list", "set":
		of := decoded[schemaType](t, s.Of)
		text := of.typescript(t)
		if slices.Contains([]string{"maybe", "list", "set", "tuple"}, of.Kind) {
			text = "(" + text + ")"
		}
		return "readonly " + text + "[]"
	}
	return "any"
}

func decoded[T any](t *testing.T, b []byte) (v T) {
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func quoted(name string) string {
	if regexp.MustCompile(`^\w+$`).MatchString(name) {
		return name
	}
	return `"` + name + `"`
}

// TestRecordsAreOneDatabase: a record is read and watched under its own name, as
// the schema has it.
func TestRecordsAreOneDatabase(t *testing.T) {
	w := newWorld(t, "todo", "ann")
	w.steward.raise(1, "open", `{"list":"home","owner":"ann"}`)
	ann := w.page("ann")
	ann.put(&browser.Watch{Ticket: 7, Name: "tasks"})
	w.settle(5 * causal.Second)
	ann.raise(1, "task", `{"list":"home","task":"t1","text":"milk"}`)
	w.settle(5 * causal.Second)
	ann.raise(2, "done", `{"list":"home","task":"t1"}`)
	w.settle(5 * causal.Second)
	const before, after = `{"cares":["ann"],"done":false,"text":"milk"}`, `{"cares":["ann"],"done":true,"text":"milk"}`
	c := ann.changes[7]
	if len(c) != 3 || string(c[0].Value) != "{}" || string(c[1].Added) != `[["home","t1",`+before+`]]` ||
		string(c[2].Removed) != string(c[1].Added) || string(c[2].Added) != `[["home","t1",`+after+`]]` {
		t.Errorf("ann saw %+v; %+v", c, ann.answers)
	}
	if got := ann.read("tasks"); got != `{"[\"home\",\"t1\"]":`+after+`}` {
		t.Errorf("ann reads %s", got)
	}
}
