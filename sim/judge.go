package sim

import (
	"fmt"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/value"
)

// Rules of the rest.
const (
	ruleShows = "a replica shows what it has applied"
	ruleViews = "at rest all replicas of a role show the same views"
)

// judge compares, at rest, what every machine holds and shows with the truth.
func (w *World) judge() {
	w.audit.Rest()
	for _, m := range w.machines {
		for i := range m.program.Databases {
			w.judgeDatabase(m, &m.program.Databases[i])
		}
		for i := range m.program.Views {
			w.judgeView(m, &m.program.Views[i])
		}
		w.check(m)
	}
}

// judgeDatabase compares a database as the machine shows it with the machine's shadow.
func (w *World) judgeDatabase(m *Machine, d *plan.Database) {
	if d.Placement == plan.Home && m.index > 0 {
		return
	}
	reading, ok := m.Read(d.Name)
	if !ok {
		w.audit.Report(m.index, ruleShows, "%s can't be read", d.Name)
		return
	}
	if got, want := text(reading), naive(m.Shadow(), d); got != want {
		w.audit.Report(m.index, ruleShows, "%s is %s where its parts make %s", d.Name, got, want)
	}
}

// judgeView compares a view with that of the first machine of the same role.
func (w *World) judgeView(m *Machine, v *plan.View) {
	first := w.firstOf(m.role.Name)
	if m == first || first.program != m.program || !plan.Runs(v.At, m.role.Name) {
		return
	}
	mine, ok1 := m.Read(v.Name)
	theirs, ok2 := first.Read(v.Name)
	if ok1 && ok2 && text(mine) != text(theirs) {
		w.audit.Report(m.index, ruleViews, "%s is %s, and %s at %s", v.Name, text(mine), text(theirs), first.name)
	}
}

func (w *World) firstOf(role string) *Machine {
	for _, m := range w.machines {
		if m.role.Name == role {
			return m
		}
	}
	return nil
}

// text writes a reading so that equal readings have equal texts.
func text(r flow.Reading) string {
	if !r.Keyed {
		return string(jsonvalue.Append(nil, r.Type, r.Value))
	}
	var b []byte
	for _, p := range r.Pairs {
		b = append(appendPath(b, p.Key), '=')
		b = append(jsonvalue.Append(b, r.Type, p.Value), ' ')
	}
	return string(b)
}

func appendPath(b []byte, key []value.Value) []byte {
	for i, k := range key {
		if i > 0 {
			b = append(b, '/')
		}
		b = jsonvalue.Append(b, plan.Any, k)
	}
	return b
}

// naive reads a database from the entries of a shadow, key by key, as text
// does from a reading.
func naive(s *audit.Shadow, d *plan.Database) string {
	lattice, ok := plan.LatticeOf(d.Lattice.Kind)
	if !ok {
		return "of an unknown lattice"
	}
	reading := flow.Reading{Type: d.Lattice.Reading(), Keyed: len(d.Dims) > 0}
	for _, key := range s.Keys(d.Name) {
		cell, err := crdt.New(lattice.Name)
		if err != nil {
			return err.Error()
		}
		s.Each(d.Name, key, func(it crdt.Item) { cell.Insert(it, nil) })
		if cell.Empty() && reading.Keyed {
			continue
		}
		path, err := value.DecodePath(key)
		if err != nil {
			return err.Error()
		}
		reading.Value = cell.Value()
		reading.Pairs = append(reading.Pairs, flow.Pair{Key: path, Value: cell.Value()})
	}
	if !reading.Keyed && reading.Pairs == nil {
		if cell, err := crdt.New(lattice.Name); err == nil {
			reading.Value = cell.Value()
		}
	}
	return text(reading)
}

// ending tells what came of the history: values, counts, broken promises, the hash.
func (s *story) ending() {
	w := s.world
	s.say("world", "is at rest")
	s.values(w.machines[0])
	s.counts()
	for _, f := range w.Findings() {
		fmt.Fprintf(s.to, "BROKEN  %s\n", f)
	}
	if len(w.Findings()) == 0 {
		fmt.Fprintf(s.to, "every promise was kept at all %d machines\n", len(w.machines))
	}
	fmt.Fprintf(s.to, "hash %s\n", w.Hash())
}

// valuesMax bounds how much of one value is told.
const valuesMax = 12

// values tells what the first machine shows; all others show the same.
func (s *story) values(m *Machine) {
	fmt.Fprintln(s.to)
	for i := range m.program.Databases {
		if r, ok := m.Read(m.program.Databases[i].Name); ok {
			s.value(m.program.Databases[i].Name, r)
		}
	}
	for i := range m.program.Views {
		if r, ok := m.Read(m.program.Views[i].Name); ok && plan.Runs(m.program.Views[i].At, m.role.Name) {
			s.value(m.program.Views[i].Name, r)
		}
	}
	fmt.Fprintln(s.to)
}

func (s *story) value(name string, r flow.Reading) {
	var rows []string
	switch {
	case r.Keyed:
		for _, p := range r.Pairs {
			rows = append(rows, string(jsonvalue.Append(append(appendPath(nil, p.Key), " = "...), r.Type, p.Value)))
		}
	case r.Type.Kind == plan.KindSet:
		for _, v := range r.Value.Elems() {
			rows = append(rows, string(jsonvalue.Append(nil, r.Type.Element(), v)))
		}
	default:
		fmt.Fprintf(s.to, "  %s = %s\n", name, jsonvalue.Append(nil, r.Type, r.Value))
		return
	}
	fmt.Fprintf(s.to, "  %s (%d)\n", name, len(rows))
	for i, row := range rows {
		if i == valuesMax {
			fmt.Fprintf(s.to, "    ... and %d more\n", len(rows)-i)
			break
		}
		fmt.Fprintf(s.to, "    %s\n", strings.TrimSpace(row))
	}
}

func (s *story) counts() {
	st := s.world.stats
	fmt.Fprintf(s.to, "events    %d acknowledged, %d aborted, %d retried\n", st.Acknowledged, st.Aborted, st.Retried)
	fmt.Fprintf(s.to, "messages  %d sent with %d bytes; %d lost, %d repeated, %d overtaken, %d damaged, %d stopped by cuts\n",
		st.Messages, st.Bytes, st.Lost, st.Repeated, st.Overtaken, st.Damaged, st.Cut)
	seen := max(st.PartsReceived, 1)
	fmt.Fprintf(s.to, "parts     %d made, %d times made visible elsewhere; for each %d bytes were sent and it arrived %d.%02d times\n",
		st.Parts, st.PartsReceived, st.Bytes/seen, st.PartsArrived/seen, st.PartsArrived*100/seen%100)
	fmt.Fprintf(s.to, "machines  %d crashes lost %d un-synced writes; %d syncs\n", st.Crashes, st.WritesLost, st.Syncs)
	fmt.Fprintf(s.to, "time      %s of virtual time, %d things happened\n", span(s.world.Now()), s.world.history.events)
}
