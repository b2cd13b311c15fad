package lang

import (
	"cmp"
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// roundsMax bounds how often the rest of a program is looked at: as often as
// the compiler has rooms that stop at a mistake.
const roundsMax = 5

// alsoOf adds to letters with errors those that a later room of the compiler
// has about the rest of the program: the declarations in which nothing is
// wrong, and which nothing wrong decides. So mistakes that lie apart are told
// at once, whatever they are, and none of them twice.
func alsoOf(files []*syntax.File, letters []diag.Diagnostic, look func([]*syntax.File) []diag.Diagnostic) []diag.Diagnostic {
	wrong := onlyErrors(letters)
	for range roundsMax {
		if len(wrong) == 0 || slices.ContainsFunc(wrong, isOfAll) {
			break
		}
		files = restOf(files, wrong)
		wrong = onlyErrors(look(files))
		letters = append(letters, wrong...)
	}
	return letters
}

// isOfAll reports whether a letter leaves nothing to be looked at: it has no
// place, or the rest of its file was not read.
func isOfAll(d diag.Diagnostic) bool { return d.Where().File == nil || d.Code <= "E004" }

func onlyErrors(letters []diag.Diagnostic) []diag.Diagnostic {
	return slices.DeleteFunc(slices.Clone(letters), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
}

// restOf returns the files without what is wrong and what depends on it. Cost: linear in the text.
func restOf(files []*syntax.File, wrong []diag.Diagnostic) []*syntax.File {
	r := &rest{gone: map[syntax.Decl]bool{}, lost: map[string]bool{}, naming: map[string][]*part{}, databases: map[string]*syntax.Database{}}
	for _, f := range files {
		r.list(f.Decls, token.Scan(f.Source).Tokens)
	}
	r.mark(wrong)
	for len(r.waiting) > 0 {
		name := r.waiting[0]
		r.waiting = r.waiting[1:]
		for _, p := range r.naming[name] {
			r.lose(p)
		}
	}
	left := make([]*syntax.File, len(files))
	for i, f := range files {
		copied := *f
		copied.Decls = r.kept(f.Decls)
		left[i] = &copied
	}
	return left
}

// rest knows what of a program is lost.
type rest struct {
	parts     []*part
	naming    map[string][]*part // by the names that stand in them
	databases map[string]*syntax.Database

	gone    map[syntax.Decl]bool
	lost    map[string]bool // the names that nothing declares any more
	waiting []string        // those of which nobody has asked who names them
}

// part is a declaration: no at, but what stands in one.
type part struct {
	decl   syntax.Decl
	tokens []token.Token
}

// list notes declarations and what they name.
func (r *rest) list(decls []syntax.Decl, tokens []token.Token) {
	for _, d := range decls {
		if at, ok := d.(*syntax.At); ok {
			r.list(at.Decls, tokens)
			continue
		}
		span := d.Where()
		p := &part{d, tokens[from(tokens, span.Start):from(tokens, span.End)]}
		r.parts = append(r.parts, p)
		if db, ok := d.(*syntax.Database); ok {
			r.databases[db.Name.Text] = db
		}
		locals := p.locals()
		for _, t := range p.tokens {
			if t.Kind == token.Ident && !locals[t.Text] {
				r.naming[t.Text] = append(r.naming[t.Text], p)
			}
		}
	}
}

// locals returns the names that parameters and lets of the declaration have.
func (p *part) locals() map[string]bool {
	locals := map[string]bool{}
	inBars := false
	for i, t := range p.tokens {
		if t.Kind == token.Bar {
			inBars = !inBars
		}
		if i == 0 || t.Kind != token.Ident {
			continue
		}
		before := p.tokens[i-1].Kind
		if before == token.Let || inBars && (before == token.Bar || before == token.Comma) {
			locals[t.Text] = true
		}
	}
	return locals
}

// from returns the index of the first token at or behind an offset.
func from(tokens []token.Token, offset int) int {
	i, _ := slices.BinarySearchFunc(tokens, offset, func(t token.Token, at int) int { return cmp.Compare(t.Start, at) })
	return i
}

// mark loses the declarations in which something is wrong, and the names on
// lines that are none.
func (r *rest) mark(wrong []diag.Diagnostic) {
	starts := map[*token.File][]int{}
	for _, d := range diag.Sort(wrong) {
		at := d.Where()
		starts[at.File] = append(starts[at.File], at.Start)
	}
	inside := map[*token.File]map[int]bool{}
	for _, p := range r.parts {
		span := p.decl.Where()
		at := starts[span.File]
		i, _ := slices.BinarySearch(at, span.Start)
		text, start := span.File.Line(span.File.LineAt(max(span.End-1, span.Start)))
		for ; i < len(at) && at[i] <= start+len(text); i++ { // what broke it may stand behind what was read
			if inside[span.File] == nil {
				inside[span.File] = map[int]bool{}
			}
			inside[span.File][at[i]] = true
			r.lose(p)
		}
	}
	for _, d := range wrong {
		if at := d.Where(); !inside[at.File][at.Start] {
			r.loseLine(at)
		}
	}
}

// loseLine loses what a line would have declared, or what stands under its at.
func (r *rest) loseLine(at token.Span) {
	text, start := at.File.Line(at.Position().Line)
	tokens := token.Scan(token.NewFile("", text)).Tokens
	i := slices.IndexFunc(tokens, func(t token.Token) bool { return t.Kind == token.Symbol })
	r.loseName(tokens[max(i, min(1, len(tokens)-1))].Text)
	for _, p := range r.parts {
		if span := p.decl.Where(); tokens[0].Text == "at" && span.File == at.File && span.Start > start {
			r.lose(p)
		}
	}
}

func (r *rest) loseName(name string) {
	if name != "" && !r.lost[name] {
		r.lost[name] = true
		r.waiting = append(r.waiting, name)
	}
}

// lose loses a declaration, its name, and the databases of which it may say
// what they are: a process fills what it does not render, and what is used says
// its type and its dimensions where its own declaration does not.
func (r *rest) lose(p *part) {
	if r.gone[p.decl] {
		return
	}
	r.gone[p.decl] = true
	r.loseName(p.name())
	_, isProcess := p.decl.(*syntax.Process)
	for i, t := range p.tokens {
		db := r.databases[t.Text]
		if t.Kind != token.Ident || db == nil || r.lost[t.Text] {
			continue
		}
		isRendered := i > 1 && p.tokens[i-2].Text == "render"
		isIndexed := i+1 < len(p.tokens) && p.tokens[i+1].Kind == token.LeftBracket
		if db.Type == nil || isProcess && !isRendered || isIndexed && !hasDimensions(db) {
			r.loseName(t.Text)
		}
	}
}

func hasDimensions(db *syntax.Database) bool {
	return slices.ContainsFunc(db.Options, func(o syntax.Option) bool {
		_, isNamed := o.Value.(*syntax.Symbol)
		return o.Name.Text == "by" || o.Name.Text == "replicated" && isNamed
	})
}

// name is what others know the declaration by; "" for those without a name.
func (p *part) name() string {
	var name string
	switch d := p.decl.(type) {
	case *syntax.Handler:
		return "on_" + d.Event.Text // as tests call it
	case *syntax.Process, *syntax.Invariant, *syntax.Allow, *syntax.Test:
		return ""
	case *syntax.Database:
		name = d.Name.Text
	case *syntax.View:
		name = d.Name.Text
	case *syntax.Import:
		name = d.Name.Text
	case *syntax.Def:
		name = d.Name.Text
	case *syntax.TypeDecl:
		name = d.Name.Text
	}
	if name == "" && len(p.tokens) > 1 {
		name = p.tokens[1].Text // it could not be read
	}
	return name
}

// kept returns the declarations that are left, where they stand.
func (r *rest) kept(decls []syntax.Decl) []syntax.Decl {
	var left []syntax.Decl
	for _, d := range decls {
		if at, ok := d.(*syntax.At); ok {
			copied := *at
			copied.Decls = r.kept(at.Decls)
			if len(copied.Decls) == 0 {
				continue // its roles may be what is wrong
			}
			d = &copied
		}
		if !r.gone[d] {
			left = append(left, d)
		}
	}
	return left
}
