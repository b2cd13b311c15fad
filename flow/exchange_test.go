package flow

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// randomShop is a shop with handlers of random statements. Each stands twice:
// as it is, and ending in an abort.
func randomShop(r *rand.Rand) *shop {
	s := newShop()
	key := func() *plan.Expr { return str("x" + strconv.Itoa(r.IntN(2))) }
	for i := range 8 {
		var body []*plan.Stmt
		for range 1 + r.IntN(7) {
			n := num(int64(r.IntN(3)))
			body = append(body, []*plan.Stmt{
				write(s.counters, "inc", 1, key(), n),
				write(s.items, "add", 0, n), write(s.items, "remove", 0, n), write(s.items, "remove", 0, n),
				write(s.status, "set", 1, key(), str(strconv.Itoa(r.IntN(3)))),
				write(s.home, "inc", 1, key(), n), write(s.home, "dec", 1, key(), n),
				write(s.own, "add", 1, key(), n), write(s.own, "remove", 1, key(), n),
			}[r.IntN(9)])
		}
		s.simple("do"+strconv.Itoa(i), body...)
		s.simple("fail"+strconv.Itoa(i), append(slices.Clone(body), abort("no"))...)
	}
	s.view("all", both(plan.OpUnion, s.cell(s.items), s.cell(s.own, str("x0"))))
	s.view("rows", s.rows(s.own))
	s.view("busy", where(s.keys(s.counters), func(x []*plan.Expr) *plan.Expr {
		return yes(plan.OpGt, s.cell(s.counters, x[0]), num(4))
	}))
	return s
}

// site is one replica of a test: an engine, and what its runs wrote that the
// other has not heard of.
type site struct {
	*author
	engine *Engine
	held   map[causal.Ref]map[uint32]Change // of both sites, by part
	outbox []Change
}

func newSite(t *testing.T, n byte, s *shop) *site {
	return &site{author: newAuthor(n), engine: s.open(t), held: map[causal.Ref]map[uint32]Change{}}
}

// do runs an event and notes what it wrote as changes. An entry removed names
// one that this site holds.
func (s *site) do(t *testing.T, event string) {
	stamp := s.env().Stamp
	for _, w := range s.raise(s.engine, event).Writes {
		dot := causal.Dot{Replica: s.self, Seq: s.seqs[w.Space]}
		for i, e := range w.Entries {
			id := causal.EntryID{Dot: dot, Offset: uint32(i)}
			s.outbox = append(s.outbox, s.hold(w.Space, Change{e.Database, e.Key, crdt.Item{ID: id, Stamp: stamp, Value: e.Value}, false}))
		}
		for _, id := range w.Removed {
			ref := causal.Ref{Space: causal.SpaceOf("", w.Space), Dot: id.Dot}
			c, ok := s.held[ref][id.Offset]
			if !ok {
				t.Fatalf("%s removes %v in %s, which is not there", event, id, w.Space)
			}
			delete(s.held[ref], id.Offset)
			c.Removed = true
			s.outbox = append(s.outbox, c)
		}
	}
}

func (s *site) hold(space string, c Change) Change {
	ref := causal.Ref{Space: causal.SpaceOf("", space), Dot: c.Item.ID.Dot}
	if s.held[ref] == nil {
		s.held[ref] = map[uint32]Change{}
	}
	s.held[ref][c.Item.ID.Offset] = c
	return c
}

// receive applies what the other site wrote. What is gone already stays gone.
func (s *site) receive(changes []Change) {
	var fresh []Change
	for _, c := range changes {
		db := s.engine.byName[c.Database]
		key, _ := value.DecodePath(c.Key)
		space := db.decl.SpaceName(key)
		ref := causal.Ref{Space: causal.SpaceOf("", space), Dot: c.Item.ID.Dot}
		if !c.Removed {
			s.hold(space, c)
		} else if _, ok := s.held[ref][c.Item.ID.Offset]; !ok {
			continue
		} else {
			delete(s.held[ref], c.Item.ID.Offset)
		}
		fresh = append(fresh, c)
	}
	s.engine.Apply(fresh)
}

// TestOutcomesAreWhatHappened: two replicas run random handlers, some of which
// abort, and hear of each other's outcomes. Both end in the same state, which
// is also that of a third one that only listens; views equal recomputation.
func TestOutcomesAreWhatHappened(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 4))
		s := randomShop(r)
		sites := []*site{newSite(t, 1, s), newSite(t, 2, s)}
		third := newSite(t, 3, s)
		f := follow(t, sites[0].engine)
		for range 15 {
			for _, at := range sites {
				for range r.IntN(4) {
					at.do(t, []string{"do", "fail"}[r.IntN(2)]+strconv.Itoa(r.IntN(8)))
				}
			}
			for i, at := range sites {
				sites[1-i].receive(at.outbox)
				third.receive(at.outbox)
			}
			sites[0].outbox, sites[1].outbox = nil, nil
			one, other, all := snapshot(sites[0].engine), snapshot(sites[1].engine), snapshot(third.engine)
			if !value.Equal(one, other) || !value.Equal(one, all) {
				t.Fatalf("seed %d: one holds\n%v, the other\n%v, a listener\n%v", seed, one, other, all)
			}
			f.drain(t)
			for _, v := range s.Views {
				f.check(t, v)
			}
		}
	}
}
