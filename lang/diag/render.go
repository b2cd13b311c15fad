package diag

import (
	"fmt"
	"io"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// Renderer writes diagnostics for a terminal.
type Renderer struct {
	Color bool // with ANSI colours
	Width int  // the most cells of a source line that are shown; 0 means 100
}

// Render writes the diagnostics as letters, an empty line between them. The
// error is that of w.
func (r Renderer) Render(w io.Writer, ds []Diagnostic) error {
	for i, d := range ds {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, r.Letter(d)); err != nil {
			return err
		}
	}
	return nil
}

// Letter returns one diagnostic as a letter:
//
//	error E024: a comma is missing
//	  shop.mrt:3:9  pay(sku qty)
//	                        ^^^ another value begins here
//	  hint: write `sku, qty`
func (r Renderer) Letter(d Diagnostic) string {
	var b strings.Builder
	head := d.Severity.String()
	if d.Code != "" {
		head += " " + string(d.Code)
	}
	fmt.Fprintf(&b, "%s: %s\n", r.paint(severityColor[d.Severity], head), r.paint(bold, visible(d.Title)))
	r.places(&b, d.Labels, severityColor[d.Severity])
	if len(d.Because) > 0 {
		fmt.Fprintf(&b, "  %s\n", r.paint(bold, "because"))
		r.places(&b, d.Because, blue)
	}
	r.text(&b, "example", d.Example)
	r.ways(&b, d.Ways)
	r.text(&b, "hint", d.Hint)
	return b.String()
}

// places shows each label under its line of source. The source of all of them
// begins at one column, so that indentation can be compared; the lines of
// labels that share a line of source are shown once.
func (r Renderer) places(b *strings.Builder, labels []Label, color string) {
	gutter := 0
	for _, l := range labels {
		gutter = max(gutter, cells(address(l.Span)))
	}
	shown := ""
	for i, l := range labels {
		if i > 0 {
			color = blue
		}
		if l.Span.File == nil {
			fmt.Fprintf(b, "  %s\n", visible(l.Text))
			continue
		}
		e := r.excerpt(l.Span)
		if line := lineAddress(l.Span); line != shown {
			at := address(l.Span)
			text := "  " + at + pad(gutter-cells(at)) + "  " + e.line
			b.WriteString(strings.TrimRight(text, " ") + "\n")
			shown = line
		}
		carets := r.paint(color, strings.Repeat("^", e.width)+prefixed(" ", visible(l.Text)))
		fmt.Fprintf(b, "  %s  %s%s\n", pad(gutter), pad(e.column), carets)
	}
}

// ways lists the ways out, their costs in a column of their own.
func (r Renderer) ways(b *strings.Builder, ways []Way) {
	width := 0
	for _, w := range ways {
		width = max(width, cells(visible(w.Text)))
	}
	title := "ways out: "
	for i, w := range ways {
		if i > 0 {
			title = pad(len(title))
		}
		text := visible(w.Text)
		line := text + pad(width-cells(text)) + prefixed("  ", visible(w.Cost))
		fmt.Fprintf(b, "  %s%s\n", r.paint(bold, title), strings.TrimRight(line, " "))
	}
}

func (r Renderer) text(b *strings.Builder, title, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %s %s\n", r.paint(bold, title+":"), visible(text))
	}
}

// address returns where a span begins: file:line:column.
func address(s token.Span) string {
	if s.File == nil {
		return ""
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d", visible(s.File.Name), p.Line, p.Column)
}

func lineAddress(s token.Span) string {
	return fmt.Sprintf("%s:%d", s.File.Name, s.Position().Line)
}

const (
	bold = "1"
	red  = "1;31"
	gold = "1;33"
	blue = "1;34"
)

var severityColor = map[Severity]string{Error: red, Warning: gold, Note: blue}

func (r Renderer) paint(color, s string) string {
	if !r.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func pad(n int) string { return strings.Repeat(" ", max(n, 0)) }
