package format

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// expr returns an expression, in the parentheses that the text has and the tree has not.
func (b *builder) expr(x syntax.Expr) piece {
	if b.is(token.LeftParen) && b.now().Start < x.Where().Start {
		open := b.take()
		inner := b.expr(x)
		if b.is(token.Comma) {
			b.skip()
		}
		return newSeq(open, inner, b.takeKind(token.RightParen))
	}
	switch x := x.(type) {
	case *syntax.List:
		return b.bracket("", token.RightBracket, len(x.Elems), func(i int) piece { return b.expr(x.Elems[i]) })
	case *syntax.Record:
		return b.bracket(" ", token.RightBrace, len(x.Fields), func(i int) piece {
			return spaced(newSeq(b.take(), b.takeKind(token.Colon)), b.expr(x.Fields[i].Value))
		})
	case *syntax.Unary:
		return b.unary(x)
	case *syntax.Binary:
		return b.binary(x)
	case *syntax.Member, *syntax.Index, *syntax.Call:
		return b.postfix(x)
	case *syntax.If:
		return b.ifExpr(x)
	}
	return b.take()
}

func (b *builder) unary(x *syntax.Unary) piece {
	operator := b.takeKind(x.Op)
	if x.Op == token.Not {
		return spaced(operator, b.expr(x.X))
	}
	return newSeq(operator, b.expr(x.X))
}

// binary returns operands with operators of one level as one piece: "a + b - c".
func (b *builder) binary(x *syntax.Binary) piece {
	var rights []*syntax.Binary
	left := syntax.Expr(x)
	for {
		inner, isBinary := left.(*syntax.Binary)
		if !isBinary || syntax.Level(inner.Op) != syntax.Level(x.Op) || inner.Start != x.Start {
			break
		}
		rights = append(rights, inner)
		left = inner.X
	}
	slices.Reverse(rights)
	operands := []element{{piece: b.expr(left)}}
	var operators []string
	for _, r := range rights {
		text, comments := split(b.takeKind(r.Op))
		operators = append(operators, text)
		operand := b.element(func() piece { return b.expr(r.Y) })
		if comments != nil {
			operand.piece = newSeq(comments, operand.piece)
		}
		operands = append(operands, operand)
	}
	return newInfix(operators, operands)
}

// postfix returns members, calls, indices and blocks with what they follow.
func (b *builder) postfix(x syntax.Expr) piece {
	base, nodes := spine(x)
	surplus := b.surplus(nodes)
	parts := []piece{b.expr(base)} // of the base, then of the last link
	var links []element
	var made piece
	link := func() {
		if made == nil {
			made = newSeq(parts...)
		} else {
			links[len(links)-1].piece = newSeq(parts...)
		}
		parts = nil
	}
	for i, n := range nodes {
		switch n := n.(type) {
		case *syntax.Member:
			if i+1 < len(nodes) && isCall(nodes[i+1]) {
				link()
				links = append(links, element{gap: b.claim()})
			}
			parts = append(parts, b.takeKind(token.Dot), b.take())
		case *syntax.Index:
			parts = append(parts, b.bracket("", token.RightBracket, len(n.Keys), func(i int) piece { return b.expr(n.Keys[i]) }))
		case *syntax.Call:
			parts = append(parts, b.call(n, surplus)...)
		}
	}
	link()
	if len(links) == 0 {
		return made
	}
	return newChain(made, links)
}

// spine returns what a chain of postfixes follows, and the chain from its beginning.
func spine(x syntax.Expr) (base syntax.Expr, nodes []syntax.Expr) {
	for start := x.Where().Start; ; {
		inner := follows(x)
		if inner == nil {
			break
		}
		nodes = append(nodes, x)
		if x = inner; x.Where().Start != start {
			break
		}
	}
	slices.Reverse(nodes)
	return x, nodes
}

// follows returns what a postfix follows, nil for what is none.
func follows(x syntax.Expr) syntax.Expr {
	switch x := x.(type) {
	case *syntax.Member:
		return x.X
	case *syntax.Index:
		return x.X
	case *syntax.Call:
		return x.Fun
	}
	return nil
}

func isCall(x syntax.Expr) bool {
	_, is := x.(*syntax.Call)
	return is
}

// surplus leaves out the parentheses around a call whose block stands behind
// them, as in "(f(x)) do ... end", and reports whether there are any: in the
// tree the block belongs to the call.
func (b *builder) surplus(nodes []syntax.Expr) bool {
	c, isCall := nodes[0].(*syntax.Call)
	if !isCall || c.Block == nil {
		return false
	}
	around := 0
	for b.tokens[b.at+around].Kind == token.LeftParen && b.tokens[b.at+around].Start < c.Fun.Where().Start {
		around++
	}
	end := b.at + around
	for b.tokens[end].Start < c.Fun.Where().End {
		end++
	}
	for b.tokens[end].Kind == token.Comma || b.tokens[end].Kind == token.RightParen {
		if b.tokens[end].Kind == token.RightParen {
			around--
		}
		end++
	}
	for range around {
		b.skip()
	}
	return around > 0
}

// call returns the arguments and the block of a call.
func (b *builder) call(c *syntax.Call, surplus bool) []piece {
	var parts []piece
	if b.is(token.LeftParen) {
		parts = append(parts, b.bracket("", token.RightParen, len(c.Args), func(i int) piece { return b.arg(c.Args[i]) }))
	}
	for surplus && c.Block != nil && b.at < len(b.tokens)-1 && !b.is(token.Do) {
		b.skip()
	}
	if c.Block != nil {
		parts = append(parts, word(" "), b.block(c.Block))
	}
	return parts
}

func (b *builder) arg(a syntax.Arg) piece {
	if a.Name.Text == "" {
		return b.expr(a.Value)
	}
	return spaced(newSeq(b.take(), b.takeKind(token.Colon)), b.expr(a.Value))
}
