package flow

import (
	"cmp"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A key of a database with :expires is emptied when its newest entry is so old.
// An engine has no clock: it says once that a key began to hold something, tells
// how new what it holds is when it is asked, and empties it when it is told to.

// The fields of a record are emptied together, when the newest entry of any of
// them is so old: they are looked after under the name of the first.

// Aging is a key of a database with :expires that began to hold something.
type Aging struct {
	Database int    // of Program.Databases; of a record the first that is stored of it
	Key      string // canonical bytes of the key values that name what expires as a whole, one after another
}

// mate finds which databases expire together.
func (e *Engine) mate() {
	records := map[string][]*database{}
	for _, db := range e.databases {
		if db.decl.Expires > 0 {
			record, _, _ := strings.Cut(db.decl.Name, ".")
			records[record] = append(records[record], db)
			for _, mate := range records[record] {
				mate.mates = records[record]
			}
		}
	}
}

// ages notes that a cell which settled is one to look after, if it is new.
func (e *Engine) ages(c *cell) {
	if c.db.decl.Expires > 0 && !c.isAging && !c.crdt.Bare() {
		c.isAging = true
		e.aging = append(e.aging, Aging{c.db.mates[0].index, string(value.AppendPath(nil, c.key[:c.db.decl.Whole]...))})
	}
}

// cellsOf returns what is stored of what expires as a whole, in order.
func (e *Engine) cellsOf(a Aging) (cells []*cell) {
	for _, db := range e.databases[a.Database].mates {
		if db.decl.Whole == len(db.decl.Dims) {
			if c := db.cells[a.Key]; c != nil {
				cells = append(cells, c)
			}
			continue
		}
		for _, c := range db.sorted() { // a map in a record: what stands below it has more keys
			if strings.HasPrefix(c.path, a.Key) {
				cells = append(cells, c)
			}
		}
	}
	return cells
}

// drainAging returns the keys noted since the last Drain, in their order.
func (e *Engine) drainAging() []Aging {
	out := e.aging
	e.aging = nil
	order.Sort(out, func(a, b Aging) int { return cmp.Or(a.Database-b.Database, cmp.Compare(a.Key, b.Key)) })
	return out
}

// Newest returns the stamp of what was last written at a key; false where it
// holds nothing.
func (e *Engine) Newest(a Aging) (newest causal.Stamp, ok bool) {
	for _, c := range e.cellsOf(a) {
		if !c.crdt.Bare() {
			newest, ok = max(newest, c.newest), true
		}
	}
	return newest, ok
}

// Expire takes back what is seen at keys of databases with :expires as one
// commit, which is the program's own word. Keys beyond what a commit may hold
// are left: the first that does not fit by itself aborts with AbortSize.
func (e *Engine) Expire(keys []Aging, env Env) Outcome {
	m, r := &e.machine, &e.run
	m.begin(0, e.cfg.FuelMax)
	r.begin(env)
	r.isOwn = true
	return e.execute(func(m *machine) bool {
		for _, a := range keys {
			cells := e.cellsOf(a)
			deltas, size := make([]crdt.Delta, len(cells)), 0
			for i, c := range cells {
				deltas[i] = crdt.Clear(c.crdt)
				size += len(deltas[i].Remove)
			}
			if r.writes > 0 && r.writes+size > WritesMax/2 {
				return true
			}
			for i, c := range cells {
				if !r.fits(c, deltas[i]) || !r.apply(c, deltas[i]) {
					m.stop(AbortSize, "a key of "+c.db.decl.Name+" holds more than a commit may remove")
					return false
				}
			}
		}
		return true
	})
}

// Expires returns how long a key of a database stays without a write; 0: for ever.
func (e *Engine) Expires(a Aging) (life causal.Instant, isHome bool) {
	d := &e.program.Databases[a.Database]
	return causal.Instant(d.Expires) * causal.Millisecond, d.Placement == plan.Home
}
