package judge

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/plan"
)

// handler judges a handler at every role that has it. What stands before a
// serial block or saga is a commit of its own; the block decides the strength.
func (j *judge) handler(i int) {
	h := &j.p.Handlers[i]
	line := Line{Span: j.typed.Handlers[i].Decl.Event.Span, What: "on_" + h.Event, Settled: true, Mergeable: !h.Home}
	own := j.footprint(h.Body)
	cells := own.homes()
	line.Strength, line.Why = j.commit(h, own)
	if spent := j.spends(h.Body); len(spent) > 0 && line.Strength <= Escrow {
		line.Strength = Escrow
		line.Why += "; spends rights of " + list(spent) + ", or aborts :no_rights"
	}
	if last, ok := coordination(h.Body); ok {
		line.Mergeable = false
		cells = j.footprint(last.Body).homes()
		if last.Op == plan.StmtSerial {
			line.Strength, line.Why = j.serial(h, last)
		} else {
			j.saga(last, &line)
		}
	}
	if act, changes := j.modes.Handler(i); changes {
		line.Settled = false
		line.Why += "; " + relying(act)
	}
	homes := j.homesOf(cells)
	if len(cells) > len(homes) && len(homes) == 0 {
		line.Why += "; there is no home"
	}
	j.at(h.At, line, func(r *plan.Role, l *Line) {
		if way := j.reach(h, r, homes); way != "" {
			l.Why += "; " + way
		}
	})
}

// spends lists the databases of which statements spend rights.
func (j *judge) spends(ss []*plan.Stmt) (names []string) {
	for _, s := range ss {
		for _, v := range j.invariants {
			spender := map[plan.Side]string{plan.AtLeast: "dec", plan.AtMost: "inc"}[v.Bound.Side]
			if s.Op == plan.StmtWrite && v.Kind == invariant.Escrow && s.Index == v.Database && s.Name == spender {
				add(&names, declared(j.p.Databases[v.Database].Name))
			}
		}
		for _, of := range [][]*plan.Stmt{s.Body, s.Else} {
			for _, name := range j.spends(of) {
				add(&names, name)
			}
		}
	}
	return names
}

// relying says that a handler acts on what may change.
func relying(act mode.Act) string {
	if act.Tentatively {
		return "acts tentatively on what may change: " + act.Short()
	}
	return "acts on what may change: " + act.Short()
}

// commit judges the commit of a handler: where it is raised, or at the home.
func (j *judge) commit(h *plan.Handler, f *footprint) (Strength, string) {
	switch {
	case h.Home:
		cells := f.homes()
		why := "runs at the home of " + j.names(cells) + ", one run after another"
		if severalEntities(cells) {
			return AcrossEntities, why
		}
		return Serial, why
	case len(f.writes) == 0:
		return Local, "changes nothing"
	case j.width(f) == Commit:
		return Commit, "one causal commit over " + j.names(f.writes)
	}
	return Local, "updates " + j.names(f.writes) + " where it is raised"
}

// reach says what being at a role means for what runs at the given homes.
func (j *judge) reach(h *plan.Handler, r *plan.Role, homes []string) string {
	last, coordinates := coordination(h.Body)
	isSerial := coordinates && last.Op == plan.StmtSerial
	for _, home := range homes {
		switch {
		case home == r.Name:
		case isSerial && !j.linked(r.Name, home):
			return "no link to " + home
		case isSerial && mayBeAway(r):
			return "at " + home + ", or :unreachable"
		case coordinates && mayBeAway(r):
			return "begins in the outbox, and runs at " + home
		default:
			return "at " + home
		}
	}
	return ""
}

// names lists the declared databases of cells, each once.
func (j *judge) names(cells []cell) string {
	var names []string
	for _, c := range cells {
		add(&names, declared(j.p.Databases[c.database].Name))
	}
	return list(names)
}

// declared is the name of the database that a stored one is a field of.
func declared(stored string) string {
	name, _, _ := strings.Cut(stored, ".")
	return name
}

func list(names []string) string { return strings.Join(names, ", ") }
