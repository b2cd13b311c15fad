package syntax

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// TestRoundTrip writes random expressions with the fewest parentheses their
// levels of binding allow, and reads back the same trees.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyExpr(t, 4)
		text := "on_a do\n  let v = " + written(x, levelOr) + "\nend\n"
		file, ds := ParseFile(token.NewFile("r.mrt", text))
		if len(ds) > 0 {
			t.Fatalf("%s\n%v", text, described(ds))
		}
		got := file.Decls[0].(*Handler).Block.Body[0].(*Let).Value
		if dump(got) != dump(x) {
			t.Fatalf("%s\nread %s\nwant %s", text, dump(got), dump(x))
		}
	})
}

// anyExpr draws an expression of at most the given depth.
func anyExpr(t *rapid.T, depth int) Expr {
	kinds := 12
	if depth == 0 {
		kinds = 7
	}
	sub := func() Expr { return anyExpr(t, depth-1) }
	name := rapid.SampledFrom([]string{"a", "on_b", "größe", "_", "out", "test"}).Draw(t, "name")
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return &Int{Value: rapid.Int64Min(0).Draw(t, "int")}
	case 1:
		return &String{Value: rapid.String().Draw(t, "string")}
	case 2:
		return &Symbol{Name: name}
	case 3:
		return &Bool{Value: true}
	case 4:
		return &Nil{}
	case 5:
		return &Float{Value: float64(rapid.Uint32().Draw(t, "float")) + 0.5}
	case 6:
		return &Ident{Name: name}
	case 7:
		return &Unary{Op: rapid.SampledFrom([]token.Kind{token.Not, token.Minus}).Draw(t, "op"), X: sub()}
	case 8:
		return &List{Elems: []Expr{sub(), &Record{Fields: []Field{{Name: Name{Text: name}, Value: sub()}}}}}
	case 9:
		return &Index{X: sub(), Keys: []Expr{sub()}}
	case 10:
		body := []Stmt{&ExprStmt{X: sub()}}
		return &Call{Fun: &Member{X: sub(), Name: Name{Text: "or"}}, Args: []Arg{{Name: Name{Text: name}, Value: sub()}}, Block: &Block{Body: body}}
	}
	ops := []token.Kind{token.Or, token.And, token.Equal, token.Less, token.In, token.Plus, token.Minus, token.Star, token.Percent}
	return &Binary{Op: rapid.SampledFrom(ops).Draw(t, "op"), X: sub(), Y: sub()}
}

// written writes an expression as the operand of an operator of the given level.
func written(x Expr, least int) string {
	text, bound := writtenAlone(x)
	if bound < least {
		return "(" + text + ")"
	}
	return text
}

const levelPostfix = levelMultiply + 2

// writtenAlone writes an expression and says how tightly it binds.
func writtenAlone(x Expr) (string, int) {
	switch x := x.(type) {
	case *Int:
		return fmt.Sprint(x.Value), levelPostfix
	case *Float:
		return fmt.Sprintf("%.1f", x.Value), levelPostfix
	case *String:
		return quoted(x.Value), levelPostfix
	case *Symbol:
		return ":" + x.Name, levelPostfix
	case *Bool:
		return fmt.Sprint(x.Value), levelPostfix
	case *Nil:
		return "nil", levelPostfix
	case *Ident:
		return x.Name, levelPostfix
	case *List:
		return "[" + written(x.Elems[0], levelOr) + ",\n" + written(x.Elems[1], levelOr) + "]", levelPostfix
	case *Record:
		return "{ " + x.Fields[0].Name.Text + ": " + written(x.Fields[0].Value, levelOr) + " }", levelPostfix
	case *Index:
		return written(x.X, levelPostfix) + "[" + written(x.Keys[0], levelOr) + "]", levelPostfix
	case *Call:
		fun := x.Fun.(*Member)
		return written(fun.X, levelPostfix) + "." + fun.Name.Text + "(" + x.Args[0].Name.Text + ": " +
			written(x.Args[0].Value, levelOr) + ") do " + written(x.Block.Body[0].(*ExprStmt).X, levelOr) + " end", levelPostfix
	case *Unary:
		if x.Op == token.Not {
			return "not " + written(x.X, levelNot), levelNot
		}
		return "- " + written(x.X, levelMultiply+1), levelMultiply + 1
	case *Binary:
		bound := Level(x.Op)
		left := bound
		if bound == levelCompare {
			left++ // not chained
		}
		return written(x.X, left) + " " + x.Op.String() + " " + written(x.Y, bound+1), bound
	}
	panic(fmt.Sprintf("no way to write %T", x))
}

func quoted(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c < ' ' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\u{%x}`, c)
			continue
		}
		b.WriteRune(c)
	}
	return `"` + b.String() + `"`
}
