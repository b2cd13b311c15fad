package saga

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// ListMax is how many sagas a Status lists.
const ListMax = 64

// Status is what an operator may want to know of the sagas of a home.
type Status struct {
	UnderWay int
	Ended    int
	Retrying int // under way, and the last try of what is next has failed
	Undoing  int // under way, and to be undone
	Resting  int // under way, and the program has no such block
	List     []Item
}

// Item is a saga under way.
type Item struct {
	Name   Name
	User   string
	Since  causal.Instant
	Step   int // the next one, from 0
	Steps  int // of the block; 0: the program lacks it
	Undo   bool
	Tries  int            // that failed
	At     causal.Instant // when it goes on
	Abort  string         // undoing: why
	Detail string
	Said   string // what the last try said that failed
}

// Status counts the sagas under way, and lists those that have failed most
// often and, of them, those that have been under way for longest. It costs a look at each.
func (m *Machine) Status() Status {
	s := Status{UnderWay: len(m.sagas), Ended: len(m.ended)}
	all := make([]Item, 0, len(m.sagas))
	for _, g := range m.sagas {
		it := m.item(g)
		if it.Tries > 0 {
			s.Retrying++
		}
		if it.Undo {
			s.Undoing++
		}
		if it.Steps == 0 {
			s.Resting++
		}
		all = append(all, it)
	}
	order.Sort(all, func(a, b Item) int {
		return cmp.Or(
			cmp.Compare(b.Tries, a.Tries), cmp.Compare(a.Since, b.Since),
			cmp.Compare(a.Name.Block, b.Name.Block), cmp.Compare(a.Name.Key, b.Name.Key))
	})
	s.List = all[:min(len(all), ListMax)]
	return s
}

func (m *Machine) item(g *saga) Item {
	p := g.progress
	steps, _ := m.cfg.Steps(g.name.Block)
	return Item{
		Name: g.name, User: g.start.User, Since: g.start.Since, Step: int(p.Step), Steps: steps, Undo: p.Phase == undoing,
		Tries: int(p.Tries), At: p.At, Abort: p.Abort, Detail: p.Detail, Said: p.Said,
	}
}
