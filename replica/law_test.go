package replica_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/value"
)

// The people of these tests: the steward, a device of ann, who owns the space,
// two of bob's, and somebody nobody knows.
const (
	steward = iota
	anns
	bobs
	bobsToo
	stranger
	people
)

// lawful is the configuration of everybody in these tests.
func lawful() replica.Config {
	return replica.Config{
		IsSteward: func(id causal.ReplicaID) bool { return id == author(steward) },
		Owns:      func(user string, id causal.SpaceID) bool { return user == "ann" && id == space(0) },
		Escrow:    func(database string) (int64, bool) { return 5, database == "stock" },
	}
}

// court is a history in which some govern and others write.
type court struct {
	rnd     *rand.Rand
	sites   [people]*replica.Replica
	parts   []*causal.Part
	grants  []causal.Ref
	voucher replicatest.Voucher
	stamp   causal.Stamp
}

func newCourt(rnd *rand.Rand) *court {
	c := &court{rnd: rnd}
	for i := range c.sites {
		c.sites[i] = replica.New(lawful())
	}
	return c
}

// vouched vouches for parts; the proofs among them hold.
func (c *court) vouched(parts ...*causal.Part) []causal.Vouched {
	list := c.voucher.Vouch(parts...)
	for i, p := range parts {
		for _, e := range p.Entries {
			if rec, err := causal.RecordOf(&e); err == nil {
				if _, isProof := rec.(*causal.Proof); isProof {
					list[i].Proven = []uint64{p.Seq}
				}
			}
		}
	}
	return list
}

func (c *court) play(steps int) {
	for range steps {
		i := c.rnd.IntN(people)
		if c.rnd.IntN(3) == 0 {
			c.meet(i)
			continue
		}
		w := replica.Write{Space: space(0)}
		switch {
		case i == steward && c.rnd.IntN(2) == 0:
			w.Entries = []causal.Entry{causal.EntryOf(c.decree())}
		case i == anns && c.rnd.IntN(3) == 0:
			w.Entries = []causal.Entry{causal.EntryOf(c.annsDecree())}
		default:
			c.write(i, &w)
		}
		c.commit(i, w)
	}
}

// meet lets one learn some of what there is.
func (c *court) meet(i int) {
	var news []*causal.Part
	for _, p := range c.parts {
		if c.sites[i].Head(p.Space, p.Replica).Seq < p.Seq && p.Replica != author(i) {
			news = append(news, p)
		}
	}
	c.sites[i].Receive(0, c.vouched(news[:c.rnd.IntN(len(news)+1)]...))
	c.sites[i].Drain()
}

func (c *court) commit(i int, w replica.Write) {
	c.stamp++
	g := c.sites[i].Commit(replica.Draft{Author: author(i), Stamp: c.stamp, Writes: []replica.Write{w}})
	c.sites[i].Drain()
	c.voucher.Learn(g.Parts, g.Hashes)
	c.parts = append(c.parts, g.Parts...)
	for _, e := range g.Parts[0].Entries {
		if rec, err := causal.RecordOf(&e); err == nil {
			if _, isGrant := rec.(*causal.Grant); isGrant {
				c.grants = append(c.grants, g.Parts[0].Ref())
			}
		}
	}
}

func (c *court) someone() causal.ReplicaID { return author(c.rnd.IntN(people)) }

func (c *court) decree() causal.Record {
	who := c.someone()
	seq := c.sites[steward].Head(space(0), who).Seq
	switch c.rnd.IntN(12) {
	case 8, 9:
		return c.standing()
	case 10:
		return &causal.Registration{Replica: author(stranger), Role: []string{"", "server"}[c.rnd.IntN(2)]}
	case 0:
		return &causal.Cut{Replica: author(1 + c.rnd.IntN(people-1)), After: seq + uint64(c.rnd.IntN(2))}
	case 1:
		return &causal.Retire{Replica: author(bobsToo), Head: causal.Head{Seq: seq}}
	case 2:
		return &causal.Proof{Key: replicatest.KeyOf(stranger), Before: causal.Head{Seq: uint64(c.rnd.IntN(6))}}
	case 3, 4:
		return &causal.Final{Marker: uint64(c.rnd.IntN(int(c.sites[steward].Head(space(0), author(steward)).Seq) + 1))}
	case 5:
		return c.cutGrant()
	case 6:
		return &causal.Registration{Replica: author(anns), User: "ann"}
	}
	return &causal.Registration{Replica: author(bobs + c.rnd.IntN(2)), User: "bob"}
}

