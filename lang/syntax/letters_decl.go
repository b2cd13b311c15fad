package syntax

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// What is wrong with declarations.

func unknownHead(at token.Span, near string) letter {
	return diag.Errorf("E030", at, "there is no declaration `%s`", at.Text()).Here("did you mean `%s`?", near).Fixed(diag.Replace(at, near))
}

func notASymbol(t token.Token, what string) letter {
	d := diag.Errorf("E032", t.Span, "%s is a symbol", what)
	if t.Kind == token.String {
		return d.Here("this is a string")
	}
	return d.Here("write `:%s`", t.Text).Fixed(diag.Before(t.Span, ":"))
}

func targetIsSymbol(t token.Token) letter {
	return diag.Errorf("E032", t.Span, "`allow` names a database without a colon").Here("write `%s`", t.Text).Fixed(diag.Replace(t.Span, t.Text))
}

func titleIsSymbol(t token.Token) letter {
	return diag.Errorf("E032", t.Span, "the title of a test is a string").Here("write `%s`", `"`+t.Text+`"`).Fixed(diag.Replace(t.Span, `"`+t.Text+`"`))
}

func unknownOption(name Name, near string, known []string) letter {
	d := diag.Errorf("E033", name.Span, "there is no option `:%s` here", name.Text)
	switch {
	case near != "":
		return d.Here("did you mean `:%s`?", near).Fixed(diag.Replace(name.Span, ":"+near))
	case len(known) == 0:
		return d.Here("this takes no options")
	}
	return d.Here("unknown").Hinting("the options are :%s", strings.Join(known, ", :"))
}

func optionForm(at token.Span, name string) letter {
	return diag.Errorf("E034", at, "options are written with `=>`").Here("write `:%s => ...`", name)
}

func twice(again, first Name, what string) letter {
	return diag.Errorf("E035", again.Span, "the %s `%s` is given twice", what, again.Text).Here("again").There(first.Span, "first here")
}

func secondType(again, first token.Span) letter {
	return diag.Errorf("E036", again, "a type is given twice").Here("again").There(first, "first here")
}

func noSignature(at token.Span) letter {
	return diag.Errorf("E036", at, "the type of a function is a signature").Here("this is the type of a value").
		Hinting("write `(%s) -> R`, with `out` before the cell the function fills", abbreviated(at.Text()))
}

func namedInSignature(t token.Token) letter {
	return diag.Errorf("E036", t.Span, "a signature has types alone, without names").Here("leave out `%s:`", t.Text)
}

func importFromNowhere(i *Import) letter {
	return diag.Errorf("E037", i.Span, "the import does not say where the function comes from").Here("`:from` is missing").
		Hinting(`add :from => "go:package.Function" or :from => "wasm:file.wasm"`)
}

func unknownVerb(verb Name, near string) letter {
	d := diag.Errorf("E038", verb.Span, "one may allow `:read`, `:write` or `:append`, not `:%s`", verb.Text)
	if near != "" {
		return d.Here("did you mean `:%s`?", near).Fixed(diag.Replace(verb.Span, ":"+near))
	}
	return d.Here("unknown")
}

func namedProcess(at token.Span) letter {
	return diag.Errorf("E039", at, "a process has no name").Here("write `process do`")
}

func nestedAt(a *At) letter {
	return diag.Errorf("E040", firstLine(a.Span), "`at` stands inside another `at`").Here("this one is inside").
		Hinting("one `at` may name several roles: `at :server, :client do`")
}

func placedTest(t *Test) letter {
	return diag.Errorf("E041", firstLine(t.Span), "a test stands outside of `at`").Here("this one is inside").
		Hinting("a test speaks of every role; an `at` without a block reaches to the end of the file, so put tests before it or into a file of their own")
}

// firstLine returns the part of a span that is on its first line.
func firstLine(s token.Span) token.Span {
	if i := strings.IndexByte(s.Text(), '\n'); i >= 0 {
		s.End = s.Start + i
	}
	return s
}

func misplacedClause(word token.Token, o opener, again bool) letter {
	d := diag.Errorf("E042", word.Span, "`%s` has no `%s`", o.what, word.Text)
	switch {
	case again && word.Kind != token.Elsif:
		return diag.Errorf("E042", word.Span, "`%s` has no second `%s`", o.what, word.Text).Here("again")
	case word.Kind == token.Undo:
		return d.Here("`undo` belongs to a `step` of `atomic :saga`")
	case word.Kind == token.Elsif:
		return d.Here("`elsif` belongs to an `if`, before its `else`")
	}
	return d.Here("`else` belongs to an `if`, an `invariant` or an `atomic`")
}

func notATestPart(at token.Span, found string) letter {
	return diag.Errorf("E043", at, "expected a part of the test, found %s", found).Here("a test holds only its parts").
		Hinting("the parts are `given do`, `when do`, `always do` and `then do`")
}

func unknownTestPart(at token.Span, near string) letter {
	return diag.Errorf("E043", at, "a test has no part `%s`", at.Text()).Here("did you mean `%s`?", near).Fixed(diag.Replace(at, near))
}

func testPartOrder(at token.Span, name, other string) letter {
	if name == other {
		return diag.Errorf("E044", at, "the test has two parts `%s`", name).Here("again")
	}
	return diag.Errorf("E044", at, "`%s` stands after `%s`", name, other).Here("too late").
		Hinting("the order is given, when, always, then")
}

func (p *parser) noTopologyLine() letter {
	return diag.Errorf("E045", p.now().Span, "expected a line of the topology, found %s", p.found()).Here("unknown").
		Hinting("a topology has lines `role :name, :nodes => 3` and `link :from, :to, :every => \"1s\"`")
}
