package diag

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// Severity says whether a program with the diagnostic may run.
type Severity uint8

// The severities, the gravest first.
const (
	Error   Severity = iota // the program is refused
	Warning                 // the program runs; the letter names a bound or a cost
	Note                    // something the programmer may want to know
)

func (s Severity) String() string {
	return [...]string{"error", "warning", "note"}[min(s, Note)]
}

// Label is a remark on a piece of the program.
type Label struct {
	Span token.Span
	Text string
}

// Way is one way out. Cost says what the programmer pays for it; it may be empty.
type Way struct {
	Text string `json:"text"`
	Cost string `json:"cost,omitempty"`

	Edits []Edit `json:"-"` // what it changes in the text; none where that is the programmer's to say
	Leads []Code `json:"-"` // the letters that may be written then, where the edits are the first step of it
}

// Diagnostic is one letter.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Title    string  // one line, without a full stop
	Labels   []Label // what is shown; the first is the place of the mistake
	Because  []Label // the chain of reasons, each following from the next; a span may be nowhere
	Example  string  // a counterexample, in words
	Ways     []Way   // what the programmer may choose
	Hint     string  // how to go on where there is one way
	Fix      []Edit  // what the hint says to write, where that is known to the letter
}

// Errorf returns an error of the given code at a place. The label under the
// carets is set by Label, the rest by the other methods.
func Errorf(code Code, at token.Span, title string, args ...any) Diagnostic {
	return Diagnostic{Code: code, Title: fmt.Sprintf(title, args...), Labels: []Label{{Span: at}}}
}

// Warnf returns a warning, as Errorf does an error.
func Warnf(code Code, at token.Span, title string, args ...any) Diagnostic {
	d := Errorf(code, at, title, args...)
	d.Severity = Warning
	return d
}

// Here sets the text under the first place.
func (d Diagnostic) Here(text string, args ...any) Diagnostic {
	d.Labels = slices.Clone(d.Labels)
	d.Labels[0].Text = fmt.Sprintf(text, args...)
	return d
}

// There adds another place, with its text.
func (d Diagnostic) There(at token.Span, text string, args ...any) Diagnostic {
	d.Labels = append(slices.Clip(d.Labels), Label{at, fmt.Sprintf(text, args...)})
	return d
}

// Since adds a reason; a span that is nowhere shows the text alone.
func (d Diagnostic) Since(at token.Span, text string, args ...any) Diagnostic {
	d.Because = append(slices.Clip(d.Because), Label{at, fmt.Sprintf(text, args...)})
	return d
}

// Hinting sets the hint.
func (d Diagnostic) Hinting(text string, args ...any) Diagnostic {
	d.Hint = fmt.Sprintf(text, args...)
	return d
}

// Way adds a way out with its cost, and what it changes in the text.
func (d Diagnostic) Way(text, cost string, edits ...Edit) Diagnostic {
	d.Ways = append(slices.Clip(d.Ways), Way{Text: text, Cost: cost, Edits: edits})
	return d
}

// Where returns the place of the mistake; nowhere if the letter names none.
func (d Diagnostic) Where() token.Span {
	if len(d.Labels) == 0 {
		return token.Span{}
	}
	return d.Labels[0].Span
}

// HasErrors reports whether one of the diagnostics is an error.
func HasErrors(ds []Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sort returns the diagnostics in the order of the text: by file, place, code
// and title. Of letters that say the same of the same place it keeps one.
func Sort(ds []Diagnostic) []Diagnostic {
	sorted := slices.Clone(ds)
	slices.SortStableFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool { return compare(a, b) == 0 })
}

func compare(a, b Diagnostic) int {
	p, q := a.Where(), b.Where()
	return cmp.Or(
		cmp.Compare(fileName(p), fileName(q)),
		cmp.Compare(p.Start, q.Start),
		cmp.Compare(p.End, q.End),
		cmp.Compare(a.Severity, b.Severity),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Title, b.Title),
	)
}

func fileName(s token.Span) string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}
