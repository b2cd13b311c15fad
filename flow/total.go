package flow

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/value"
)

// KeepsTotals reports whether a database keeps one running total for each author:
// what an author counted can't be copied to another, it has to be added there.
func (e *Engine) KeepsTotals(database string) bool {
	db := e.byName[database]
	if db == nil {
		return false
	}
	_, is := db.bottom.(crdt.Totals)
	return is
}

// Total returns an author's running total at a key, given as its canonical
// bytes; 0 where there is none.
func (e *Engine) Total(database, key string, author causal.ReplicaID) int64 {
	if db := e.byName[database]; db != nil && db.cells[key] != nil {
		if t, is := db.cells[key].crdt.(crdt.Totals); is {
			return t.Total(author)
		}
	}
	return 0
}

// Count returns what moves self's running total at a key by n. Errors are those
// of crdt.Cell.Do.
func (e *Engine) Count(database, key string, self causal.ReplicaID, n int64) (crdt.Delta, error) {
	db := e.byName[database]
	if db == nil {
		return crdt.Delta{}, crdt.ErrLattice
	}
	cell := db.bottom
	if c := db.cells[key]; c != nil {
		cell = c.crdt
	}
	if n < 0 {
		return cell.Do("dec", self, value.Int(-n))
	}
	return cell.Do("inc", self, value.Int(n))
}