// standing is what everybody may write from now on.
func (c *court) standing() *causal.Standing {
	s := &causal.Standing{Trusted: []string{"server"}, Before: causal.Vector{}}
	d := causal.Rule{Database: "d", Key: c.rnd.IntN(3) - 1, Everyone: c.rnd.IntN(4) == 0, Appends: c.rnd.IntN(4) == 0}
	s.Rules = append(s.Rules, d)
	for i := range people {
		if head := c.sites[steward].Head(space(0), author(i)); c.rnd.IntN(2) == 0 && head.Seq > 0 {
			s.Before[author(i)] = head.Seq
		}
	}
	return s
}

func (c *court) annsDecree() causal.Record {
	switch c.rnd.IntN(3) {
	case 0:
		return c.cutGrant()
	case 1:
		return &causal.Grant{To: author(stranger), Scopes: []causal.Scope{{Database: "d", Prefix: "a"}}}
	}
	return &causal.Grant{User: "bob", Scopes: []causal.Scope{{Database: "d", Prefix: "b"}, {Database: "d", Prefix: "a1"}}}
}

func (c *court) cutGrant() causal.Record {
	if len(c.grants) == 0 {
		return &causal.Registration{Replica: author(anns), User: "ann"}
	}
	cut := &causal.Cut{Grant: c.grants[c.rnd.IntN(len(c.grants))]}
	if c.rnd.IntN(2) == 0 {
		cut.Replica, cut.After = c.someone(), uint64(c.rnd.IntN(8))
	}
	return cut
}

// write adds, removes what is there, and now and then names a grant.
func (c *court) write(i int, w *replica.Write) {
	key := []string{"a1", "a2", "b1", value.Encode(value.String("ann")), value.Encode(value.String("bob"))}[c.rnd.IntN(5)]
	w.Entries = []causal.Entry{{Database: "d", Key: key, Value: fmt.Sprint(c.stamp)}}
	if c.rnd.IntN(3) == 0 {
		w.Entries = append(w.Entries, c.move())
	}
	for _, e := range c.sites[i].Entries() {
		if e.Database == "d" && c.rnd.IntN(4) == 0 {
			w.Removed = append(w.Removed, e.ID)
		}
	}
	slices.SortFunc(w.Removed, causal.EntryID.Compare)
	for _, ref := range c.grants {
		if c.rnd.IntN(3) == 0 && len(w.Grants) == 0 && c.sites[i].Head(ref.Space, ref.Replica).Seq >= ref.Seq {
			w.Grants = []causal.Ref{ref}
		}
	}
}

// move does something in a bounded counter, as honest and dishonest people do.
func (c *court) move() causal.Entry {
	label := value.Bool(c.rnd.IntN(4) == 0)
	switch c.rnd.IntN(8) {
	case 0, 1, 2, 3:
		label = value.String(c.someone().String())
	case 4:
		label = value.Nil // opens
	case 5:
		label = value.List(value.String(c.someone().String())) // takes back
	}
	v := value.Encode(value.Tuple(label, value.Int(1+c.rnd.Int64N(9))))
	return causal.Entry{Database: "stock", Key: "tea", Value: v}
}

// verdict is what somebody has made of a history: what is live, and what void.
type verdict struct {
	live []string
	void map[causal.Ref]replica.Reason
	view map[causal.EntryID]bool // what the changes told add up to
}

