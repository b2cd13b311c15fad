package diag

import "github.com/martinelli-lang/martinelli/lang/token"

// Message is a diagnostic for programs to read; encoding/json writes it. Lines
// and columns count from 1, columns in code points; an end is the position
// behind the last character.
type Message struct {
	Code     string  `json:"code"`
	Severity string  `json:"severity"` // error, warning or note
	Title    string  `json:"title"`
	Places   []Place `json:"places"` // the first is that of the mistake
	Because  []Place `json:"because,omitempty"`
	Example  string  `json:"example,omitempty"`
	Ways     []Way   `json:"ways,omitempty"`
	Hint     string  `json:"hint,omitempty"`
}

// Place is a labelled piece of a program. File is empty and the numbers are 0
// where the text speaks of no place.
type Place struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	Text      string `json:"text,omitempty"`
}

// Message returns the diagnostic as plain data.
func (d Diagnostic) Message() Message {
	return Message{
		Code: string(d.Code), Severity: d.Severity.String(), Title: d.Title,
		Places: places(d.Labels), Because: places(d.Because),
		Example: d.Example, Ways: d.Ways, Hint: d.Hint,
	}
}

// places returns labels as plain data; never nil, so that it is written as an array.
func places(labels []Label) []Place {
	ps := make([]Place, len(labels))
	for i, l := range labels {
		ps[i] = place(l.Span, l.Text)
	}
	return ps
}

func place(s token.Span, text string) Place {
	if s.File == nil {
		return Place{Text: text}
	}
	from, to := s.Position(), s.File.Position(s.End)
	return Place{
		File: s.File.Name, Text: text,
		Line: from.Line, Column: from.Column, EndLine: to.Line, EndColumn: to.Column,
	}
}
