package crdt

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Difference returns the smallest delta that makes o know all that s knows:
// the dots o has not seen, and those of which it still has an entry that s has
// seen removed, each with its live entries. O(s + o), and no more than the
// difference in memory.
func (s *State) Difference(o *State) *State {
	d := difference{of: s, to: o, delta: NewState()}
	d.findUnseen()
	d.findRemoved()
	return d.delta
}

// difference is one computation of what state of knows and to does not.
type difference struct {
	of, to *State
	delta  *State
	steps  int // dots and entries looked at: at most as many as both states and the delta have
}

// findUnseen takes the dots that to has not seen. Of a replica that to has
// never heard of, all parts from the first on are one thing to say.
func (d *difference) findUnseen() {
	for r, n := range d.of.Context {
		d.steps++
		known := d.to.Context[r]
		switch {
		case known >= n:
		case known == 0 && d.to.Cloud == nil:
			d.delta.Context[r] = n
			d.takeAll(r, n)
		default:
			for seq := known + 1; seq <= n; seq++ {
				d.note(causal.Dot{Replica: r, Seq: seq})
			}
		}
	}
	for dot := range d.of.Cloud {
		d.note(dot)
	}
}

func (d *difference) note(dot causal.Dot) {
	d.steps++
	if !d.to.Seen(dot) {
		d.add(dot)
	}
}

// findRemoved takes the dots of entries that to has and that of has seen removed.
func (d *difference) findRemoved() {
	for r, theirs := range d.to.Entries.runs {
		at, mine := theirs.from(0), d.of.Entries.runs[r].from(0)
		last := uint64(0) // a dot is taken once, however many of its entries are gone
		for e := at.next(math.MaxUint64); e != nil; e = at.next(math.MaxUint64) {
			d.steps++
			if mine.meets(e) || e.seq == last {
				continue
			}
			if dot := (causal.Dot{Replica: r, Seq: e.seq}); d.of.Seen(dot) {
				d.add(dot)
				last = e.seq
			}
		}
	}
}

// add makes the delta say what is live of a dot.
func (d *difference) add(dot causal.Dot) {
	d.delta.addDot(dot)
	d.take(dot.Replica, dot.Seq, dot.Seq)
}

// takeAll copies the entries of r's parts up to a seq, of which the delta has none yet.
func (d *difference) takeAll(r causal.ReplicaID, to uint64) {
	run := d.of.Entries.runs[r]
	if run == nil || run.last() > to {
		d.take(r, 1, to)
		return
	}
	d.delta.Entries.take(r, run)
}

// take copies the entries of r's parts from one seq to another.
func (d *difference) take(r causal.ReplicaID, from, to uint64) {
	at := d.of.Entries.runs[r].from(from)
	for e := at.next(to); e != nil; e = at.next(to) {
		d.steps++
		d.delta.Entries.put(r, *e)
	}
}