// hear delivers the parts in an order and notes all that is told.
func (c *court) hear(t *testing.T, parts []*causal.Part) verdict {
	t.Helper()
	r := replica.New(lawful())
	v := verdict{void: map[causal.Ref]replica.Reason{}, view: map[causal.EntryID]bool{}}
	for _, p := range parts {
		r.Receive(0, c.vouched(p))
		v.note(t, r.Drain())
	}
	if n := r.Status().Pending; n > 0 {
		t.Fatalf("%d parts still wait: %v\n%s", n, replica.CheckPending(r), replica.DumpPending(r))
	}
	v.live = text(r)
	if got := slices.Sorted(maps.Keys(asText(v.view))); len(got) != len(v.live) {
		t.Fatalf("the changes told add up to %d entries, %d are live", len(got), len(v.live))
	}
	return v
}

func asText(view map[causal.EntryID]bool) map[string]bool {
	texts := map[string]bool{}
	for id := range view {
		texts[fmt.Sprint(id)] = true
	}
	return texts
}

func (v *verdict) note(t *testing.T, o replica.Output) {
	t.Helper()
	for _, g := range o.Groups {
		for _, ch := range g.Changes {
			if v.view[ch.Item.ID] != ch.Removed {
				t.Fatalf("%v is told to come or go twice", ch.Item.ID)
			}
			if ch.Removed {
				delete(v.view, ch.Item.ID)
			} else {
				v.view[ch.Item.ID] = true
			}
		}
	}
	for _, void := range o.Voids {
		if v.void[void.Ref] = void.Reason; void.Reason == replica.Valid {
			delete(v.void, void.Ref)
		}
	}
}

// text writes down what is live.
func text(r *replica.Replica) (lines []string) {
	for id, e := range r.Entries() {
		lines = append(lines, fmt.Sprint(id.String()[:4], e.ID, e.Database, e.Key, e.Value))
	}
	slices.Sort(lines)
	return lines
}

// TestVerdictsKnowNoOrder is history 1 of the model: what is void, and so what
// is live, depends on the parts and records of the space alone, not on the
// order in which they come.
func TestVerdictsKnowNoOrder(t *testing.T) {
	voids, restored := 0, 0
	for seed := range seeds(150) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		c := newCourt(rnd)
		c.play(80)
		first := c.hear(t, c.parts)
		voids += len(first.void)
		for range 4 {
			parts := slices.Clone(c.parts)
			rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			again := c.hear(t, parts)
			if !slices.Equal(again.live, first.live) {
				t.Fatalf("seed %d: live in one order:\n%s\nin another:\n%s", seed, strings.Join(first.live, "\n"), strings.Join(again.live, "\n"))
			}
			if !maps.Equal(again.void, first.void) {
				t.Fatalf("seed %d: void in one order %v, in another %v", seed, first.void, again.void)
			}
		}
		restored += len(first.live)
	}
	if voids < 500 || restored == 0 {
		t.Errorf("%d parts were void: the histories do not try enough", voids)
	}
}

// memory is a Log of everything that was ever vouched for.
type memory struct{ c *court }

func (m memory) Part(ref causal.Ref) (*causal.Part, error) {
	for _, p := range m.c.parts {
		if p.Ref() == ref {
			return p, nil
		}
	}
	return nil, nil
}

func (m memory) Hash(ref causal.Ref) (causal.Hash, bool, error) {
	p, _ := m.Part(ref)
	if p == nil {
		return causal.Hash{}, false, nil
	}
	return m.c.voucher.Vouch(p)[0].Hashes[0], true, nil
}

func (memory) Base(causal.SpaceID, func(crdt.Live)) error { return nil }

