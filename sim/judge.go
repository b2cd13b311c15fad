package sim

import (
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
		w.judgeDatabases(m)
		for i := range m.program.Views {
			w.judgeView(m, &m.program.Views[i])
		}
		w.check(m)
	}
}

// judgeDatabases compares all databases a machine shows with its shadow.
func (w *World) judgeDatabases(m *Machine) {
	for i := range m.program.Databases {
		w.judgeDatabase(m, &m.program.Databases[i])
	}
}

// judgeDatabase compares a database as the machine shows it with the machine's shadow.
func (w *World) judgeDatabase(m *Machine, d *plan.Database) {
	if d.Placement == plan.Home && m.index > 0 {
		return
	}
	if _, isSeenThrough := m.program.View(d.Name); isSeenThrough {
		return // what processes fill reads as a view of its name, over what is judged by its own
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
	first := w.firstOf(m, v)
	if m == first || first.program != m.program || !plan.Runs(v.At, m.role.Name) {
		return
	}
	mine, ok1 := m.Read(v.Name)
	theirs, ok2 := first.Read(v.Name)
	if ok1 && ok2 && text(mine) != text(theirs) {
		w.audit.Report(m.index, ruleViews, "%s is %s, and %s at %s", v.Name, text(mine), text(theirs), first.name)
	}
}

// firstOf returns the first machine that shows the same view as m: of its role,
// and of its user where the view may be a user's.
func (w *World) firstOf(m *Machine, v *plan.View) *Machine {
	isUsers := len(v.At) > 0 || !m.program.IsOpen()
	for _, first := range w.machines {
		if first.role.Name == m.role.Name && (first.user() == m.user() || !isUsers) {
			return first
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
	reading := flow.Reading{Type: d.Lattice.Reading(), Keyed: len(d.Dims) > 0}
	for _, key := range s.Keys(d.Name) {
		cell, err := newCell(d)
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
		if cell, err := newCell(d); err == nil {
			reading.Value = cell.Value()
		}
	}
	return text(reading)
}

func newCell(d *plan.Database) (crdt.Cell, error) {
	lattice, _ := plan.LatticeOf(d.Lattice.Kind)
	switch {
	case d.Bound.Side != plan.Unbounded:
		return crdt.NewBounded(crdt.Bound{IsUpper: d.Bound.Side == plan.AtMost, Opening: d.Bound.Opening()}), nil
	case d.Removable:
		return crdt.NewRemovable(lattice.Name)
	}
	return crdt.New(lattice.Name)
}
