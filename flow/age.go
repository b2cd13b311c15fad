package flow

import (
	"cmp"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
)

// A key of a database with :expires is emptied when its newest entry is so old.
// An engine has no clock: it says once that a key began to hold something, tells
// how new what it holds is when it is asked, and empties it when it is told to.

// Aging is a key of a database with :expires that began to hold something.
type Aging struct {
	Database int    // of Program.Databases
	Key      string // canonical bytes of the key values, one after another
}

// ages notes that a cell which settled is one to look after, if it is new.
func (e *Engine) ages(c *cell) {
	if c.db.decl.Expires > 0 && !c.isAging && !c.crdt.Bare() {
		c.isAging = true
		e.aging = append(e.aging, Aging{c.db.index, c.path})
	}
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
func (e *Engine) Newest(a Aging) (causal.Stamp, bool) {
	c := e.databases[a.Database].cells[a.Key]
	if c == nil || c.crdt.Bare() {
		return 0, false
	}
	return c.newest, true
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
			c := e.databases[a.Database].cells[a.Key]
			if c == nil {
				continue
			}
			delta := crdt.Clear(c.crdt)
			if r.writes > 0 && r.writes+len(delta.Remove) > WritesMax/2 {
				return true
			}
			if !r.fits(c, delta) || !r.apply(c, delta) {
				m.stop(AbortSize, "a key of "+c.db.decl.Name+" holds more than a commit may remove")
				return false
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
