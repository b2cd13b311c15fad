package lsp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestTranscripts plays every conversation of testdata. A transcript begins with
// what the client says, `> verb FILE ...`, and what it hears, `< ...`; behind it
// stand the files on disk. A place is a mark in a file, as «1», which is not
// part of it. MARTINELLI_UPDATE=1 writes down what is heard.
//
//	> open FILE            the editor opens what is on disk
//	> change FILE 1 2 TEXT what stands between two marks is replaced
//	> disk FILE WITH       a file changes on disk, to what another one holds
//	> await FILE           until letters about it come
//	> ask METHOD FILE 1    a question about a place; more words are name=value parameters
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := newPlay(t, archive)
			got := p.play(string(archive.Comment))
			if os.Getenv("MARTINELLI_UPDATE") != "" {
				archive.Comment = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(archive.Comment); got != want {
				t.Errorf("heard\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// play is one conversation.
type play struct {
	t       *testing.T
	c       *client
	dir     string
	texts   map[string]string
	marks   map[string]map[string]int // offsets by file and mark
	version int
	said    bytes.Buffer
}

func newPlay(t *testing.T, archive *txtar.Archive) *play {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &play{t: t, c: newClient(t), dir: dir, texts: map[string]string{}, marks: map[string]map[string]int{}}
	for _, f := range archive.Files {
		text, marks := string(f.Data), map[string]int{}
		for {
			before, rest, ok := strings.Cut(text, "«")
			if !ok {
				break
			}
			name, after, _ := strings.Cut(rest, "»")
			marks[name], text = len(before), before+after
		}
		p.texts[f.Name], p.marks[f.Name] = text, marks
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *play) play(script string) string {
	p.c.ask("initialize", map[string]any{"rootUri": uri(p.dir), "capabilities": map[string]any{"workspace": map[string]any{
		"didChangeWatchedFiles": map[string]any{"dynamicRegistration": true}}}}, nil)
	p.c.notify("initialized", map[string]any{})
	p.c.read() // it asks to hear of files
	for _, line := range strings.Split(script, "\n") {
		if strings.HasPrefix(line, "<") {
			continue
		}
		if line != "" {
			p.said.WriteString(line + "\n")
		}
		if say, ok := strings.CutPrefix(line, "> "); ok {
			p.say(strings.Fields(say))
		}
	}
	if status := p.c.end(); status != 0 {
		p.t.Error("it ends with", status)
	}
	return p.said.String()
}

func (p *play) path(file string) string { return filepath.Join(p.dir, filepath.FromSlash(file)) }

func (p *play) at(file, mark string) position {
	offset, ok := p.marks[file][mark]
	if !ok {
		p.t.Fatal("no mark", mark, "in", file)
	}
	return utf16.position(token.NewFile("", p.texts[file]), offset)
}

// say says one line.
func (p *play) say(words []string) {
	file := words[1]
	doc := map[string]any{"uri": uri(p.path(file))}
	switch words[0] {
	case "open":
		p.version++
		p.c.open(p.path(file), p.texts[file], p.version)
		p.await(file)
	case "change":
		p.version++
		doc["version"] = p.version
		p.c.notify("textDocument/didChange", map[string]any{"textDocument": doc, "contentChanges": []any{map[string]any{
			"range": textRange{p.at(file, words[2]), p.at(file, words[3])}, "text": strings.ReplaceAll(strings.Join(words[4:], " "), `\n`, "\n")}}})
		p.await(file)
	case "close":
		p.c.notify("textDocument/didClose", map[string]any{"textDocument": doc})
	case "disk":
		if err := os.WriteFile(p.path(file), []byte(p.texts[words[2]]), 0o644); err != nil {
			p.t.Fatal(err)
		}
		p.c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": uri(p.path(file)), "type": 2}}})
	case "await":
		p.await(file)
	case "ask":
		p.ask(words)
	default:
		p.t.Fatal("nobody says", words[0])
	}
}

func (p *play) await(file string) {
	got := p.c.published(uri(p.path(file)), p.hear)
	params, _ := json.Marshal(got)
	p.hear(reply{Method: "textDocument/publishDiagnostics", Params: params})
}

func (p *play) ask(words []string) {
	file := words[2]
	params := map[string]any{"textDocument": map[string]any{"uri": uri(p.path(file))}, "context": map[string]any{"includeDeclaration": true}}
	for _, w := range words[3:] {
		name, value, isNamed := strings.Cut(w, "=")
		switch {
		case name == "only" && isNamed:
			params["context"] = map[string]any{"only": []string{value}}
		case isNamed:
			params[name] = value
		case params["position"] == nil:
			params["position"] = p.at(file, w)
			params["range"] = textRange{p.at(file, w), p.at(file, w)}
		}
	}
	r := p.c.ask("textDocument/"+words[1], params, p.hear)
	if r.Error != nil {
		p.said.WriteString("< error " + strconv.Itoa(r.Error.Code) + " " + r.Error.Message + "\n")
		return
	}
	p.tell("", r.Result)
}

func (p *play) hear(r reply) {
	p.tell(strings.TrimPrefix(r.Method, "textDocument/")+" ", r.Params)
}

// tell writes down JSON, an element of a list on each line. What letters say in
// words is left out: their rooms have tests for that.
func (p *play) tell(head string, body json.RawMessage) {
	var v any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(body), uri(p.dir)+"/", "")), &v); err != nil {
		p.t.Fatal(err)
	}
	list, isList := v.([]any)
	if !isList {
		fmt.Fprintf(&p.said, "< %s%s\n", head, line(v))
		return
	}
	fmt.Fprintf(&p.said, "< %s%d\n", head, len(list))
	for _, l := range list {
		fmt.Fprintf(&p.said, "<   %s\n", line(l))
	}
}

// line is a value as JSON on a line.
func line(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(brief(v)) //nolint:errcheck // it was JSON
	return strings.TrimSpace(b.String())
}

// brief makes positions short, and leaves out what letters say.
func brief(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = brief(v[i])
		}
	case map[string]any:
		if at, ok := v["line"].(float64); ok && len(v) == 2 {
			return fmt.Sprintf("%v:%v", at, v["character"])
		}
		if v["severity"] != nil || v["location"] != nil {
			delete(v, "message")
		}
		if title, ok := v["title"].(string); ok {
			v["title"], _, _ = strings.Cut(title, " (") // without its cost
			delete(v, "diagnostics")
		}
		for name := range v {
			v[name] = brief(v[name])
		}
	}
	return v
}
