package flow

import "github.com/martinelli-lang/martinelli/plan"

// A serial block is held to the invariants that serial blocks keep. The views
// are brought up to date with what it did; where an invariant that held does
// not any more, the run is taken back, from the cells and from the views, and
// what is shown has not changed. So the check costs what the change costs, and
// never a walk over the keys.

// startKept watches the invariants that serial blocks keep, from the first
// block that runs here: a node that runs none pays nothing for them.
func (e *Engine) startKept() {
	if e.isKept {
		return
	}
	e.isKept = true
	for i := range e.program.Invariants {
		if inv := &e.program.Invariants[i]; inv.Keep == plan.KeepSerial {
			e.kept = append(e.kept, e.graph.newWatch(i, inv))
		}
	}
	e.broken() // what did not hold before is nobody's fault now
}

// broken returns an invariant that has begun not to hold since the last call.
func (e *Engine) broken() (name string) {
	for _, w := range e.kept {
		for _, v := range w.drain(nil) {
			if v.Standing && name == "" {
				name = w.decl.Name
			}
		}
	}
	return name
}

// uphold takes a run back that breaks an invariant.
func (e *Engine) uphold(m *machine, r *run) {
	e.show(r.touched)
	name := e.broken()
	if name == "" {
		return
	}
	m.stop(AbortInvariant, "the invariant "+name+" would not hold")
	r.takeBack()
	e.show(r.touched)
	r.dropNew()
	e.broken()
}

// show brings the views up to date with cells, which stay even if they are bare.
func (e *Engine) show(touched []*cell) {
	for _, c := range touched {
		e.graph.settle(c)
	}
	e.graph.propagate()
}

// takeBack is undo of a run whose changes are in the views: whoever listens
// hears that they went.
func (r *run) takeBack() {
	for i := len(r.journal) - 1; i >= 0; i-- {
		switch rec := r.journal[i]; rec.undo {
		case undoInsert:
			rec.cell.remove(r.shares[rec.share].added[rec.item].item)
		case undoRemove:
			rec.cell.insert(r.taken[rec.item])
		}
	}
}

// dropNew forgets the cells that a run taken back has opened.
func (r *run) dropNew() {
	for _, rec := range r.journal {
		if rec.undo == undoCreate {
			rec.cell.db.drop(rec.cell)
		}
	}
	r.journal = r.journal[:0]
}