// TestLawSurvivesARestart: what was flushed and what is replayed above it make
// the same law, wherever the flush fell.
func TestLawSurvivesARestart(t *testing.T) {
	for seed := range seeds(60) {
		rnd := rand.New(rand.NewPCG(seed, 12))
		c := newCourt(rnd)
		c.play(80)
		want := c.hear(t, c.parts)
		cfg := lawful()
		cfg.Log = memory{c}
		before, after := replica.New(cfg), replica.New(cfg)
		flushAt := rnd.IntN(len(c.parts))
		flushed := map[causal.EntryID]crdt.Live{}
		var heads []replica.Flush
		for i, p := range c.parts {
			before.Receive(0, c.vouched(p))
			if i > flushAt {
				continue
			}
			for _, f := range before.Flush() {
				for _, e := range f.Added {
					flushed[e.ID] = e
				}
				for _, id := range f.Removed {
					delete(flushed, id)
				}
				heads = append(heads, replica.Flush{Space: f.Space, Chains: f.Chains})
			}
		}
		for _, f := range heads {
			after.Load(f)
		}
		for _, e := range flushed {
			after.Load(replica.Flush{Space: space(0), Added: []crdt.Live{e}})
		}
		for _, p := range c.parts {
			if len(c.vouched(p)[0].Proven) > 0 {
				after.LoadProven(p.Ref())
			}
		}
		for _, p := range c.parts {
			after.Replay(p)
		}
		if err := after.Loaded(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if got := text(after); !slices.Equal(got, want.live) {
			t.Fatalf("seed %d: live after a restart:\n%s\nbefore:\n%s", seed, strings.Join(got, "\n"), strings.Join(want.live, "\n"))
		}
		if got := after.Status().Void; got != len(want.void) {
			t.Fatalf("seed %d: %d parts are void after a restart, %d before", seed, got, len(want.void))
		}
	}
}

// TestFinalStays: a cut takes nothing back that was final before it.
func TestFinalStays(t *testing.T) {
	c := newCourt(rand.New(rand.NewPCG(1, 1)))
	c.commit(bobs, adding(0, "one"))
	c.meetAll()
	c.commit(steward, adding(0, "marker"))
	c.govern(&causal.Final{Marker: 1})
	c.govern(&causal.Cut{Replica: author(bobs)})
	c.meetAll()
	c.commit(bobs, adding(0, "two"))
	v := c.hear(t, c.parts)
	if got := strings.Join(v.live, " "); !strings.Contains(got, "one") || strings.Contains(got, "two") {
		t.Errorf("live: %s", got)
	}
	if want := map[causal.Ref]replica.Reason{at(0, bobs, 2): replica.VoidCut}; !maps.Equal(v.void, want) {
		t.Errorf("void: %v", v.void)
	}
}

func (c *court) govern(rec causal.Record) {
	c.commit(steward, replica.Write{Space: space(0), Entries: []causal.Entry{causal.EntryOf(rec)}})
}

func (c *court) meetAll() {
	for i, s := range c.sites {
		for _, p := range c.parts {
			if p.Replica != author(i) {
				s.Receive(0, c.vouched(p))
			}
		}
		s.Drain()
	}
}

// TestHistory15LiarTransfersRightsItLacks: what a liar hands on without holding
// it is void, and so is what others spend of it, at every node; what is covered
// later has its effect then. Where no verdict asks who holds what, more is
// spent than there ever was.
func TestHistory15LiarTransfersRightsItLacks(t *testing.T) {
	stock := func(by int, label value.Value, total int64) replica.Write {
		v := value.Encode(value.Tuple(label, value.Int(total)))
		return replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "stock", Key: "tea", Value: v}}}
	}
	to := func(i int) value.Value { return value.String(author(i).String()) }
	c := newCourt(rand.New(rand.NewPCG(1, 1)))
	c.commit(anns, stock(anns, value.Bool(true), 5))
	c.meetAll()
	c.commit(anns, stock(anns, to(bobs), 3))            // ann makes 5 and hands on 3
	c.commit(stranger, stock(stranger, to(bobsToo), 4)) // who holds nothing
	c.meetAll()
	c.commit(bobs, stock(bobs, value.Bool(false), 2))
	c.commit(bobsToo, stock(bobsToo, value.Bool(false), 4)) // believes the stranger
	want := map[causal.Ref]replica.Reason{at(0, stranger, 1): replica.VoidEscrow, at(0, bobsToo, 1): replica.VoidEscrow}
	permuted(t, c, want, 3)
	if got := c.stock(replica.Config{}, c.parts); got >= 0 {
		t.Errorf("without verdicts the stock is %d, and is not overdrawn", got)
	}
	c.meetAll()
	c.commit(anns, stock(anns, to(stranger), 2)) // covers a half
	permuted(t, c, want, 3)
	c.commit(bobs, stock(bobs, to(stranger), 1))
	permuted(t, c, want, 3)
	c.commit(steward, stock(steward, value.Bool(true), 1))
	c.commit(steward, stock(steward, to(stranger), 1))
	permuted(t, c, nil, 0)
}

