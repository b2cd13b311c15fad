package syntax

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// The words a declaration begins with, beside on_x.
var heads = []string{"database", "view", "process", "invariant", "import", "def", "type", "at", "allow", "test"}

// The options of each head that has any.
var (
	databaseOptions  = []string{"by", "replicated", "at", "is", "expires", "was"}
	invariantOptions = []string{"keep"}
	importOptions    = []string{"from", "monotone", "mergeable", "idempotent"}
	allowOptions     = []string{"revoke"}
)

const handlerPrefix = "on_"

// isHandler reports whether a word is the head of a handler.
func isHandler(word string) bool {
	return strings.HasPrefix(word, handlerPrefix) && len(word) > len(handlerPrefix)
}

// IsHead reports whether a word is the head of a declaration.
func IsHead(word string) bool { return slices.Contains(heads, word) || isHandler(word) }

// declares reports whether token i begins a line that can only be a declaration.
func (p *parser) declares(i int) bool {
	t := p.list.Tokens[i]
	if t.Kind != token.Ident || i > 0 && !t.Newline || i+1 == len(p.list.Tokens) {
		return false
	}
	next := p.list.Tokens[i+1]
	switch {
	case next.Newline:
		return false
	case isHandler(t.Text) || t.Text == "process":
		return next.Kind == token.Do
	case t.Text == "import" || t.Text == "test":
		return next.Kind == token.String || t.Text == "import" && next.Kind == token.Symbol
	}
	return next.Kind == token.Symbol && slices.Contains(heads, t.Text)
}

// program reads declarations to the end of the file. What follows a bare at
// belongs to it, up to the next bare at.
func (p *parser) program() []Decl {
	var decls []Decl
	var bare *At
	for p.list.Tokens[p.at].Kind != token.EOF {
		d := p.nextDecl()
		switch at, isAt := d.(*At); {
		case d == nil:
		case isAt && at.Bare:
			bare = at
			decls = append(decls, d)
		case bare != nil:
			p.checkPlaced(d)
			bare.Decls = append(bare.Decls, d)
			bare.Span = bare.Span.To(d.Where())
		default:
			decls = append(decls, d)
		}
	}
	return decls
}

// declBody reads the declarations of an at block.
func (p *parser) declBody() []Decl {
	var decls []Decl
	for !closes(p.kind()) {
		if d := p.nextDecl(); d != nil {
			p.checkPlaced(d)
			decls = append(decls, d)
		}
	}
	return decls
}

// checkPlaced notes a declaration that may not stand inside an at.
func (p *parser) checkPlaced(d Decl) {
	switch d := d.(type) {
	case *At:
		p.misplaced = append(p.misplaced, nestedAt(d))
	case *Test:
		p.misplaced = append(p.misplaced, placedTest(d))
	}
}

// nextDecl reads one declaration and mends what is broken behind it. It
// returns nil where there was none.
func (p *parser) nextDecl() Decl {
	start := p.at
	if len(p.openers) == 0 {
		p.suspects, p.elseIfs = nil, nil
	}
	d := p.decl()
	if !p.broken && !p.ends() {
		p.fail(p.noNewline())
	}
	if p.broken {
		p.resume(start)
		p.toDecl(p.looksLikeDecl)
	}
	return d
}

// toDecl skips lines to one that may begin a declaration, or to the end of the at block.
func (p *parser) toDecl(begins func(int) bool) {
	p.mend()
	blocks := 0
	for k := p.kind(); k != token.EOF && !begins(p.at); k = p.kind() {
		switch {
		case k == token.Do || k == token.If:
			blocks++
		case k == token.End && blocks > 0:
			blocks--
		case k == token.End && len(p.openers) > 0:
			return
		}
		p.skip()
	}
}

// looksLikeDecl reports whether token i begins a line as a declaration would,
// with a head that may be misspelt.
func (p *parser) looksLikeDecl(i int) bool {
	t := p.list.Tokens[i]
	if t.Kind != token.Ident || i > 0 && !t.Newline || i+1 == len(p.list.Tokens) {
		return false
	}
	next := p.list.Tokens[i+1]
	isArg := next.Kind == token.Symbol || next.Kind == token.String || next.Kind == token.Do
	return IsHead(t.Text) || isArg && !next.Newline
}

// decl reads one declaration.
func (p *parser) decl() Decl {
	head := p.now()
	word := head.Text
	if head.Kind != token.Ident {
		return p.noDecl()
	}
	if !IsHead(word) {
		if word = p.misspelt(head); word == "" {
			return p.noDecl()
		}
	}
	p.skip()
	p.early = token.Span{}
	switch word {
	case "database":
		return p.database(head)
	case "view":
		return p.view(head)
	case "process":
		return p.process(head)
	case "invariant":
		return p.invariant(head)
	case "import":
		return p.importDecl(head)
	case "def":
		return p.def(head)
	case "type":
		return p.typeDecl(head)
	case "at":
		return p.atDecl(head)
	case "allow":
		return p.allow(head)
	case "test":
		return p.test(head)
	}
	return p.handler(head)
}

