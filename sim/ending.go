package sim

import (
	"fmt"
	"strings"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/plan"
)

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
const valuesMax = 6

// values tells what the first machine shows; all others show the same.
func (s *story) values(m *Machine) {
	fmt.Fprintln(s.to)
	for i := range m.program.Databases {
		if _, isView := m.program.View(m.program.Databases[i].Name); isView {
			continue
		}
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
	fmt.Fprintf(s.to, "repair    %d exchanges brought %d parts\n", st.Repairs, st.PartsRepaired)
	fmt.Fprintf(s.to, "machines  %d crashes lost %d un-synced writes; %d syncs\n", st.Crashes, st.WritesLost, st.Syncs)
	fmt.Fprintf(s.to, "time      %s of virtual time, %d things happened\n", span(s.world.Now()), s.world.history.events)
}
