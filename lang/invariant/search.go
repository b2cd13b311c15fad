package invariant

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// searchMax bounds the steps of one search: states that are made and looked at.
const searchMax = 200_000

// search looks for two replicas that each keep the invariant, with at most two
// updates each, and break it when they merge. It tries what is shortest first.
func (o *opinion) search() string {
	m := o.model()
	if m == nil {
		return ""
	}
	begins := [][]state{m.reached()}
	if m.isFar() {
		begins = append(begins, m.starts())
	}
	for _, starts := range begins {
		for _, lengths := range [][2]int{{1, 1}, {2, 1}, {1, 2}, {2, 2}} {
			for _, start := range starts {
				if found := m.from(start, lengths[0], lengths[1]); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

// isFar reports whether a bound is further away than a few updates lead.
func (m *model) isFar() bool {
	for _, c := range m.cs {
		for _, l := range c {
			if l.sort == bound && (l.k > 2 || l.k < -2) {
				return true
			}
		}
	}
	return false
}

// reached lists valid states that a few updates of the program lead to.
func (m *model) reached() []state {
	empty := make(state, len(m.cells))
	if !m.holds(empty) {
		return nil
	}
	states := []state{empty}
	for at := 0; at < len(states) && len(states) < reachedMax; at++ {
		for _, r := range m.runs(states[at], 1) {
			for i := range r.end {
				c := &r.end[i]
				c.added, c.gone, c.stamp, c.change = 0, 0, 0, 0
			}
			if !slices.ContainsFunc(states, func(s state) bool { return slices.Equal(s, r.end) }) {
				states = append(states, r.end)
			}
		}
	}
	return states
}

// reachedMax bounds the states to begin with that updates lead to.
const reachedMax = 64

// from tries every run of a updates here and b there.
func (m *model) from(start state, a, b int) string {
	if m.steps > searchMax {
		return ""
	}
	as, bs := m.runs(start, a), m.runs(start, b)
	for i := range as {
		for k := range bs {
			for schedule := range 3 {
				if m.steps++; m.steps > searchMax {
					return ""
				}
				merged := m.merge(start, &as[i], &bs[k], schedule)
				if !m.holds(merged) {
					return m.tell(start, &as[i], &bs[k], merged)
				}
			}
		}
	}
	return ""
}

// run is what one replica did, each step of which kept the invariant.
type run struct {
	ops   []*op
	after []state // behind each
	end   state
}

// runs lists the runs of n updates.
func (m *model) runs(start state, n int) []run {
	runs := []run{{end: start}}
	for i := range n {
		var longer []run
		for _, r := range runs {
			for k := range m.ops {
				if m.steps++; m.steps > searchMax {
					return nil
				}
				next, ok := m.apply(r.end, &m.ops[k], i+1)
				if ok && m.holds(next) {
					longer = append(longer, run{append(slices.Clip(r.ops), &m.ops[k]), append(slices.Clip(r.after), next), next})
				}
			}
		}
		runs = longer
	}
	return runs
}

// tell writes down what was found.
func (m *model) tell(start state, a, b *run, merged state) string {
	for i := range m.cells { // that there is such an element goes without saying
		c := &m.cells[i]
		c.isHidden = c.kind == isPresence && m.o.lists && c.term == m.o.normal.source.terms[0] &&
			start[i].has(0) && a.end[i].has(0) && b.end[i].has(0)
	}
	var t strings.Builder
	t.WriteString("2 replicas, " + m.named(start) + ":  a: ")
	m.tellRun(&t, a)
	t.WriteString("  b: ")
	m.tellRun(&t, b)
	t.WriteString("  after merge: " + m.text(merged))
	return t.String()
}

func (m *model) tellRun(t *strings.Builder, r *run) {
	for i, o := range r.ops {
		if i > 0 {
			t.WriteString(", ")
		}
		text := o.text
		if len(m.shown()) == 1 {
			text = strings.Replace(text, m.shown()[0].database+".", "", 1)
		}
		t.WriteString(text + " -> " + m.text(r.after[i]))
	}
}

// text writes a state: its value, or where there are several, each with its name.
func (m *model) text(s state) string {
	if len(m.shown()) == 1 {
		i := slices.IndexFunc(m.cells, func(c cell) bool { return !c.isHidden })
		return m.cells[i].valueText(s[i])
	}
	return m.named(s)
}

func (m *model) named(s state) string {
	var parts []string
	for i := range m.cells {
		if c := &m.cells[i]; !c.isHidden {
			parts = append(parts, c.name+" "+c.valueText(s[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// shown lists the cells that are written down.
func (m *model) shown() []cell {
	return slices.DeleteFunc(slices.Clone(m.cells), func(c cell) bool { return c.isHidden })
}

func (c *cell) valueText(s content) string {
	switch c.kind {
	case isPresence:
		if s.has(0) {
			return "yes"
		}
		return "no"
	case isRegister:
		v := c.domain[s.n]
		switch {
		case v.IsNil():
			return "unset"
		case v.Kind() == value.KindInt:
			return strconv.FormatInt(v.AsInt(), 10)
		case v.Kind() == value.KindBool:
			return strconv.FormatBool(v.AsBool())
		case v.Kind() == value.KindSymbol:
			return ":" + v.AsString()
		}
		return strconv.Quote(v.AsString())
	}
	return strconv.FormatInt(s.count(), 10)
}

// starts lists the valid states to begin with, those at a bound first.
func (m *model) starts() []state {
	states := []state{{}}
	for i := range m.cells {
		var more []state
		for _, s := range states {
			for _, v := range m.cells[i].starts {
				more = append(more, append(slices.Clip(s), v))
				if m.steps++; len(more) > startsMax {
					break
				}
			}
		}
		states = more
	}
	return slices.DeleteFunc(states, func(s state) bool { return !m.holds(s) })
}

// startsMax bounds the states to begin with.
const startsMax = 512

// isBool reports whether a constant is one.
func isBool(t plan.Type) bool { return t.Kind == plan.KindBool }
