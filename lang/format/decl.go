package format

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// program returns the declarations of a file. What a bare at holds stands
// behind it, at its own column.
func (b *builder) program(decls []syntax.Decl) body {
	var flat []syntax.Decl
	for _, d := range decls {
		flat = append(flat, d)
		if at, isAt := d.(*syntax.At); isAt && at.Bare {
			flat = append(flat, at.Decls...)
		}
	}
	return b.decls(flat)
}

func (b *builder) decls(decls []syntax.Decl) body {
	return b.body(len(decls), func(i int) element {
		g := b.claim()
		return element{gap: g, piece: b.decl(decls[i])}
	})
}

func (b *builder) decl(d syntax.Decl) piece {
	head := b.take()
	switch d := d.(type) {
	case *syntax.Database:
		return row{b.args(spaced(head, b.take()), d.Type, d.Options), "database"}
	case *syntax.View:
		return spaced(head, b.take(), b.block(d.Block))
	case *syntax.Handler:
		return spaced(head, b.block(d.Block))
	case *syntax.Process:
		return spaced(head, b.block(d.Block))
	case *syntax.Invariant:
		return spaced(b.args(spaced(head, b.take()), nil, d.Options), b.block(d.Block))
	case *syntax.Import:
		return b.importDecl(head, d)
	case *syntax.Def:
		return spaced(head, b.take(), b.block(d.Block))
	case *syntax.TypeDecl:
		name := newSeq(spaced(head, b.take()), b.takeKind(token.Comma))
		return row{spaced(name, newSeq(cell{}, b.typ(d.Type))), "type"}
	case *syntax.At:
		return b.atDecl(head, d)
	case *syntax.Allow:
		return spaced(b.allow(head, d), b.block(d.Block))
	case *syntax.Test:
		return b.test(head, d)
	}
	b.wrong = true
	return head
}

// args returns a head with its type and options, each behind a comma, in the
// order of the text. A type directly behind the head begins a column, and so do the
// options behind it.
func (b *builder) args(head piece, t syntax.Type, options []syntax.Option) piece {
	n := len(options)
	if t != nil {
		n++
	}
	typeAt := -1 // which of the arguments is the type
	if t != nil {
		typeAt = slices.IndexFunc(options, func(o syntax.Option) bool { return o.Start > t.Where().Start })
		if typeAt < 0 {
			typeAt = len(options)
		}
	}
	return b.list(1+n, func(i int) piece {
		switch i--; {
		case i < 0:
			return head
		case i == typeAt && i == 0:
			return newSeq(cell{}, b.typ(t))
		case i == typeAt:
			return b.typ(t)
		case typeAt == 0 && i == 1:
			return newSeq(cell{}, b.option(options[0]))
		case typeAt >= 0 && i > typeAt:
			return b.option(options[i-1])
		}
		return b.option(options[i])
	})
}

// option returns ":name => value".
func (b *builder) option(o syntax.Option) piece {
	return spaced(b.takeKind(token.Symbol), b.takeKind(token.Arrow), b.expr(o.Value))
}

func (b *builder) importDecl(head piece, d *syntax.Import) piece {
	name := b.take()
	switch {
	case d.Path != nil:
		return spaced(head, name)
	case d.Signature == nil:
		return b.args(spaced(head, name), nil, d.Options)
	}
	return row{b.args(spaced(head, name), d.Signature, d.Options), "import"}
}

func (b *builder) atDecl(head piece, d *syntax.At) piece {
	parts := []piece{head, word(" "), b.take()}
	for range len(d.Roles) - 1 {
		parts = append(parts, b.takeKind(token.Comma), word(" "), b.take())
	}
	if d.Bare {
		return newSeq(parts...)
	}
	do := b.takeKind(token.Do)
	made := newBlock([]section{{do, b.decls(d.Decls)}}, false)
	b.takeKind(token.End)
	return spaced(newSeq(parts...), made)
}

func (b *builder) allow(head piece, d *syntax.Allow) piece {
	verb := spaced(head, b.take())
	return b.list(2+len(d.Options), func(i int) piece {
		switch i {
		case 0:
			return verb
		case 1:
			return b.take()
		}
		return b.option(d.Options[i-2])
	})
}

func (b *builder) test(head piece, d *syntax.Test) piece {
	title, do := b.takeKind(token.String), b.takeKind(token.Do)
	parts := slices.DeleteFunc([]*syntax.Block{d.Given, d.When, d.Always, d.Then}, func(p *syntax.Block) bool { return p == nil })
	items := b.body(len(parts), func(i int) element {
		g := b.claim()
		return element{gap: g, piece: spaced(b.take(), b.block(parts[i]))}
	})
	made := newBlock([]section{{do, items}}, false)
	b.takeKind(token.End)
	return spaced(head, title, made)
}

// topology returns the lines of a topology in the order of the text.
func (b *builder) topology(t *syntax.Topology) body {
	links := t.Links
	roles := t.Roles
	return b.body(len(links)+len(roles), func(int) element {
		g := b.claim()
		if len(roles) > 0 && (len(links) == 0 || roles[0].Start < links[0].Start) {
			options := roles[0].Options
			roles = roles[1:]
			return element{gap: g, piece: b.args(spaced(b.take(), b.take()), nil, options)}
		}
		options := links[0].Options
		links = links[1:]
		ends := spaced(b.take(), newSeq(b.take(), b.takeKind(token.Comma)), b.take())
		return element{gap: g, piece: b.args(ends, nil, options)}
	})
}