// misspelt reports a head that does not exist, and returns the one that is
// probably meant, or "" if none is near or it is no head at all.
func (p *parser) misspelt(head token.Token) string {
	next := p.ahead(1)
	hasArg := !next.Newline && (next.Kind == token.Symbol || next.Kind == token.String || next.Kind == token.Do)
	if !hasArg || isForeign(head, next) {
		return ""
	}
	near := nearest(head.Text, heads)
	if next.Kind == token.Do && near != "process" || isCommand(head.Text) {
		return ""
	}
	if near != "" {
		p.report(unknownHead(head.Span, near))
	}
	return near
}

// isCommand reports whether a word begins a statement.
func isCommand(word string) bool {
	return slices.Contains([]string{"abort", "atomic", "step", "tentatively"}, word)
}

// noDecl reports what stands where a declaration was to stand, and skips to the next one.
func (p *parser) noDecl() Decl {
	if p.kind() == token.Invalid {
		p.report(faultLetter(p.now().Fault))
	} else if p.kind() == token.End && p.surplus > 0 {
		p.surplus-- // that of a block whose letter is written
	} else {
		p.report(p.strayLine())
	}
	p.toDecl(p.declares)
	return nil
}

func (p *parser) database(head token.Token) Decl {
	d := &Database{Name: p.symbol("the name of the database")}
	p.args(&d.Options, databaseOptions, func() {
		t := p.typ()
		if d.Type != nil {
			p.report(secondType(t.Where(), d.Type.Where()))
			return
		}
		d.Type = t
	})
	d.Span = p.since(head.Start)
	return d
}

func (p *parser) view(head token.Token) Decl {
	v := &View{Name: p.symbol("the name of the view")}
	v.Block = p.block(p.opener(head, v.Name), noClause)
	v.Span = p.since(head.Start)
	return v
}

func (p *parser) handler(head token.Token) Decl {
	h := &Handler{Event: Name{head.Span, strings.TrimPrefix(head.Text, handlerPrefix)}}
	h.Block = p.block(p.opener(head, h.Event), noClause)
	h.Span = p.since(head.Start)
	return h
}

func (p *parser) process(head token.Token) Decl {
	d := &Process{}
	if p.kind() == token.Symbol && !p.newline() {
		p.report(namedProcess(p.now().Span))
		p.skip()
	}
	d.Block = p.block(p.opener(head, Name{}), noClause)
	d.Span = p.since(head.Start)
	return d
}

func (p *parser) invariant(head token.Token) Decl {
	i := &Invariant{Name: p.symbol("the name of the invariant")}
	p.args(&i.Options, invariantOptions, nil)
	i.Block = p.block(p.opener(head, i.Name), elseClause)
	i.Span = p.since(head.Start)
	return i
}

func (p *parser) importDecl(head token.Token) Decl {
	i := &Import{}
	if p.kind() == token.String && !p.newline() {
		path := p.advance()
		i.Path = &String{path.Span, path.Text}
		i.Span = p.since(head.Start)
		return i
	}
	i.Name = p.symbol("the name of the function")
	p.args(&i.Options, importOptions, func() {
		t := p.typ()
		signature, isSignature := t.(*Signature)
		switch {
		case p.broken:
		case !isSignature:
			p.report(noSignature(t.Where()))
			if p.kind() == token.Gives {
				p.advance()
				p.typ()
			}
		case i.Signature != nil:
			p.report(secondType(t.Where(), i.Signature.Where()))
		default:
			i.Signature = signature
		}
	})
	i.Span = p.since(head.Start)
	if !slices.ContainsFunc(i.Options, func(o Option) bool { return o.Name.Text == "from" }) {
		p.report(importFromNowhere(i))
	}
	return i
}

func (p *parser) def(head token.Token) Decl {
	d := &Def{Name: p.symbol("the name of the function")}
	d.Block = p.block(p.opener(head, d.Name), noClause)
	d.Span = p.since(head.Start)
	return d
}

func (p *parser) typeDecl(head token.Token) Decl {
	d := &TypeDecl{Name: p.symbol("the name of the type"), Type: &RecordType{}}
	p.expect(token.Comma, "`,` and the fields `{ name: type }`")
	if !p.broken && p.kind() != token.LeftBrace {
		p.fail(p.unexpected("the fields `{ name: type }`"))
	}
	if record, isRecord := p.typ().(*RecordType); isRecord {
		d.Type = record
	}
	d.Span = p.since(head.Start)
	return d
}

