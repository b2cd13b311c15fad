package judge

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// Strength is how much coordination something takes, from none on.
type Strength uint8

const (
	Local          Strength = iota // one replica alone
	Commit                         // one causal commit over several cells
	Escrow                         // rights that replicas hold and pass on
	Serial                         // the home of one entity decides
	AcrossEntities                 // the homes of several entities decide together
)

// Report is what a program needs under a topology, in the order of its
// handlers, views, processes and invariants, and for each in that of the roles.
type Report struct{ Lines []Line }

// Line is what one declaration needs at one role.
type Line struct {
	Span      token.Span // its name
	What      string     // as "on_buy", "view top_recs"
	Role      string
	Settled   bool       // what it shows, or acts on, is never taken back
	Mergeable bool       // it may be split over replicas, whose results merge
	Strength  Strength   // of a saga the greatest of its steps'
	Steps     []Strength // of a saga: a ladder, each step with what undoes it
	Why       string     // in words
	Overshoot Bound      // of an invariant that is repaired
}

// String writes the report as a table, with a line of heads.
func (r *Report) String() string {
	rows := [][]string{{"", "role", "value", "state", "strength", "why"}}
	for i := range r.Lines {
		rows = append(rows, r.Lines[i].cells())
	}
	return aligned(rows)
}

func (l *Line) cells() []string {
	value, state := "tentative", "local"
	if l.Settled {
		value = "settled"
	}
	if l.Mergeable {
		state = "mergeable"
	}
	why := l.Why
	if l.Overshoot.Applies {
		why += "; " + l.Overshoot.String()
	}
	return []string{l.What, l.Role, value, state, l.ladder(), why}
}

func (l *Line) ladder() string {
	if len(l.Steps) == 0 {
		return strconv.Itoa(int(l.Strength))
	}
	steps := make([]string, len(l.Steps))
	for i, s := range l.Steps {
		steps[i] = strconv.Itoa(int(s))
	}
	return strings.Join(steps, "+")
}

// aligned writes rows as columns, two blanks apart.
func aligned(rows [][]string) string {
	var widths [16]int
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
