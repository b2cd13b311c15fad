package repl

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/value"
)

// read shows what a line stands for: a database, a view, or any expression of
// them; of one replica where its name and a dot stand before it.
func (s *Session) read(line string) error {
	at, column := s.world.Machines(), 0
	if found := readForm.FindStringSubmatchIndex(line); found != nil {
		if some, ok := s.at(line[found[2]:found[3]]); ok {
			at, column = some, found[1]
		}
	}
	if name := line[column:]; len(at) == 1 && s.knows(name) && s.isElsewhere(name, at[0]) && at[0].Up() {
		s.request(at[0], name)
		return nil
	}
	ask, err := s.asking(line, column)
	if err != nil {
		return err
	}
	s.show(at, ask)
	return nil
}

// request reads what lives at the home through a replica, as its user would.
func (s *Session) request(m *sim.Machine, name string) {
	text := noAnswer
	m.Request(node.ReadRequest{Name: name, Session: s.tokens[m]}, func(a node.Answer) {
		if text = outcome(a); a.Committed && a.Reading != nil {
			text = readingText(*a.Reading) + "  (asked at " + s.world.Machines()[0].Name() + ")"
			s.tokens[m] = a.Token
		}
	})
	s.world.Until(answerMax, func() bool { return text != noAnswer })
	s.say("%s  %s", s.padded(m.Name()), text)
}

// asking returns what tells the value at a machine, in words.
func (s *Session) asking(line string, column int) (func(*sim.Machine) string, error) {
	name := line[column:]
	if s.knows(name) {
		return func(m *sim.Machine) string {
			if s.isElsewhere(name, m) {
				return "lives at " + s.world.Machines()[0].Name()
			}
			if i, isView := s.program.Plan.View(name); isView && !plan.Runs(s.program.Plan.Views[i].At, m.Role()) {
				return "not shown here"
			}
			r, ok := m.Read(name)
			if !ok {
				return "not shown here"
			}
			return readingText(r)
		}, nil
	}
	v, err := s.view(line, column)
	if err != nil {
		return nil, err
	}
	return func(m *sim.Machine) string {
		if v.Home && !m.IsHome() {
			return "lives at " + s.world.Machines()[0].Name()
		}
		if !plan.Runs(v.At, m.Role()) {
			return "not shown here"
		}
		r, err := m.Ask(v)
		if err != nil {
			return err.Error()
		}
		return readingText(r)
	}, nil
}

func (s *Session) knows(name string) bool {
	_, isView := s.program.Plan.View(name)
	_, isDatabase := s.program.Plan.Database(name)
	return isView || isDatabase || len(s.program.Plan.Fields(name)) > 0
}

// isElsewhere reports whether a name lives at the home, and the machine is not it.
func (s *Session) isElsewhere(name string, m *sim.Machine) bool {
	p := s.program.Plan
	if m.IsHome() {
		return false
	}
	if i, ok := p.View(name); ok {
		return p.Views[i].Home
	}
	return slices.ContainsFunc(p.Databases, func(d plan.Database) bool {
		return (d.Name == name || strings.HasPrefix(d.Name, name+".")) && d.Placement == plan.Home && !slices.Contains(d.Pulled, m.Role())
	})
}

// show writes what each machine shows, or once what all of them do.
func (s *Session) show(at []*sim.Machine, ask func(*sim.Machine) string) {
	texts := make([]string, len(at))
	for i, m := range at {
		if texts[i] = "down"; m.Up() {
			texts[i] = ask(m)
		}
	}
	if len(at) > 1 && !slices.ContainsFunc(texts, func(t string) bool { return t != texts[0] }) {
		s.say("%s  %s", s.padded("all "+strconv.Itoa(len(at))), texts[0])
		return
	}
	for i, m := range at {
		s.say("%s  %s", s.padded(m.Name()), texts[i])
	}
}

// elemsMax bounds the elements of a value on one line.
const elemsMax = 20

func readingText(r flow.Reading) string {
	var rows []string
	switch {
	case r.Keyed:
		for _, p := range r.Pairs {
			var key []string
			for _, k := range p.Key {
				key = append(key, jsonText(plan.Any, k))
			}
			rows = append(rows, strings.Join(key, ",")+": "+jsonText(r.Type, p.Value))
		}
		return "{" + shortened(rows) + "}"
	case r.Type.Kind == plan.KindSet:
		for _, v := range r.Value.Elems() {
			rows = append(rows, jsonText(r.Type.Element(), v))
		}
		return "[" + shortened(rows) + "]"
	}
	return jsonText(r.Type, r.Value)
}

func shortened(rows []string) string {
	more := ""
	if len(rows) > elemsMax {
		more = ", ... " + strconv.Itoa(len(rows)) + " in all"
		rows = rows[:elemsMax]
	}
	return strings.Join(rows, ", ") + more
}

func jsonText(t plan.Type, v value.Value) string { return string(jsonvalue.Append(nil, t, v)) }