func (p *parser) atDecl(head token.Token) Decl {
	a := &At{Roles: []Name{p.symbol("the name of a role")}}
	for p.match(token.Comma) || p.kind() == token.Symbol && p.commaForgotten() {
		a.Roles = append(a.Roles, p.symbol("the name of a role"))
	}
	if a.Bare = p.kind() != token.Do || p.newline(); !a.Bare {
		p.atBlock(a, p.opener(head, a.Roles[0]))
	}
	a.Span = p.since(head.Start)
	return a
}

// atBlock reads the declarations of an at from its "do" to its "end".
func (p *parser) atBlock(a *At, o opener) {
	outer := p.scope
	p.scope = scope{depth: outer.depth}
	p.deeper()
	p.advance()
	p.open(o)
	a.Decls = p.declBody()
	p.strayClauses(o)
	p.closeBlock()
	p.scope = outer
}

func (p *parser) allow(head token.Token) Decl {
	a := &Allow{Verb: p.symbol("`:read`, `:write` or `:append`")}
	if verbs := []string{"read", "write", "append"}; !p.broken && !slices.Contains(verbs, a.Verb.Text) {
		p.report(unknownVerb(a.Verb, nearest(a.Verb.Text, verbs)))
	}
	p.expect(token.Comma, "`,` and the name of a database or view")
	if p.kind() == token.Symbol {
		t := p.advance()
		p.report(targetIsSymbol(t))
		a.Target = Name{t.Span, t.Text}
	} else {
		a.Target = p.ident("the name of a database or view")
	}
	p.args(&a.Options, allowOptions, nil)
	a.Block = p.block(p.opener(head, Name{}), noClause)
	a.Span = p.since(head.Start)
	return a
}

// opener returns what the "end" of a declaration closes: its head with its name, if it has one.
func (p *parser) opener(head token.Token, name Name) opener {
	o := opener{Span: head.Span, what: head.Text}
	if name.Text != "" && name.Start > head.Start {
		o.what += " :" + name.Text
	}
	return o
}

// args reads the arguments behind the name: options, and what other reads.
func (p *parser) args(options *[]Option, known []string, other func()) {
	p.withBlocks(noBlock, func() {
		for !p.broken {
			if !p.match(token.Comma) && !p.commaForgotten() {
				return
			}
			next := p.ahead(1).Kind
			switch k := p.kind(); {
			case k == token.Ident && p.now().Newline && IsHead(p.now().Text):
				p.fail(p.unexpected("an argument"))
			case k == token.Symbol || k == token.Ident && (next == token.Colon || next == token.Arrow):
				*options = p.option(*options, known)
			case other == nil:
				p.fail(p.unexpected("an option, `:name => value`"))
			default:
				other()
			}
		}
	})
}

// commaForgotten reports an argument that follows without its comma.
func (p *parser) commaForgotten() bool {
	switch p.kind() {
	case token.Symbol, token.Ident, token.LeftBrace, token.LeftParen:
		if !p.newline() {
			p.report(missingComma(p.last(), p.now().Span))
			return !p.broken
		}
	}
	return false
}

// option reads ":name => value" and appends it, unless there is one of that name.
// Where known is not nil the name must be in it.
func (p *parser) option(options []Option, known []string) []Option {
	start := p.here()
	name := p.advance()
	o := Option{Name: Name{name.Span, name.Text}}
	switch {
	case name.Kind == token.Ident:
		p.report(optionForm(name.To(p.now().Span), name.Text))
		p.skip()
	case p.kind() == token.Assign:
		p.report(optionForm(p.now().Span, name.Text))
		p.skip()
	default:
		p.expect(token.Arrow, "`=>` and the value of `:"+name.Text+"`")
	}
	if known != nil && !p.broken && !slices.Contains(known, name.Text) {
		p.report(unknownOption(o.Name, nearest(name.Text, known), known))
	}
	o.Value = p.expr()
	o.Span = p.since(start)
	for _, other := range options {
		if other.Name.Text == name.Text && !p.broken {
			p.report(twice(o.Name, other.Name, "option"))
			return options
		}
	}
	return append(options, o)
}

// symbol reads ":name". A name without its colon is reported, and taken as one.
func (p *parser) symbol(what string) Name {
	t := p.now()
	switch {
	case p.newline():
		p.fail(p.unexpected(what + ", as in `:name`"))
	case t.Kind == token.Symbol:
		if p.withoutColon(t).Kind.IsWord() {
			p.report(reserved(t)) // nothing could ask for it
		}
		p.advance()
	case t.Kind == token.Ident || t.Kind == token.String && t.Text != "":
		p.report(notASymbol(t, what))
		p.skip()
	default:
		p.fail(p.unexpected(what + ", as in `:name`"))
	}
	return Name{t.Span, t.Text}
}
