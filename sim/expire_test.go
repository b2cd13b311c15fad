package sim

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

const presence = `
database :here, lww<string>, :by => :who, :replicated => true, :expires => "10s"
database :tags, set<string>, :by => :who, :replicated => true, :expires => "10s"
database :hits, gcounter,    :by => :who, :replicated => true, :expires => "10s"
database :desk, set<string>, :by => :who, :expires => "10s"
database :kept, set<string>, :by => :who, :replicated => true
database :cart, { items: set<string>, open: once }, :by => :who, :replicated => true, :expires => "10s"
on_put do |who: id| cart[who].items.add("milk") end
on_open do |who: id| cart[who].open.on() end
allow :write, cart do |me| true end
on_beat do |who: id|
  here[who].set("here")
  tags[who].add("tag")
  hits[who].inc(1)
  kept[who].add("kept")
end
on_sit do |who: id| desk[who].add("chair") end
allow :write, here do |me| true end
allow :write, tags do |me| true end
allow :write, hits do |me| true end
allow :write, kept do |me| true end
`

// aged is a world in which two servers and two clients know of each other.
func aged(t *testing.T, seed uint64) *World {
	t.Helper()
	w, err := NewWorld(Config{Program: compile(t, "presence.mrt", presence), Roles: []Role{{"server", 2}, {"client", 2}}, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(2 * causal.Second)
	return w
}

// keysAt counts the keys of a database at each machine.
func keysAt(t *testing.T, w *World, name string) (counts []int) {
	t.Helper()
	for _, m := range w.machines {
		if i, _ := m.program.Database(name); m.program.Databases[i].Placement == plan.Home && !m.IsHome() {
			continue
		}
		r, ok := m.Read(name)
		if !ok {
			t.Fatalf("%s does not show %s", m.name, name)
		}
		counts = append(counts, len(r.Pairs))
	}
	return counts
}

func expect(t *testing.T, w *World, name string, want int) {
	t.Helper()
	for i, n := range keysAt(t, w, name) {
		if n != want {
			t.Errorf("seed %d, %s: machine %d shows %d keys of %s, want %d", w.cfg.Seed, span(w.Now()), i, n, name, want)
		}
	}
}

// TestARecordExpires: what is written into one field keeps the others, and they
// go at once.
func TestARecordExpires(t *testing.T) {
	for seed := range uint64(5) {
		w := aged(t, seed)
		raise(t, w.machines[2], "put", value.String("ann"))
		w.Advance(6 * causal.Second)
		raise(t, w.machines[3], "open", value.String("ann"))
		w.Advance(6 * causal.Second)
		expect(t, w, "cart.items", 1)
		expect(t, w, "cart.open", 1)
		w.Advance(6 * causal.Second)
		expect(t, w, "cart.items", 0)
		expect(t, w, "cart.open", 0)
	}
}

// TestExpire: a key of each lattice stays for its life, and a little later is
// gone at all replicas, with at most a removal of each server; what does not
// expire stays.
func TestExpire(t *testing.T) {
	for seed := range uint64(10) {
		w := aged(t, seed)
		raise(t, w.machines[2], "beat", value.String("ann"))
		raise(t, w.machines[1], "sit", value.String("ann"))
		w.Advance(9 * causal.Second)
		for _, name := range []string{"here", "tags", "hits", "desk", "kept"} {
			expect(t, w, name, 1)
		}
		parts := w.stats.Parts
		w.Advance(3 * causal.Second)
		for _, name := range []string{"here", "tags", "hits", "desk"} {
			expect(t, w, name, 0)
		}
		expect(t, w, "kept", 1)
		if made := w.stats.Parts - parts; made > 8 {
			t.Errorf("seed %d: %d parts were made to empty four keys", seed, made)
		}
		w.Settle(quiet, settleLimit)
		w.judge()
		if err := w.verdict(); err != nil {
			t.Error(err)
		}
	}
}

// TestExpireRenewed: what is written again stays, a write beside the removal
// too, and a counter that expired begins anew with it.
func TestExpireRenewed(t *testing.T) {
	for seed := range uint64(10) {
		w := aged(t, seed)
		ann := w.machines[2]
		raise(t, ann, "beat", value.String("ann"))
		w.Advance(6 * causal.Second)
		raise(t, ann, "beat", value.String("ann"))
		w.Advance(6 * causal.Second)
		expect(t, w, "here", 1)
		if got := shows(t, w.machines[0], "hits", value.String("ann")); got != "2" {
			t.Errorf("seed %d: %s hits", seed, got)
		}
		cut := w.Apart([]*Machine{ann})
		w.Advance(3 * causal.Second)
		raise(t, ann, "beat", value.String("ann"))
		w.Advance(3 * causal.Second)
		w.Heal(cut)
		w.Advance(4 * causal.Second)
		expect(t, w, "here", 1)
		if got := shows(t, w.machines[0], "hits", value.String("ann")); got != "1" && got != "3" {
			t.Errorf("seed %d: %s hits beside the removal", seed, got)
		}
		w.Advance(15 * causal.Second)
		expect(t, w, "here", 0)
	}
}

// TestExpireByWrongClocks: an author whose clock is a century ahead, or a
// minute behind, keeps nothing for longer than a life and that minute.
func TestExpireByWrongClocks(t *testing.T) {
	for _, ahead := range []causal.Instant{fault.Century, -5 * causal.Second, 5 * causal.Second} {
		w := aged(t, 1)
		ann := w.machines[2]
		ann.ahead = ahead
		raise(t, ann, "beat", value.String("ann"))
		w.Advance(3 * causal.Second)
		expect(t, w, "here", 1)
		raise(t, ann, "beat", value.String("ann"))
		w.Advance(20 * causal.Second)
		expect(t, w, "here", 0)
	}
}

// TestExpireAfterRestarts: a server that was down looks after what it finds,
// and without servers nothing expires.
func TestExpireAfterRestarts(t *testing.T) {
	w := aged(t, 1)
	raise(t, w.machines[2], "beat", value.String("ann"))
	w.Advance(causal.Second)
	for _, m := range w.machines[:2] {
		m.Crash(fault.KeepNone)
	}
	w.Advance(20 * causal.Second)
	for _, m := range w.machines[2:] {
		if r, ok := m.Read("here"); !ok || len(r.Pairs) != 1 {
			t.Error("without a server a key is emptied")
		}
	}
	if err := w.machines[1].Start(); err != nil {
		t.Fatal(err)
	}
	w.Advance(5 * causal.Second)
	if err := w.machines[0].Start(); err != nil {
		t.Fatal(err)
	}
	w.Advance(5 * causal.Second)
	expect(t, w, "here", 0)
	expect(t, w, "kept", 1)
}