// TestWhoOpensAndWhoTakes: what there is at first is the steward's alone, once;
// and it takes back the rights of who is retired alone.
func TestWhoOpensAndWhoTakes(t *testing.T) {
	stock := func(label value.Value, total int64) replica.Write {
		v := value.Encode(value.Tuple(label, value.Int(total)))
		return replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "stock", Key: "tea", Value: v}}}
	}
	from := func(i int) value.Value { return value.List(value.String(author(i).String())) }
	c := newCourt(rand.New(rand.NewPCG(2, 2)))
	c.commit(anns, stock(value.Nil, 5))    // who is no steward opens
	c.commit(steward, stock(value.Nil, 5)) // 1: as it should be
	want := map[causal.Ref]replica.Reason{at(0, anns, 1): replica.VoidEscrow}
	permuted(t, c, want, 0)
	c.commit(bobs, stock(value.Bool(true), 4))
	c.meetAll()
	c.commit(bobsToo, stock(from(bobs), 2)) // who is no steward takes
	want[at(0, bobsToo, 1)] = replica.VoidEscrow
	permuted(t, c, want, 0)
	c.commit(steward, stock(from(bobs), 4)) // 2: from one who may still spend
	want[at(0, steward, 2)] = replica.VoidEscrow
	permuted(t, c, want, 0)
	c.meetAll()
	retire := causal.EntryOf(&causal.Retire{Replica: author(bobs), Head: causal.Head{Seq: 1}})
	c.commit(steward, replica.Write{Space: space(0), Entries: []causal.Entry{retire}})
	delete(want, at(0, steward, 2)) // it stands, now that he is retired
	permuted(t, c, want, 0)
	c.commit(steward, stock(value.Bool(false), 9)) // all that there is
	permuted(t, c, want, 0)
	c.commit(steward, stock(value.Bool(false), 10))
	want[at(0, steward, 5)] = replica.VoidEscrow
	permuted(t, c, want, 0)
}

// permuted delivers the parts in random orders and compares verdict and stock.
func permuted(t *testing.T, c *court, want map[causal.Ref]replica.Reason, stock int64) {
	t.Helper()
	for range 50 {
		parts := slices.Clone(c.parts)
		c.rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		v := c.hear(t, parts)
		if !maps.Equal(v.void, want) {
			t.Fatalf("void: %v, want %v", v.void, want)
		}
		if got := c.stock(lawful(), parts); stock > 0 && got != stock {
			t.Fatalf("stock is %d, want %d", got, stock)
		}
	}
}

// stock is what is left at a replica that has received the parts.
func (c *court) stock(cfg replica.Config, parts []*causal.Part) int64 {
	r := replica.New(cfg)
	r.Receive(0, c.vouched(parts...))
	cell, _ := crdt.Type{Lattice: "bcounter"}.New()
	for _, e := range r.Entries() {
		cell.Insert(e.Item(), nil)
	}
	return cell.Value().AsInt()
}

// seeds is how many histories are tried: a hundred times as many in the soak.
func seeds(n uint64) uint64 {
	if os.Getenv("MARTINELLI_SOAK") != "" {
		return 100 * n
	}
	return n
}
