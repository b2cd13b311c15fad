package flow

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// What escrow keeps is a counter made of rights (see crdt.Escrow). A verb that
// spends runs where its author holds enough, and says otherwise what it lacks.

// Short is what a run lacked: rights at a key of a database.
type Short struct {
	Database   int
	Key        []value.Value
	Path       string // the canonical bytes of Key
	Need, Held int64  // of the run as a whole, and of its author before it
}

// lack stops a run that spends more than its author holds.
func (r *run) lack(m *machine, db *database, c *cell, arg value.Value) {
	held := max(c.crdt.(crdt.Escrow).Rights(r.env.Self), 0)
	if r.env.Lapsed {
		held = 0
	}
	lacking := arg.AsInt() - held
	if arg.Kind() == value.KindTuple {
		lacking = arg.Field(1).AsInt() - held
	}
	r.short = &Short{Database: db.index, Key: c.key, Path: c.path, Need: lacking}
	m.stop(AbortRights, "this node holds too few rights of "+db.decl.Name+": "+strconv.FormatInt(lacking, 10)+" are missing")
}

// spends reports whether a verb spends rights at a cell.
func spends(c *cell, verb string) bool {
	e, ok := c.crdt.(crdt.Escrow)
	return ok && e.Spends(verb)
}

// lacked completes what a run lacked, once it is undone: what it had spent
// before is needed again.
func (r *run) lacked() *Short {
	if r.short == nil {
		return nil
	}
	s := r.short
	if e, ok := r.engine.Escrow(r.engine.databases[s.Database].decl.Name, s.Path); ok {
		s.Held = max(e.Rights(r.env.Self), 0)
	}
	if r.env.Lapsed {
		s.Held = 0
	}
	s.Need += s.Held
	return s
}

// Escrow returns the rights at a key, given as its canonical bytes; false
// where escrow does not keep the database. It is not to be kept.
func (e *Engine) Escrow(database, key string) (crdt.Escrow, bool) {
	db := e.byName[database]
	if db == nil || db.decl.Bound.Side == plan.Unbounded {
		return nil, false
	}
	cell := db.bottom
	if c := db.cells[key]; c != nil {
		cell = c.crdt
	}
	rights, ok := cell.(crdt.Escrow)
	return rights, ok
}

// Escrowed is a key at which escrow keeps something.
type Escrowed struct {
	Database string
	Key      []value.Value
	Rights   crdt.Escrow // not to be kept
}

// Escrows yields the keys at which escrow keeps something, in the order of the
// program and then of the keys, until yield returns false. O(n log n).
func (e *Engine) Escrows(yield func(Escrowed) bool) {
	for _, db := range e.databases {
		if db.decl.Bound.Side == plan.Unbounded {
			continue
		}
		for _, c := range db.sorted() {
			if rights, ok := c.crdt.(crdt.Escrow); ok && !yield(Escrowed{db.decl.Name, c.key, rights}) {
				return
			}
		}
	}
}

// Move is something done to rights beside the program.
type Move struct {
	Verb string           // "open", "transfer" or "take"
	With causal.ReplicaID // transfer: to whom; take: from whom
	N    int64            // capped at what one verb may move
}

// MoveRights is a run that moves rights at a key, as one commit. What it may
// not write it aborts, as a handler does.
func (e *Engine) MoveRights(database string, key string, moves []Move, env Env) Outcome {
	db := e.byName[database]
	if db == nil || db.decl.Bound.Side == plan.Unbounded {
		return Outcome{Abort: AbortArgument, Detail: "escrow does not keep " + database}
	}
	values, ok := db.decodeKey(key)
	if !ok {
		return Outcome{Abort: AbortArgument, Detail: database + " has no such key"}
	}
	e.machine.begin(0, e.cfg.FuelMax)
	e.run.begin(env)
	return e.execute(func(m *machine) bool {
		for _, move := range moves {
			arg := value.Nil
			if move.Verb != "open" {
				arg = value.Tuple(value.String(move.With.String()), value.Int(min(move.N, crdt.NatMax)))
			}
			if !e.run.write(m, db, values, move.Verb, arg) {
				return false
			}
		}
		return true
	})
}
