package saga

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// past is the sagas that have ended and whose outcomes are kept. They come in
// the order in which they ended, but at a restart, when they come in any.
type past struct {
	list      []outcome
	isRuffled bool // the list is not in order
}

// outcome is the entry that keeps one. All are of the home's author, so a later
// one has a higher number.
type outcome struct {
	name digest
	id   causal.EntryID
}

func (o outcome) compare(p outcome) int {
	return cmp.Or(cmp.Compare(o.id.Seq, p.id.Seq), o.id.Compare(p.id))
}

func (p *past) add(o outcome) {
	if n := len(p.list); n > 0 && o.compare(p.list[n-1]) < 0 {
		p.isRuffled = true
	}
	p.list = append(p.list, o)
}

// pop takes the oldest one out. After a restart it costs a sort, once.
func (p *past) pop() outcome {
	if p.isRuffled {
		order.Sort(p.list, outcome.compare)
		p.isRuffled = false
	}
	oldest := p.list[0]
	p.list = p.list[1:]
	return oldest
}
