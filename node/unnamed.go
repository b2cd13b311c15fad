package node

import (
	"maps"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
)

// A node carries entries of databases that its program does not name: another
// node's program does, or none any more. It counts them, so that somebody can
// see what could be dropped.

// Unnamed is a database that has entries and that the program does not name.
type Unnamed struct {
	Name           string
	Entries, Bytes int // bytes of their keys and values
}

// unnamedMax bounds the names that are counted, as that of the schema's; what
// further ones have is not.
const unnamedMax = 1 << 12

// unnamed counts entries of databases that the program does not name.
type unnamed struct {
	named  map[string]bool // by the program
	counts map[string]*Unnamed
}

func newUnnamed(p *plan.Program) unnamed {
	u := unnamed{named: map[string]bool{}, counts: map[string]*Unnamed{}}
	for i := range p.Databases {
		u.named[p.Databases[i].Name] = true
	}
	return u
}

// note counts a change.
func (u *unnamed) note(c *flow.Change) {
	if u.named[c.Database] || isReserved(c.Database) {
		return
	}
	known, isNew := u.counts[c.Database], false
	if known == nil {
		known, isNew = &Unnamed{Name: c.Database}, true
	}
	size := len(c.Key) + len(c.Item.Value)
	switch {
	case c.Removed:
		known.Entries--
		known.Bytes -= size
	default:
		known.Entries++
		known.Bytes += size
	}
	if known.Entries <= 0 {
		delete(u.counts, c.Database)
	} else if isNew && len(u.counts) < unnamedMax {
		u.counts[c.Database] = known
	}
}

// list returns what was counted, in the order of the names.
func (u *unnamed) list() (list []Unnamed) {
	for _, name := range order.Sorted(maps.Keys(u.counts), strings.Compare) {
		list = append(list, *u.counts[name])
	}
	return list
}

// show makes changes visible together.
func (n *Node) show(changes []flow.Change) {
	for i := range changes {
		n.unnamed.note(&changes[i])
	}
	n.engine.Apply(changes)
	n.watchHolds(changes)
}
