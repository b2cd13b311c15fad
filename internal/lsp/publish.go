package lsp

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// publish compiles the programs that have changed, and tells their letters.
func (s *Server) publish() {
	for _, dir := range slices.Sorted(maps.Keys(s.world.folders)) {
		if f := s.world.folders[dir]; f.insight == nil {
			s.guarded("compiling", func() { s.tell(f) })
		}
	}
}

// tell publishes the letters of a program, file by file. A file that had some
// and has none now is told so.
func (s *Server) tell(f *folder) {
	s.world.understand(f)
	letters := map[string][]diagnostic{}
	for path := range s.world.open {
		if f.has(path) {
			letters[s.world.uriOf(path)] = []diagnostic{}
		}
	}
	for uri := range f.published {
		if letters[uri] == nil {
			letters[uri] = []diagnostic{}
		}
	}
	for _, d := range f.insight.Letters {
		if at := d.Where(); at.File != nil {
			uri := s.world.uriOf(f.path(at.File.Name))
			letters[uri] = append(letters[uri], s.diagnostic(f, d))
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(letters)) {
		p := publishParams{URI: uri, Diagnostics: letters[uri]}
		d, isOpen := s.world.open[pathOf(uri)]
		if p.Version = d.version; !isOpen && len(p.Diagnostics) == 0 && f.published[uri] == nil {
			continue
		}
		s.publishOne(f, p)
		if !isOpen && len(p.Diagnostics) == 0 {
			delete(f.published, uri)
		}
	}
}

// publishOne tells the letters about a file, unless the client has them.
func (s *Server) publishOne(f *folder, p publishParams) {
	body, err := json.Marshal(p)
	if err != nil || bytes.Equal(f.published[p.URI], body) {
		return
	}
	f.published[p.URI] = body
	s.notify("textDocument/publishDiagnostics", json.RawMessage(body))
}

// diagnostic writes a letter as the protocol has it: the other places and the
// reasons that have a place are related information, the rest is text.
func (s *Server) diagnostic(f *folder, d diag.Diagnostic) diagnostic {
	out := diagnostic{
		Range: s.encoding.span(d.Where()), Severity: int(d.Severity) + 1, Code: string(d.Code), Source: "martinelli",
		Message: text(d),
	}
	for _, l := range d.Labels[1:] {
		out.Related = append(out.Related, s.related(f, l)...)
	}
	for _, l := range d.Because {
		out.Related = append(out.Related, s.related(f, l)...)
	}
	return out
}

func (s *Server) related(f *folder, l diag.Label) []related {
	if l.Span.File == nil {
		return nil
	}
	return []related{{s.location(f, l.Span), l.Text}}
}

func (s *Server) location(f *folder, at token.Span) location {
	return location{s.world.uriOf(f.path(at.File.Name)), s.encoding.span(at)}
}

// text is what a letter says beside its places.
func text(d diag.Diagnostic) string {
	lines := []string{d.Title}
	if d.Labels[0].Text != "" {
		lines = append(lines, d.Labels[0].Text)
	}
	for _, l := range d.Because {
		if l.Span.File == nil {
			lines = append(lines, "because "+l.Text)
		}
	}
	if d.Example != "" {
		lines = append(lines, "example: "+d.Example)
	}
	if d.Hint != "" {
		lines = append(lines, d.Hint)
	}
	for _, w := range d.Ways {
		line := "way out: " + w.Text
		if w.Cost != "" {
			line += " (" + w.Cost + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, "martinelli explain "+string(d.Code)), "\n")
}
