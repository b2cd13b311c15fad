package diag

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// Edit replaces a piece of the program by a text. The edits of one list do not overlap.
type Edit struct {
	Span token.Span
	Text string
}

// Replace writes a text in the place of a span.
func Replace(at token.Span, text string) Edit { return Edit{at, text} }

// Before writes a text before a span.
func Before(at token.Span, text string) Edit {
	return Edit{token.Span{File: at.File, Start: at.Start, End: at.Start}, text}
}

// Behind writes a text behind a span.
func Behind(at token.Span, text string) Edit {
	return Edit{token.Span{File: at.File, Start: at.End, End: at.End}, text}
}

// Wrap puts statements, which are what the span holds, into a block with the
// given head, one level deeper. A statement that shares its line with what is
// around it keeps to that line.
func Wrap(at token.Span, head string) Edit {
	line, start := at.File.Line(at.Position().Line)
	indent := line[:min(at.Start-start, len(line))]
	if strings.TrimLeft(indent, " \t") != "" {
		return Edit{at, head + " " + at.Text() + " end"}
	}
	const deeper = "  "
	inner := strings.ReplaceAll(at.Text(), "\n"+indent, "\n"+indent+deeper)
	return Edit{at, head + "\n" + indent + deeper + inner + "\n" + indent + "end"}
}

// Below writes a line of its own behind the line on which a span ends, as deep
// as the one on which it begins.
func Below(at token.Span, text string) Edit {
	line, _ := at.File.Line(at.Position().Line)
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	last, start := at.File.Line(at.File.LineAt(max(at.End-1, at.Start)))
	end := start + len(last)
	return Edit{token.Span{File: at.File, Start: end, End: end}, "\n" + indent + text}
}

// Closing writes a clause before the end that a span ends with: a head, and a
// statement in it.
func Closing(at token.Span, head, statement string) Edit {
	end := token.Span{File: at.File, Start: at.End - len("end"), End: at.End}
	line, start := at.File.Line(end.Position().Line)
	indent := line[:min(end.Start-start, len(line))]
	if strings.TrimLeft(indent, " \t") != "" {
		return Before(end, head+" "+statement+" ")
	}
	return Before(end, head+"\n"+indent+"  "+statement+"\n"+indent)
}

// Unwrap leaves of a block with its head what stands in it, one level higher.
func Unwrap(at, inner token.Span) Edit {
	text := inner.Text()
	if inner.Position().Line > at.Position().Line {
		text = strings.ReplaceAll(text, "\n  ", "\n")
	}
	return Edit{at, text}
}

// Apply returns the text of a file with those of the edits that are of it.
func Apply(file *token.File, edits []Edit) string {
	own := slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool { return e.Span.File != file })
	slices.SortStableFunc(own, func(a, b Edit) int { return a.Span.Start - b.Span.Start })
	var b strings.Builder
	at := 0
	for _, e := range own {
		b.WriteString(file.Text[at:max(at, e.Span.Start)])
		b.WriteString(e.Text)
		at = max(at, e.Span.End)
	}
	b.WriteString(file.Text[at:])
	return b.String()
}

// Fixed sets what the hint, or the text under the first place, says to write.
func (d Diagnostic) Fixed(edits ...Edit) Diagnostic {
	d.Fix = edits
	return d
}

// Leading says which letters the way that was added last leads to, where it is
// a step and not yet the end.
func (d Diagnostic) Leading(codes ...Code) Diagnostic {
	d.Ways = slices.Clone(d.Ways)
	d.Ways[len(d.Ways)-1].Leads = codes
	return d
}
