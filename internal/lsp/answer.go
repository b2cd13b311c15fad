package lsp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/format"
	"github.com/martinelli-lang/martinelli/lang/lens"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// place is a place that the client asks about.
type place struct {
	folder *folder
	lens   *lens.Lens
	file   *token.File
	offset int
}

// at finds the place of a question; false where its file is of no program.
func (s *Server) at(p placeParams) (place, bool) {
	path := pathOf(p.TextDocument.URI)
	f := s.world.home(path)
	l := s.world.look(f)
	file, ok := l.File(f.name(path))
	if !ok {
		return place{}, false
	}
	return place{f, l, file, s.encoding.offset(file, p.Position)}, true
}

func (s *Server) hover(p placeParams) (any, *failure) {
	at, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	n, ok := at.lens.Note(at.file.Name, at.offset)
	if !ok {
		return nil, nil
	}
	var parts []string
	if n.Code != "" {
		parts = append(parts, "```martinelli\n"+n.Code+"\n```")
	}
	return hover{markup{"markdown", strings.Join(append(parts, n.Lines...), "\n\n")}, s.encoding.span(n.Span)}, nil
}

func (s *Server) definition(p placeParams) (any, *failure) {
	at, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	found := []location{}
	for _, d := range at.lens.Declarations(at.file.Name, at.offset) {
		found = append(found, s.location(at.folder, d))
	}
	return found, nil
}

func (s *Server) references(p placeParams) (any, *failure) {
	found := []location{}
	at, ok := s.at(p)
	if !ok {
		return found, nil
	}
	t, _, ok := at.lens.At(at.file.Name, at.offset)
	if !ok {
		return found, nil
	}
	for _, u := range t.Uses {
		if p.Context.IncludeDeclaration || !slices.Contains(t.Decls, u.Span) {
			found = append(found, s.location(at.folder, u.Span))
		}
	}
	return found, nil
}

func (s *Server) highlights(p placeParams) (any, *failure) {
	found := []map[string]any{}
	at, ok := s.at(p)
	if !ok {
		return found, nil
	}
	if t, _, ok := at.lens.At(at.file.Name, at.offset); ok {
		for _, u := range t.Uses {
			if u.File == at.file {
				found = append(found, map[string]any{"range": s.encoding.span(u.Span)})
			}
		}
	}
	return found, nil
}

func (s *Server) prepareRename(p placeParams) (any, *failure) {
	at, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	t, use, err := at.lens.Renameable(at.file.Name, at.offset)
	if err != nil {
		return nil, failed(requestFailed, "%v", err)
	}
	return prepared{s.encoding.span(use.Span), t.Name}, nil
}

func (s *Server) rename(p placeParams) (any, *failure) {
	at, ok := s.at(p)
	if !ok {
		return nil, failed(requestFailed, "this file is of no program")
	}
	edits, err := at.lens.Rename(at.file.Name, at.offset, p.NewName, at.folder.read)
	if err != nil {
		return nil, failed(requestFailed, "not renamed: %v", err)
	}
	return s.edit(at.folder, edits), nil
}

// edit writes edits as the protocol has them.
func (s *Server) edit(f *folder, edits []diag.Edit) workspaceEdit {
	changes := map[string][]textEdit{}
	for _, e := range edits {
		uri := s.world.uriOf(f.path(e.Span.File.Name))
		changes[uri] = append(changes[uri], textEdit{s.encoding.span(e.Span), e.Text})
	}
	return workspaceEdit{changes}
}

// completionKinds are the protocol's numbers (LSP 3.17, CompletionItemKind).
var completionKinds = map[lens.Kind]int{
	lens.Database: 6, lens.View: 6, lens.Event: 23, lens.Import: 3, lens.Def: 3, lens.Record: 22, lens.Field: 5, lens.Role: 20,
	lens.Local: 6, lens.Ambient: 6, lens.Dimension: 20, lens.Prelude: 3, lens.Member: 2, lens.BuiltIn: 22, lens.Option: 10, lens.Word: 14,
}

func (s *Server) completion(p placeParams) (any, *failure) {
	at, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	items := []completionItem{}
	for _, f := range lens.Fits(at.file, at.offset, at.folder.read) {
		items = append(items, completionItem{
			Label: f.Label, Kind: completionKinds[f.Kind], Detail: f.Detail, SortText: sortText(f),
			TextEdit: textEdit{s.encoding.span(f.Span), f.Text},
		})
	}
	return items, nil
}

