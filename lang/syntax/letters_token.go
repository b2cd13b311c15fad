package syntax

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// What is wrong with tokens and files.

func faultLetter(f *token.Fault) letter {
	switch f.Kind {
	case token.NotUTF8:
		return diag.Errorf("E001", f.Span, "the file is not UTF-8").Here("this byte belongs to no character").
			Hinting("save the file as UTF-8")
	case token.NulByte:
		return diag.Errorf("E002", f.Span, "the file holds a zero byte").Here("here").
			Hinting("this is no text file, or it was damaged")
	case token.TooLarge:
		return diag.Errorf("E003", f.Span, "the file is larger than %d bytes", token.SizeMax).
			Hinting("a folder of several .mrt files is one program")
	case token.UnterminatedString:
		return diag.Errorf("E011", f.Span, "the line ends inside a string").Here("this quote is never closed").
			Hinting(`close it with ", and write \n for a line break`)
	case token.BadEscape:
		return badEscape(f.Span)
	case token.BadNumber:
		return badNumber(f.Span)
	case token.SingleQuotes:
		d := diag.Errorf("E014", f.Span, "strings stand in double quotes").Here("a single quote")
		if text := strings.Trim(f.Text(), "'"); text != "" {
			return d.Hinting("write %s", `"`+text+`"`).Fixed(diag.Replace(f.Span, `"`+text+`"`))
		}
		return d
	case token.Ampersands:
		return diag.Errorf("E015", f.Span, "there is no `&&`").Here("write `and`").Fixed(diag.Replace(f.Span, "and"))
	case token.Exclamation:
		return diag.Errorf("E015", f.Span, "there is no `!`").Here("write `not`").Fixed(diag.Replace(f.Span, "not "))
	case token.Slashes:
		return diag.Errorf("E016", f.Span, "comments begin with `#`").Here("this is no comment").Fixed(diag.Replace(f.Span, "#")).
			Hinting("the remainder of a whole division is `%%`, a quotient is one `/`")
	}
	return badCharacter(f.Span)
}

func badEscape(at token.Span) letter {
	d := diag.Errorf("E012", at, "unknown escape `%s` in a string", at.Text()).Here("here")
	if strings.HasPrefix(at.Text(), `\u`) {
		return d.Hinting(`a character by its number is \u{e9}: 1 to 6 hexadecimal digits, at most 10ffff`)
	}
	return d.Hinting(`strings have \n \t \" \\ and \u{1F377}`)
}

func badNumber(at token.Span) letter {
	d := diag.Errorf("E013", at, "`%s` is not a number", at.Text()).Here("here")
	if c := at.Text()[len(at.Text())-1]; strings.IndexByte("smhd", c) >= 0 {
		return d.Hinting(`a span of time in an option is a string, as in "%s"; in a program there are seconds(n), minutes(n), hours(n), days(n)`, at.Text())
	}
	return d.Hinting("numbers are written 12, 4_000, 2.5 or 1e-3; a name does not begin with a digit")
}

// typographic are characters that editors and keyboards put in the place of plain ones.
var typographic = map[string]string{
	"\u201c": `"`, "\u201d": `"`, "\u201e": `"`, "\u2018": `"`, "\u2019": `"`, "\u00ab": `"`, "\u00bb": `"`,
	"\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00d7": "*", "\u00f7": "/",
	"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2192": "->", "\u21d2": "=>", "\uff1a": ":",
}

func badCharacter(at token.Span) letter {
	d := diag.Errorf("E010", at, "the language has no `%s`", at.Text()).Here("here")
	switch at.Text() {
	case ";":
		return d.Hinting("a statement ends where its line ends")
	case "?":
		return d.Hinting("a choice is written `if c` ... `else` ... `end`; a register is nil until it is set")
	case "@", "$":
		return d.Hinting("names have no prefix")
	case "&":
		return d.Hinting("write `and`; sets are combined by .intersection")
	case "\u00a0":
		return d.Hinting("this is a no-break space; write an ordinary one").Fixed(diag.Replace(at, " "))
	case "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff":
		return d.Hinting("this character is invisible; delete it").Fixed(diag.Replace(at, ""))
	}
	if plain, ok := typographic[at.Text()]; ok {
		return d.Hinting("write `%s`", plain).Fixed(diag.Replace(at, plain))
	}
	return d
}

func tooLarge(at token.Span) letter {
	return diag.Errorf("E017", at, "the number is too large").Here("this does not fit 64 bits").
		Hinting("integers go from -2^63 to 2^63-1, floats to about 1.8e308")
}

func tooDeep(at token.Span) letter {
	return diag.Errorf("E004", at, "this is nested more than %d deep", depthMax).Here("here").
		Hinting("give parts of it a name with `let` or `def`; the rest of the file was not read")
}
