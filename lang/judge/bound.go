package judge

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
)

// Bound is how far an invariant that is repaired may be overshot: replicas go
// on breaking it until they hear that it is broken. So it is at most the sum,
// over all replicas that may break it, of the rate of their updates times the
// time until they hear: the sync period, and how long they may be away.
type Bound struct {
	Applies   bool
	Terms     []Term
	Unbounded []string // roles whose nodes may be away for any time, or are linked to nobody
}

// Term is what the nodes of a role add to a bound.
type Term struct {
	Role   string
	Nodes  int   // 0: the topology does not say
	Window int64 // milliseconds for which each of them goes on
}

// String writes the bound as a formula in the rate of updates of one node.
func (b Bound) String() string {
	if len(b.Unbounded) > 0 {
		return "overshoot without a bound: " + strings.Join(b.Unbounded, ", ") + " may be away for any time"
	}
	terms := make([]string, len(b.Terms))
	for i, t := range b.Terms {
		terms[i] = t.String()
	}
	return "overshoot <= rate x (" + strings.Join(terms, " + ") + ")"
}

func (t Term) String() string {
	if t.Nodes == 0 {
		return "each " + t.Role + " x " + span(t.Window)
	}
	return strconv.Itoa(t.Nodes) + " " + t.Role + " x " + span(t.Window)
}

// overshoot bounds how far the invariant may be overshot.
func (j *judge) overshoot(inv *plan.Invariant) Bound {
	b := Bound{Applies: true}
	for _, name := range j.breakers(inv) {
		r := j.role(name)
		period := j.period(name) * j.hops(r)
		if r.Ambient != "" && r.OfflineMax == 0 || period == 0 && r.Nodes != 1 {
			b.Unbounded = append(b.Unbounded, name)
		}
		b.Terms = append(b.Terms, Term{name, r.Nodes, period + r.OfflineMax})
	}
	return b
}

// hops is how many links news takes to reach a node of r: one, where a steady
// role is linked to it, and among peers the diameter of a random overlay, the
// logarithm of their number (J. Leitão et al., "HyParView", DSN 2007, section 5).
func (j *judge) hops(r *plan.Role) int64 {
	for i := range j.p.Roles {
		if s := &j.p.Roles[i]; isSteady(s) && j.linked(r.Name, s.Name) {
			return 1
		}
	}
	return int64(max(1, bits.Len(uint(max(r.Nodes, 1)-1))))
}

// breakers lists the roles at which something that the invariant reads is
// written, by whatever verb, in the order of the topology.
func (j *judge) breakers(inv *plan.Invariant) []string {
	if j.writers == nil {
		j.findWriters()
	}
	var at []string
	for _, db := range j.reads(inv.Cond) {
		at = append(at, j.writers[db]...)
	}
	return slices.DeleteFunc(j.roles(nil), func(r string) bool { return !slices.Contains(at, r) })
}

// findWriters notes for each database the roles at which handlers write it: a
// block at its home, all else where it is raised.
func (j *judge) findWriters() {
	j.writers = map[int][]string{}
	for i := range j.p.Handlers {
		h := &j.p.Handlers[i]
		own := j.footprint(h.Body)
		at := j.roles(h.At)
		if h.Home {
			at = j.homesOf(own.homes())
		}
		j.writes(own, at)
		for _, block := range blocks(h.Body) {
			f := j.footprint(block.Body)
			j.writes(f, j.homesOf(f.homes()))
		}
	}
}

func (j *judge) writes(f *footprint, at []string) {
	for _, c := range f.writes {
		roles := j.writers[c.database]
		for _, r := range at {
			add(&roles, r)
		}
		j.writers[c.database] = roles
	}
}

// reads lists the databases that an expression reads, those of views included.
func (j *judge) reads(x *plan.Expr) []int {
	var dbs []int
	seen := map[int]bool{} // the views
	var look func(x *plan.Expr)
	look = func(x *plan.Expr) {
		switch x.Op {
		case plan.OpCell, plan.OpDatabase, plan.OpKeys:
			add(&dbs, x.Index)
		case plan.OpView, plan.OpViewAt:
			if !seen[x.Index] {
				seen[x.Index] = true
				look(j.p.Views[x.Index].Expr)
			}
		}
		for _, a := range x.Args {
			look(a)
		}
		if x.Block != nil {
			look(x.Block.Expr)
		}
	}
	look(x)
	return dbs
}