// sortText puts what is nearest first: local names and members, then the
// program's, then the language's.
func sortText(f lens.Suggestion) string {
	rank := "2"
	switch f.Kind {
	case lens.Local, lens.Member, lens.Field, lens.Dimension:
		rank = "0"
	case lens.Database, lens.View, lens.Def, lens.Import, lens.Record, lens.Role, lens.Event:
		rank = "1"
	}
	return rank + f.Label
}

// codeActions offers the ways out of the letters at a place that are edits, and
// what their hints say to write.
func (s *Server) codeActions(p codeActionParams) (any, *failure) {
	actions := []codeAction{}
	path := pathOf(p.TextDocument.URI)
	f := s.world.home(path)
	s.world.understand(f)
	only := p.Context.Only
	if len(only) > 0 && !slices.Contains(only, "quickfix") && !slices.Contains(only, "") {
		return actions, nil
	}
	for _, d := range f.insight.Letters {
		at := d.Where()
		if at.File == nil || f.path(at.File.Name) != path || !touches(s.encoding.span(at), p.Range) {
			continue
		}
		if len(d.Fix) > 0 {
			a := s.action(f, d, hintOf(d), d.Fix)
			a.IsPreferred = true
			actions = append(actions, a)
		}
		for _, w := range d.Ways {
			if len(w.Edits) == 0 {
				continue
			}
			title := w.Text
			if w.Cost != "" {
				title += " (" + w.Cost + ")"
			}
			actions = append(actions, s.action(f, d, title, w.Edits))
		}
	}
	return actions, nil
}

// hintOf is what a letter says to write.
func hintOf(d diag.Diagnostic) string {
	for _, text := range []string{d.Hint, d.Labels[0].Text} {
		if strings.HasPrefix(text, "did you mean") || strings.HasPrefix(text, "write") {
			return text
		}
	}
	return cmp.Or(d.Hint, d.Labels[0].Text, d.Title)
}

func (s *Server) action(f *folder, d diag.Diagnostic, title string, edits []diag.Edit) codeAction {
	return codeAction{Title: title, Kind: "quickfix", Diagnostics: []diagnostic{s.diagnostic(f, d)}, Edit: s.edit(f, edits)}
}

// touches reports whether two ranges have a place in common.
func touches(a, b textRange) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// symbolKinds are the protocol's numbers (LSP 3.17, SymbolKind).
var symbolKinds = map[lens.Kind]int{
	lens.Database: 13, lens.View: 7, lens.Event: 24, lens.Invariant: 17, lens.Import: 12, lens.Def: 12, lens.Record: 23, lens.Field: 8,
	lens.Role: 3, lens.Word: 19,
}

func (s *Server) symbols(p placeParams) (any, *failure) {
	at, ok := s.at(p)
	if !ok {
		return []documentSymbol{}, nil
	}
	return s.outline(at.lens.Outline(at.file.Name)), nil
}

func (s *Server) outline(items []lens.Item) []documentSymbol {
	symbols := []documentSymbol{}
	for _, i := range items {
		symbols = append(symbols, documentSymbol{
			Name: i.Name, Detail: i.Detail, Kind: symbolKinds[i.Kind],
			Range: s.encoding.span(i.Span), SelectionRange: s.encoding.span(i.Head), Children: s.outline(i.Items),
		})
	}
	return symbols
}

// formatting writes a file in the one style. A file that can't be read stays as it is.
func (s *Server) formatting(p placeParams) (any, *failure) {
	path := pathOf(p.TextDocument.URI)
	text, ok := s.world.text(path)
	if !ok {
		return nil, failed(requestFailed, "there is no such file")
	}
	file := token.NewFile(path, text)
	after, letters, err := format.Source(file)
	switch {
	case err != nil:
		return nil, failed(requestFailed, "%v", err)
	case len(letters) > 0 || after == text:
		return []textEdit{}, nil
	}
	from, to := 0, 0
	for from < min(len(text), len(after)) && text[from] == after[from] {
		from++
	}
	for from > 0 && text[from-1] != '\n' {
		from--
	}
	for to < min(len(text), len(after))-from && text[len(text)-1-to] == after[len(after)-1-to] {
		to++
	}
	for to > 0 && text[len(text)-to-1] != '\n' {
		to--
	}
	changed := token.Span{File: file, Start: from, End: len(text) - to}
	return []textEdit{{s.encoding.span(changed), after[from : len(after)-to]}}, nil
}
