package repl

import (
	"errors"
	"fmt"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
)

// A line is a piece of the language, so the compiler reads it: as a step of a
// test of the program, or as a view that the program does not have. Its letters
// are about the line as it was typed.

// unsaid names the file that a line is compiled in. It is the last of a program.
const unsaid = "~"

// step compiles what raises an event, which is the line from column on: where
// says which node, as a test does.
func (s *Session) step(where, line string, column int) (*martinelli.Program, *trial.Step, error) {
	before := "test \"" + unsaid + "\" do\n  given do\n"
	for _, r := range s.roles {
		before += fmt.Sprintf("    nodes(:%s, %d)\n", r.Name, r.Nodes)
	}
	before += "  end\n  when do\n" + where
	program, err := s.program.With(unsaid, before+line[column:]+"\n  end\nend\n")
	if err != nil {
		return nil, nil, asTyped(err, before, line, column)
	}
	when := program.Tests[len(program.Tests)-1].When
	if len(when) != 1 || when[0].Kind != trial.Raise {
		return nil, nil, errors.New("one event at a time: as in ann.on_add(\"milk\")")
	}
	return program, &when[0], nil
}

// view compiles the line from column on as a view that stands last in the program.
func (s *Session) view(line string, column int) (*plan.View, error) {
	name := "it"
	for {
		_, isView := s.program.Plan.View(name)
		_, isDatabase := s.program.Plan.Database(name)
		if !isView && !isDatabase && len(s.program.Plan.Fields(name)) == 0 {
			break
		}
		name += "_"
	}
	before := "view :" + name + " do\n"
	program, err := s.program.With(unsaid, before+line[column:]+"\nend\n")
	if err != nil {
		return nil, asTyped(err, before, line, column)
	}
	views := program.Plan.Views
	i, ok := program.Plan.View(name)
	if !ok || i != len(views)-1 || !sameNames(s.program.Plan, program.Plan) {
		return nil, errors.New("this can't be asked here: with it the program would be another one")
	}
	return &views[i], nil
}

// sameNames reports whether what p refers to by number stands at the same
// number in q.
func sameNames(p, q *plan.Program) bool {
	if len(p.Databases) != len(q.Databases) || len(p.Views)+1 != len(q.Views) || len(p.Funcs) != len(q.Funcs) || len(p.Imports) != len(q.Imports) {
		return false
	}
	for i := range p.Databases {
		if p.Databases[i].Name != q.Databases[i].Name {
			return false
		}
	}
	for i := range p.Views {
		if p.Views[i].Name != q.Views[i].Name {
			return false
		}
	}
	return true
}

// asTyped moves the letters about a line to where it was typed. What is wrong
// elsewhere keeps its place.
func asTyped(err error, before, line string, column int) error {
	var wrong *martinelli.SourceError
	if !errors.As(err, &wrong) {
		return err
	}
	typed := token.NewFile("you", line)
	move := func(at token.Span) token.Span {
		if at.File == nil || at.File.Name != unsaid {
			return at
		}
		place := func(offset int) int { return min(max(offset-len(before), 0)+column, len(typed.Text)) }
		return token.Span{File: typed, Start: place(at.Start), End: max(place(at.End), place(at.Start))}
	}
	moved := &martinelli.SourceError{}
	for _, d := range wrong.Diagnostics {
		if d.Severity != diag.Error {
			continue
		}
		d.Labels, d.Because = labels(d.Labels, move), labels(d.Because, move)
		moved.Diagnostics = append(moved.Diagnostics, d)
	}
	return moved
}

func labels(list []diag.Label, move func(token.Span) token.Span) []diag.Label {
	out := make([]diag.Label, len(list))
	for i, l := range list {
		out[i] = diag.Label{Span: move(l.Span), Text: l.Text}
	}
	return out
}
