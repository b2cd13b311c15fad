package node_test

import (
	"crypto/ed25519"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
	"github.com/martinelli-lang/martinelli/value"
)

// forged is how many parts are forged; the race detector's run takes fewer.
func forged() int {
	if testing.Short() {
		return 10_000
	}
	return 100_000
}

// TestForgeries throws forged, mutated and replayed parts at a node and at the
// home, through the link of an admitted member, with ed25519 as it is: none is
// applied, the honest go on meanwhile, the liar is shunned again and again, and
// nothing piles up. What is true in two lies may make the truth together, and
// is taken as such.
func TestForgeries(t *testing.T) {
	w := newForging(t)
	before := heap()
	kinds := map[string]int{}
	for thrown, round := 0, 0; thrown < forged(); round++ {
		for range 64 {
			lie := w.forger.Next()
			kinds[lie.Kind] += lie.Parts
			thrown += lie.Parts
			w.send(lie.Frame, lie.Parts)
		}
		for w.deliver() {
		}
		w.learn()
		if round%8 == 0 {
			w.raise(w.steward, hit("q"))
			w.raise(w.victim, hit("q"))
		}
	}
	t.Logf("lies, by parts: %v", kinds)
	t.Logf("shunned %d times; the victim counts %+v", w.shuns, w.victim.Status().Counts)
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("%d MB were kept", grown>>20)
	}
	w.judge(t, kinds)
}

// forging is two honest nodes, the first of them the home, and the forger's.
type forging struct {
	*world
	forger                *trusttest.Forger
	steward, victim, liar *guest
	applied               map[causal.Ref]*causal.Part // by either of the honest
	last                  uint64                      // push
	shuns                 int                         // times the liar was refused
}

// known is how many parts of each author the honest have before the lies begin.
const known = 20

func newForging(t *testing.T) *forging {
	f := &forging{world: newWorld(t, shop, 3), applied: map[causal.Ref]*causal.Part{}}
	home := trusttest.SecretOf("home")
	homeKey := causal.Key{Public: [32]byte(home.Public().(ed25519.PublicKey)), Incarnation: 1}
	f.secrets = map[causal.ReplicaID]ed25519.PrivateKey{homeKey.ID(): home}
	f.steward, f.victim, f.liar = f.guests[0], f.guests[1], f.guests[2]
	for _, g := range f.guests {
		secret := trusttest.SecretOf(g.cfg.Name)
		g.cfg.Key = causal.Key{Public: [32]byte(secret.Public().(ed25519.PublicKey)), Incarnation: 1}
		f.secrets[g.id()] = secret
		g.cfg.HomeKey, g.cfg.Steward = homeKey, f.steward.id()
		if g != f.liar {
			g.cfg.Observe = f.observe
		}
		f.open(g)
	}
	f.mustLink(f.steward, f.victim)
	for range 20 {
		f.raise(f.steward, hit("p"))
		f.raise(f.victim, hit("p"))
	}
	f.raise(f.steward, deliver("sku")) // under the home's id
	f.learnFrom(homeKey)
	return f
}

func (f *forging) observe(group []*causal.Part, _ []causal.Ref) {
	for _, p := range group {
		f.applied[p.Ref()] = p
	}
}

