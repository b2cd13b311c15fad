package replica

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// books say who holds which rights in the bounded counters of a space. A part
// is admitted if, with all that was admitted before it, its author holds what
// it spends and hands on; one that is not is void, and so are the later parts
// of its author that touch a bounded counter, until it is covered. Admission
// only ever adds rights for others, so which parts are admitted in the end
// does not depend on the order in which they are looked at: it is the least
// fixed point over the parts of the space. An honest author spends what it has
// seen, and who has its part has what it had seen; so only the part of a liar
// waits, or of one whom a liar had given what it lacked (history 15).
//
// V. Balegas et al., "Extending Eventually Consistent Cloud Databases for
// Enforcing Numeric Invariants", SRDS 2015; the verdict is ours.
type books struct {
	cells map[cellName]map[crdt.EscrowField]int64 // running totals
	held  map[cellName]map[causal.ReplicaID]int64 // what follows from them
	debts map[causal.ReplicaID][]debt             // by author, in its order

	opener    map[cellName]causal.ReplicaID // who holds what there was at first
	mayOpen   func(m move) bool             // it is a steward, and opens as much as there is
	isRetired func(causal.ReplicaID) bool
	isSteward func(causal.ReplicaID) bool
}

type cellName struct{ database, key string }

// debt is a part that is not admitted.
type debt struct {
	dot   causal.Dot
	moves []move
}

// move is one entry of a part in a bounded counter.
type move struct {
	cell  cellName
	field crdt.EscrowField
	total int64
}

// newBooks opens the books with the entries of a state.
func (r *Replica) newBooks(l *law, base map[causal.EntryID]crdt.Entry) *books {
	b := &books{
		cells: map[cellName]map[crdt.EscrowField]int64{},
		held:  map[cellName]map[causal.ReplicaID]int64{},
		debts: map[causal.ReplicaID][]debt{},

		opener:    map[cellName]causal.ReplicaID{},
		isSteward: r.cfg.IsSteward,
		mayOpen: func(m move) bool {
			opening, _ := r.cfg.Escrow(m.cell.database)
			return r.cfg.IsSteward(m.field.Author) && m.total == opening
		},
		isRetired: l.hasRetired,
	}
	for id, e := range base {
		if m, ok := r.moveOf(id.Replica, &e.Entry); ok && m.total > b.cells[m.cell][m.field] {
			b.set(m)
		}
	}
	return b
}

// moveOf reads an entry of a bounded counter.
func (r *Replica) moveOf(author causal.ReplicaID, e *causal.Entry) (move, bool) {
	if !r.isBounded(e.Database) {
		return move{}, false
	}
	field, total, ok := crdt.ReadEscrow(author, e.Value)
	return move{cellName{e.Database, e.Key}, field, total}, ok
}

// isBounded reports whether escrow keeps a database.
func (r *Replica) isBounded(database string) bool {
	if r.cfg.Escrow == nil {
		return false
	}
	_, is := r.cfg.Escrow(database)
	return is
}

// hasBounded reports whether a space holds something that escrow keeps.
func (r *Replica) hasBounded(s *space) bool {
	if r.cfg.Escrow == nil {
		return false
	}
	for _, e := range s.state.Entries.All() {
		if r.isBounded(e.Database) {
			return true
		}
	}
	return false
}

// movesOf returns what a part does in bounded counters.
func (r *Replica) movesOf(p *causal.Part) (moves []move) {
	for i := range p.Entries {
		if m, ok := r.moveOf(p.Replica, &p.Entries[i]); ok {
			moves = append(moves, m)
		}
	}
	return moves
}

// bookPart admits a part to the books, or notes its debt. It reports whether
// the part is admitted, and whether others' debts were covered by it.
func (r *Replica) bookPart(l *law, p *causal.Part) (isAdmitted, hasCovered bool) {
	moves := r.movesOf(p)
	if len(moves) == 0 {
		return true, false
	}
	if l.books == nil {
		l.books = r.newBooks(l, nil)
	}
	b := l.books
	for _, m := range moves {
		if known, isOpen := b.opener[m.cell]; m.field.IsOpened() && isOpen && p.Replica.Compare(known) < 0 {
			r.stale(r.space(p.Space)) // of two who open, the one of the smaller id has: the books begin again
		}
	}
	if len(b.debts[p.Replica]) > 0 || !b.admit(moves) {
		b.debts[p.Replica] = append(b.debts[p.Replica], debt{p.Dot(), moves})
		return false, false
	}
	return true, b.cover()
}

// admit enters moves if their author holds what they take; all or none.
func (b *books) admit(moves []move) bool {
	before := make([]int64, len(moves))
	for i, m := range moves {
		before[i] = b.cells[m.cell][m.field]
		if m.total < before[i] || !b.isLawful(m) {
			b.undo(moves[:i], before)
			return false // a running total does not fall
		}
		b.set(m)
	}
	for _, m := range moves {
		if b.held[m.cell][m.field.Author] < 0 || m.field.IsTaken() && b.held[m.cell][m.field.To] < 0 {
			b.undo(moves, before)
			return false
		}
	}
	return true
}

// isLawful reports whether an author may write a move at all.
func (b *books) isLawful(m move) bool {
	switch {
	case m.field.IsOpened():
		opener, isOpen := b.opener[m.cell]
		return b.mayOpen(m) && (!isOpen || opener == m.field.Author)
	case m.field.IsTaken():
		return b.isSteward(m.field.Author) && b.isRetired(m.field.To)
	}
	return true
}

func (b *books) undo(moves []move, before []int64) {
	for i := len(moves) - 1; i >= 0; i-- {
		m := moves[i]
		m.total = before[i]
		b.set(m)
	}
}

// set enters a running total.
func (b *books) set(m move) {
	fields := b.cells[m.cell]
	if fields == nil {
		fields = map[crdt.EscrowField]int64{}
		b.cells[m.cell] = fields
		b.held[m.cell] = map[causal.ReplicaID]int64{}
	}
	change := m.total - fields[m.field]
	fields[m.field] = m.total
	held := b.held[m.cell]
	switch {
	case m.field.IsMade():
		held[m.field.Author] += change
	case m.field.IsHanded():
		held[m.field.Author] -= change
		held[m.field.To] += change
	case m.field.IsTaken():
		held[m.field.Author] += change
		held[m.field.To] -= change
	case m.field.IsOpened():
		held[m.field.Author] += change
		if b.opener[m.cell] = m.field.Author; m.total == 0 {
			delete(b.opener, m.cell)
		}
	default:
		held[m.field.Author] -= change
	}
}

// cover admits debts as long as one is covered. It reports whether any was.
func (b *books) cover() (hasCovered bool) {
	for again := true; again; {
		again = false
		for _, author := range sorted(b.debts, causal.ReplicaID.Compare) {
			for len(b.debts[author]) > 0 && b.admit(b.debts[author][0].moves) {
				b.debts[author] = b.debts[author][1:]
				again, hasCovered = true, true
			}
			if len(b.debts[author]) == 0 {
				delete(b.debts, author)
			}
		}
	}
	return hasCovered
}

// overdrawn returns the parts that are not admitted.
func (b *books) overdrawn() (dots []causal.Dot) {
	for _, author := range sorted(b.debts, causal.ReplicaID.Compare) {
		for _, d := range b.debts[author] {
			dots = append(dots, d.dot)
		}
	}
	return dots
}
