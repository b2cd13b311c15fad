package format

import (
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// typ returns a type.
func (b *builder) typ(t syntax.Type) piece {
	switch t := t.(type) {
	case *syntax.NamedType:
		name := b.take()
		if !b.is(token.Less) || b.now().Start >= t.End {
			return name
		}
		return newSeq(name, b.bracket("", token.Greater, len(t.Args), func(i int) piece { return b.typ(t.Args[i]) }))
	case *syntax.RecordType:
		return b.bracket(" ", token.RightBrace, len(t.Fields), func(i int) piece {
			return spaced(newSeq(b.take(), b.takeKind(token.Colon)), b.typ(t.Fields[i].Type))
		})
	case *syntax.Signature:
		return b.signature(t)
	}
	b.wrong = true
	return b.take()
}

// signature returns "(type, out type) -> type".
func (b *builder) signature(s *syntax.Signature) piece {
	made := b.bracket("", token.RightParen, len(s.Params), func(i int) piece {
		if s.Params[i].Out {
			return spaced(b.take(), b.typ(s.Params[i].Type))
		}
		return b.typ(s.Params[i].Type)
	})
	if s.Result == nil {
		return made
	}
	return spaced(made, b.takeKind(token.Gives), b.typ(s.Result))
}
