package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

const estateProgram = `
database :words, set<string>, :replicated => true
database :hits, gcounter, :replicated => true
database :level, counter, :by => :page, :replicated => true
database :title, lww<string>, :replicated => true
on_say do |word: string|
  words.add(word)
  hits.inc(1)
  level["p"].inc(2)
end
on_unsay do |word: string| words.remove(word) end
on_call do |name: string| title.set(name) end
`

// unsealed raises an event whose parts become durable, and nothing else: the
// power goes before they bear a seal.
func (w *world) unsealed(g *guest, event string, args ...value.Value) {
	w.t.Helper()
	g.last++
	g.Raise(w.now, g.last, node.RaiseRequest{Event: event, Args: args})
	out := g.Drain(w.now)
	if err := g.disk.Write(out.Records); err != nil || len(out.Answers) != 1 || !out.Answers[0].Committed {
		w.t.Fatalf("%+v, %v", out.Answers, err)
	}
	g.disk.Sync()
}

// successor opens a copy of a node's disk under another id.
func (w *world) successor(of *guest, key byte) *guest {
	w.t.Helper()
	return w.copied(of.disk.Copy(), of, key)
}

func (w *world) copied(disk *store.Mem, of *guest, key byte) *guest {
	w.t.Helper()
	g := &guest{disk: disk, cfg: of.cfg, answers: map[node.Ticket]node.Answer{}, links: map[*guest]bool{}}
	g.cfg.Key, g.cfg.Disk, g.cfg.Seed = keyOf(key), disk, uint64(key)
	g.cfg.Former = append([]causal.ReplicaID{of.id()}, of.cfg.Former...)
	w.guests = append(w.guests, g)
	w.open(g)
	return g
}

// remove takes a node out of the world.
func (w *world) remove(g *guest) {
	w.cut(g)
	for i, o := range w.guests {
		if o == g {
			w.guests = append(w.guests[:i:i], w.guests[i+1:]...)
			return
		}
	}
}

func (w *world) say(g *guest, word string) {
	w.t.Helper()
	if a := w.raise(g, node.RaiseRequest{Event: "say", Args: []value.Value{value.String(word)}}); !a.Committed {
		w.t.Fatalf("say %s: %s %s", word, a.Abort, a.Detail)
	}
}

// expect requires what every node shows.
func (w *world) expect(hits, level, words int64) {
	w.t.Helper()
	for _, g := range w.guests {
		if got := w.number(g, "hits"); got != hits {
			w.t.Errorf("%s: %d hits, not %d", g.cfg.Name, got, hits)
		}
		if got := w.number(g, "level", value.String("p")); got != level {
			w.t.Errorf("%s: level %d, not %d", g.cfg.Name, got, level)
		}
		if got := len(w.read(g, "words").Reading.Value.Elems()); int64(got) != words {
			w.t.Errorf("%s: %d words, not %d", g.cfg.Name, got, words)
		}
		if o := g.Status().Orphans; o != 0 {
			w.t.Errorf("%s: %d parts wait to be written again", g.cfg.Name, o)
		}
	}
}

// TestReissueOfATail: a restored copy holds parts without a seal, and their
// author is gone. They are written again under the new id, with what was
// counted counted once, and what was removed since left out.
func TestReissueOfATail(t *testing.T) {
	w := newWorld(t, estateProgram, 3)
	w.linkAll()
	b := w.guests[1]
	for _, word := range []string{"one", "two"} {
		w.say(b, word)
	}
	w.run(3 * causal.Second)
	w.expect(2, 4, 2)
	w.unsealed(b, "say", value.String("three"))
	w.unsealed(b, "unsay", value.String("one"))
	w.unsealed(b, "say", value.String("four"))
	w.unsealed(b, "unsay", value.String("four"))
	w.remove(b)
	c := w.successor(b, 50)
	w.say(c, "five") // before it has met anybody
	w.expect2(c, 5, 10, 3)
	w.linkAll()
	w.run(20 * causal.Second)
	w.expect(5, 10, 3)
	for range 2 { // once, over restarts
		w.cut(c)
		w.open(c)
		w.linkAll()
		w.run(5 * causal.Second)
		w.expect(5, 10, 3)
	}
}

// expect2 is expect of one node, which may have orphans.
func (w *world) expect2(g *guest, hits, level, words int64) {
	w.t.Helper()
	if got := w.number(g, "hits"); got != hits {
		w.t.Errorf("%d hits, not %d", got, hits)
	}
	if got := w.number(g, "level", value.String("p")); got != level {
		w.t.Errorf("level %d, not %d", got, level)
	}
	if got := len(w.read(g, "words").Reading.Value.Elems()); int64(got) != words {
		w.t.Errorf("%d words, not %d", got, words)
	}
}

// TestOneHeirForEachPart: two copies hold the same tail, and the original comes
// back with it and more. Each part is written again once.
func TestOneHeirForEachPart(t *testing.T) {
	w := newWorld(t, estateProgram, 3)
	w.linkAll()
	b := w.guests[1]
	w.say(b, "one")
	w.run(3 * causal.Second)
	w.unsealed(b, "say", value.String("two"))
	w.unsealed(b, "say", value.String("three"))
	early := b.disk.Copy()
	w.unsealed(b, "say", value.String("four"))
	w.remove(b)
	c, d := w.copied(early, b, 50), w.copied(early.Copy(), b, 51)
	w.linkAll()
	w.run(20 * causal.Second)
	w.expect(3, 6, 3)
	w.say(c, "by c")
	w.say(d, "by d")

	// The original comes back. It sees that it is retired, and goes on under a
	// new id.
	w.guests = append(w.guests, b)
	w.open(b)
	w.mustLink(b, w.guests[0])
	w.run(5 * causal.Second)
	if !b.renew {
		t.Fatal("the original does not ask for a new id")
	}
	w.remove(b)
	e := w.successor(b, 52)
	w.linkAll()
	w.run(20 * causal.Second)
	w.say(e, "by e")
	w.run(5 * causal.Second)
	w.expect(7, 14, 7)
}

// TestTheOriginalLives: nothing is re-issued, as nothing is void: what the copy
// holds without a seal the original seals itself.
func TestTheOriginalLives(t *testing.T) {
	w := newWorld(t, estateProgram, 3)
	w.linkAll()
	b := w.guests[1]
	w.say(b, "one")
	w.run(3 * causal.Second)
	g := &guest{disk: b.disk, cfg: b.cfg, answers: map[node.Ticket]node.Answer{}, links: map[*guest]bool{}}
	w.unsealed(b, "say", value.String("two"))
	w.remove(b)
	c := w.successor(b, 50)
	w.guests = append(w.guests, g)
	w.open(g) // it seals what a crash left without
	w.linkAll()
	w.run(10 * causal.Second)
	w.say(c, "by c")
	w.say(g, "by b")
	w.run(5 * causal.Second)
	w.expect(4, 8, 4)
	if g.renew || g.Status().Barred != 0 {
		t.Error("the original may not write any more")
	}
}