// learnFrom makes the forger: the authors he lies about have written a while,
// one of them into two spaces.
func (f *forging) learnFrom(homeKey causal.Key) {
	const parts = 2000
	var space causal.SpaceID
	for ref := range f.applied {
		if ref.Replica == f.victim.id() {
			space = ref.Space
		}
	}
	f.forger = &trusttest.Forger{
		Rnd: rand.New(rand.NewPCG(1, 1)), Known: map[causal.Chain]uint64{},
		Authors: []*trusttest.Author{
			trusttest.NewAuthor("erin", space, parts), trusttest.NewAuthor("finn", space, parts),
			trusttest.NewAuthor("erin", causal.SpaceOf("test", "else"), parts),
		},
		Others: []causal.Key{f.steward.cfg.Key, f.victim.cfg.Key, homeKey},
		Spaces: []causal.SpaceID{causal.SpaceOf("test", "nowhere"), causal.SpaceOf("test", plan.HomeSpace)},
		Secret: trusttest.NewAuthor("mallory", space, 0),
	}
	for _, a := range f.forger.Authors {
		f.forger.Known[a.Chain] = known
		for _, to := range []*guest{f.steward, f.victim} {
			f.push(to, replica.AppendFrame(nil, []causal.Parcel{a.Parcel(1, known)}), known)
		}
	}
	f.run(causal.Second)
	clear(f.applied)
}

// send throws a frame at one of the honest nodes.
func (f *forging) send(frame []byte, parts int) {
	f.push([]*guest{f.steward, f.victim}[f.forger.Rnd.IntN(2)], frame, parts)
}

// push dials if need be. Whoever is shunned waits for a minute.
func (f *forging) push(to *guest, frame []byte, parts int) {
	for !to.links[f.liar] {
		if _, err := to.LinkUp(f.now, f.liar.Hello(), ""); err != nil {
			if !strings.Contains(err.Error(), "bad seals") {
				f.t.Fatal(err)
			}
			f.shuns++
			f.run(61 * causal.Second)
			continue
		}
		if _, err := f.liar.LinkUp(f.now, to.Hello(), "x"); err != nil {
			f.t.Fatal(err)
		}
		to.links[f.liar], f.liar.links[to] = true, true
	}
	f.last++
	body := broadcast.Push{No: f.last, Batch: broadcast.Batch{Parts: min(parts, len(frame)), Body: frame}}.AppendTo(nil)
	refused := to.Status().Counts.Refused
	if err := to.Receive(f.now, f.liar.id(), node.KindBroadcast, body); err != nil {
		f.t.Fatal(err)
	}
	if to.Status().Counts.Refused > refused { // the link is down until somebody dials
		f.deliver()
	}
}

// learn tells the forger which parts got through because two lies made a truth.
func (f *forging) learn() {
	for _, a := range f.forger.Authors {
		for f.applied[a.At(f.forger.Known[a.Chain]+1)] != nil {
			f.forger.Known[a.Chain]++
		}
	}
}

// judge requires that no lie was believed, and that nobody else has paid for any.
func (f *forging) judge(t *testing.T, kinds map[string]int) {
	t.Helper()
	const waysToLie = 34
	if len(kinds) < waysToLie {
		t.Errorf("%d ways to lie of %d were tried: %v", len(kinds), waysToLie, kinds)
	}
	for ref, p := range f.applied {
		if ref.Replica != f.steward.id() && ref.Replica != f.victim.id() && !f.forger.IsTrue(p) {
			t.Errorf("a forged part was applied: %+v", p)
		}
	}
	if f.shuns < forged()/50_000 {
		t.Errorf("the liar was shunned %d times", f.shuns)
	}
	if !f.steward.links[f.victim] {
		t.Error("the honest have hung up on each other")
	}
	f.raise(f.steward, hit("last"))
	f.raise(f.victim, hit("last"))
	f.run(5 * causal.Second)
	for _, g := range []*guest{f.steward, f.victim} {
		if got := f.number(g, "hits", value.String("last")); got != 2 {
			t.Errorf("the honest have %d of 2", got)
		}
	}
	for _, a := range f.forger.Authors { // and the truth is still taken, even of the liar
		first := f.forger.Known[a.Chain]
		p := a.Parcel(first, first+400)
		f.push(f.victim, replica.AppendFrame(nil, []causal.Parcel{p}), len(p.Parts))
		f.run(causal.Second)
		if f.applied[a.At(first+400)] == nil {
			t.Errorf("what %s wrote is kept out", a.Replica.Short())
		}
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
