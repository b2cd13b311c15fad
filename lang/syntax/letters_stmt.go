package syntax

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// What is wrong with statements and expressions.

func gluedColon(t token.Token) letter {
	return diag.Errorf("E050", t.Span, "a blank is missing behind the colon").Here("write `: %s`", t.Text).Fixed(diag.Replace(t.Span, ": "+t.Text)).
		Hinting("a colon glued to a word makes a symbol, as in `:%s`", t.Text)
}

func assignForEqual(t token.Token) letter {
	return diag.Errorf("E051", t.Span, "`=` gives a name to a value; it does not compare").Here("write `==`").Fixed(diag.Replace(t.Span, "=="))
}

func assignToName(t token.Token) letter {
	return diag.Errorf("E052", t.Span, "names are given by `let`").Here("write `let %s = ...`", t.Text).Fixed(diag.Before(t.Span, "let ")).
		Hinting("a name keeps its value; what changes is kept in a database and changed by its verbs")
}

func assignToPlace(t token.Token) letter {
	return diag.Errorf("E052", t.Span, "nothing is assigned to").Here("here").
		Hinting("a value is changed by a verb, as in `orders[:order_id].status.set(:paid)`; two values are compared by `==`")
}

func chained(first, second token.Span) letter {
	return diag.Errorf("E053", second, "comparisons are not chained").Here("a second comparison").There(first, "the first one").
		Hinting("write `a < b and b < c`")
}

func notWithoutParens(at token.Span) letter {
	return diag.Errorf("E054", at, "`not` binds more loosely than what stands before it").Here("put `(not ...)` in parentheses")
}

func barsForOr(at token.Span) letter {
	return diag.Errorf("E015", at, "there is no `||`").Here("write `or`").Fixed(diag.Replace(at, "or"))
}

func notGlued(at token.Span, bracket, what string) letter {
	blank := token.Span{File: at.File, Start: len(strings.TrimRight(at.File.Text[:at.Start], " \t")), End: at.Start}
	return diag.Errorf("E055", at, "a blank stands before the `%s` of %s", bracket, what).Here("remove the blank before this").Fixed(diag.Replace(blank, ""))
}

func fieldQuoted(t token.Token) letter {
	return diag.Errorf("E032", t.Span, "the name of a field is a word").Here("write `%s: ...`", abbreviated(t.Text))
}

func notCallable(paren token.Span) letter {
	return diag.Errorf("E056", paren, "only what has a name can be called").Here("this would be a call")
}

func noMember(dot token.Span, found string, of Expr) letter {
	d := diag.Errorf("E020", dot, "expected a name after the `.`, found %s", found).Here("a field, a verb or a reader follows a dot")
	if n, isInt := of.(*Int); isInt {
		return d.Hinting("a float has digits on both sides of its point: `%s.0`", n.Text())
	}
	return d
}

func noKey(at token.Span) letter {
	return diag.Errorf("E057", at, "a key is missing").Here("nothing stands in these brackets").
		Hinting("write `db[:dim]` for the value of a dimension in scope, `db[e]` for another, `db` for the whole")
}

func tuple(at token.Span) letter {
	return diag.Errorf("E058", at, "parentheses hold one value").Here("these hold several").Hinting("a list is `[a, b]`, a record `{ a: x, b: y }`")
}

func emptyParens(at token.Span) letter {
	return diag.Errorf("E058", at, "parentheses hold one value").Here("these hold none")
}

func reserved(t token.Token) letter {
	return diag.Errorf("E059", t.Span, "`%s` is a reserved word", t.Text).Here("choose another name")
}

func abortSymbol(why token.Token) letter {
	return diag.Errorf("E060", why.Span, "the reason of an abort is a symbol").Here("write a symbol, as in `abort :sold_out`")
}

func trailingIf(at token.Span) letter {
	return diag.Errorf("E061", at, "an `if` does not stand behind its statement").Here("here").
		Hinting("write `if c` on a line, the statement on the next, then `end`")
}

func wordAfterCondition(t token.Token) letter {
	return diag.Errorf("E062", t.Span, "a condition ends with its line").Here("leave out `%s`", t.Text).Fixed(diag.Replace(t.Span, ""))
}

func listType(at token.Span) letter {
	return diag.Errorf("E063", at, "the type of a list is `list<T>`").Here("this would be a list of values")
}

func symbolType(t token.Token) letter {
	return diag.Errorf("E063", t.Span, "a type is named without a colon").Here("write `%s`", t.Text).Fixed(diag.Replace(t.Span, t.Text))
}
