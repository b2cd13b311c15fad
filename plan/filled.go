package plan

import "strings"

// A database that a process fills is stored as several: what users wrote, a
// cell for each function, and the vetoes, what users took out. Cells lose
// elements when a result is replaced. Where the functions follow what they are
// given, and that grows, no result has less than an earlier one: a run that
// finds a cell has seen what was given to the run that filled it (docs/why/
// observed-causality.md). Then the cells grow, and so does what reads as them
// and what users add, unless users take out what they see.

// ModesOf returns the modes of what stands in p: views, renders, conditions.
// Processes may read what others fill, though never in a circle, so what is
// filled is found in rounds, one more than processes hang together. Cost:
// linear in p for each.
func ModesOf(p *Program) Modes { return Modes{}.of(p) }

func (m Modes) of(p *Program) Modes {
	m.Databases, m.Imports, m.filled = p.Databases, p.Imports, nil
	m.Views = m.ViewsOf(p)
	for {
		filled := m.fills(p)
		if len(filled) == len(m.filled) {
			return m
		}
		m.filled = filled
		m.Views = m.ViewsOf(p)
	}
}

// fills returns the modes of what stands beside the databases that are filled
// by functions which follow what grows, as far as m knows.
func (m Modes) fills(p *Program) map[int]Mode {
	spoilt, filled := map[int]bool{}, map[int]Mode{}
	for i := range p.Processes {
		for j := range p.Processes[i].Runs {
			r := &p.Processes[i].Runs[j]
			for _, cell := range r.Cells {
				if !cell.grows(p) || !m.keepsFilling(&p.Processes[i], r) {
					spoilt[cell.Database] = true
				}
				filled[cell.Database] = Grows
			}
		}
	}
	for cell := range spoilt {
		delete(filled, cell)
	}
	names := map[string]bool{}
	for cell := range filled {
		name, _, _ := strings.Cut(p.Databases[cell].Name, "@")
		names[name] = true
	}
	for i := range p.Databases {
		name, isVeto := strings.CutSuffix(p.Databases[i].Name, "@veto")
		switch {
		case !names[name]:
		case isVeto && !p.writes(i, Raises):
			filled[i] = Falls
		case !isVeto && !p.writes(i, Lowers):
			filled[i] = Grows
		}
	}
	return filled
}

// grows reports whether a cell only grows as what it is filled with does: it is
// the whole result, and a collection or a word that is true or not.
func (c *Cell) grows(p *Program) bool {
	kind := p.Databases[c.Database].Lattice.Kind
	return len(c.Path) == 0 && (kind == KindORSet || kind == KindFlag)
}

// keepsFilling reports whether the results of a run only grow. Where the keys of
// what the process ranges over are in another space than the cell, that may be
// seen without its key, and is emptied then.
func (m Modes) keepsFilling(p *Process, r *Run) bool {
	if m.follow(r.Import, r.Args, m.marks(r.Args)) > Grows {
		return false
	}
	return p.Source == nil || m.Of(p.Source) <= Grows && m.Databases[r.Cells[0].Database].IsCommon() && m.isShared(p.Source)
}

// isShared reports whether all that x reads is in the space that every replica
// holds. What views read is not looked into.
func (m Modes) isShared(x *Expr) bool {
	switch x.Op {
	case OpView, OpViewAt:
		return false
	case OpCell, OpDatabase, OpKeys:
		if !m.Databases[x.Index].IsCommon() {
			return false
		}
	}
	for _, a := range x.Args {
		if !m.isShared(a) {
			return false
		}
	}
	return x.Block == nil || m.isShared(x.Block.Expr)
}

// writes reports whether a statement of p has such an effect on a database.
func (p *Program) writes(database int, e Effect) bool {
	for i := range p.Handlers {
		if p.writesIn(p.Handlers[i].Body, database, e) {
			return true
		}
	}
	for i := range p.Invariants {
		if p.writesIn(p.Invariants[i].Repair, database, e) {
			return true
		}
	}
	return false
}

func (p *Program) writesIn(ss []*Stmt, database int, e Effect) bool {
	for _, s := range ss {
		l, _ := LatticeOf(p.Databases[database].Lattice.Kind)
		v, _ := l.Verb(s.Name)
		switch {
		case s.Op == StmtWrite && s.Index == database && (v.Effect == e || v.Effect == Overwrites),
			s.Op == StmtClear && s.Index == database && e == Lowers,
			p.writesIn(s.Body, database, e), p.writesIn(s.Else, database, e):
			return true
		}
	}
	return false
}
