package syntax

import "github.com/martinelli-lang/martinelli/lang/token"

// typ reads a type. It is never nil: where none can be read it is a *BadType.
func (p *parser) typ() Type {
	outer := p.depth
	defer func() { p.depth = outer }()
	p.deeper()
	t := p.now()
	switch t.Kind {
	case token.Ident:
		return p.namedType()
	case token.LeftBrace:
		return p.recordType()
	case token.LeftParen:
		return p.signature()
	case token.LeftBracket:
		p.fail(listType(t.Span))
	case token.Symbol:
		p.fail(symbolType(t))
	default:
		p.fail(p.unexpected("a type"))
	}
	return &BadType{token.Span{File: t.File, Start: t.Start, End: t.Start}}
}

func (p *parser) namedType() Type {
	name := p.advance()
	n := &NamedType{Span: name.Span, Name: Name{name.Span, name.Text}}
	if p.kind() == token.Less && !p.newline() {
		p.bracketed(token.Greater, "a type", func() { n.Args = append(n.Args, p.typ()) })
		n.Span = p.since(name.Start)
	}
	return n
}

func (p *parser) recordType() Type {
	start := p.here()
	r := &RecordType{}
	p.bracketed(token.RightBrace, "a field", func() {
		at := p.here()
		f := FieldType{Name: p.fieldName()}
		for _, other := range r.Fields {
			if other.Name.Text == f.Name.Text && !p.broken {
				p.report(twice(f.Name, other.Name, "field"))
			}
		}
		f.Type = p.typ()
		f.Span = p.since(at)
		r.Fields = append(r.Fields, f)
	})
	r.Span = p.since(start)
	return r
}

// signature reads "(type, out type) -> type".
func (p *parser) signature() Type {
	start := p.here()
	s := &Signature{}
	p.bracketed(token.RightParen, "a type", func() {
		at := p.here()
		if t := p.now(); t.Kind == token.Ident && p.ahead(1).Kind == token.Colon {
			p.report(namedInSignature(t))
			p.skip()
			p.skip()
		}
		var param ParamType
		if t := p.now(); t.Kind == token.Ident && t.Text == "out" && beginsType(p.ahead(1).Kind) {
			p.advance()
			param.Out = true
		}
		param.Type = p.typ()
		param.Span = p.since(at)
		s.Params = append(s.Params, param)
	})
	if p.kind() == token.Gives && !p.newline() {
		p.advance()
		s.Result = p.typ()
	}
	s.Span = p.since(start)
	return s
}

func beginsType(k token.Kind) bool {
	return k == token.Ident || k == token.LeftBrace || k == token.LeftParen
}
