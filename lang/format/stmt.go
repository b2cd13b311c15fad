package format

import (
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// block returns "do |params| body {clause} end".
func (b *builder) block(block *syntax.Block) piece {
	sections := []section{b.section(block.Params, block.Body)}
	clauses := []*syntax.Clause{block.Else, block.Undo}
	if block.Else != nil && block.Undo != nil && block.Undo.Start < block.Else.Start {
		clauses[0], clauses[1] = clauses[1], clauses[0]
	}
	for _, c := range clauses {
		if c != nil {
			sections = append(sections, b.section(c.Params, c.Body))
		}
	}
	made := newBlock(sections, false)
	b.takeKind(token.End)
	return made
}

// section returns a word with parameters and the statements behind it.
func (b *builder) section(params []syntax.Param, stmts []syntax.Stmt) section {
	head := b.take()
	if b.is(token.Bar) {
		head = spaced(head, b.params(params))
	}
	return section{head, b.stmts(stmts)}
}

func (b *builder) params(params []syntax.Param) piece {
	open := b.take()
	list := b.list(len(params), func(i int) piece { return b.param(params[i]) })
	if b.is(token.Comma) {
		b.skip()
	}
	return newSeq(open, list, b.takeKind(token.Bar))
}

func (b *builder) param(p syntax.Param) piece {
	made := b.take()
	if p.Type != nil {
		made = spaced(newSeq(made, b.takeKind(token.Colon)), b.typ(p.Type))
	}
	if p.Source != nil {
		made = spaced(made, b.takeKind(token.In), b.expr(p.Source))
	}
	return made
}

// stmts returns the statements of a body. One that begins as a declaration
// does stays on the line of the word before it.
func (b *builder) stmts(stmts []syntax.Stmt) body {
	return b.body(len(stmts), func(i int) element {
		if t := b.now(); t.Kind == token.Ident && syntax.IsHead(t.Text) && !t.Newline {
			return element{piece: b.stmt(stmts[i]), never: true}
		}
		g := b.claim()
		return element{gap: g, piece: b.stmt(stmts[i])}
	})
}

func (b *builder) stmt(s syntax.Stmt) piece {
	switch s := s.(type) {
	case *syntax.Let:
		return spaced(b.take(), b.take(), b.takeKind(token.Assign), b.expr(s.Value))
	case *syntax.Command:
		return b.command(s)
	case *syntax.ExprStmt:
		return b.expr(s.X)
	}
	b.wrong = true
	return b.take()
}

func (b *builder) command(c *syntax.Command) piece {
	made := b.take()
	args, options := c.Args, c.Options
	if n := len(args) + len(options); n > 0 {
		made = spaced(made, b.list(n, func(int) piece {
			if len(args) > 0 && (len(options) == 0 || args[0].Where().Start < options[0].Start) {
				arg := args[0]
				args = args[1:]
				return b.expr(arg)
			}
			option := options[0]
			options = options[1:]
			return b.option(option)
		}))
	}
	if c.Block != nil {
		made = spaced(made, b.block(c.Block))
	}
	return made
}

// ifExpr returns "if cond body {elsif cond body} [else body] end".
func (b *builder) ifExpr(x *syntax.If) piece {
	var sections []section
	for _, a := range x.Arms {
		head := spaced(b.take(), b.expr(a.Cond))
		sections = append(sections, section{head, b.stmts(a.Body)})
	}
	if x.HasElse {
		word := b.takeKind(token.Else)
		sections = append(sections, section{word, b.stmts(x.Else)})
	}
	made := newBlock(sections, true)
	b.takeKind(token.End)
	return made
}
