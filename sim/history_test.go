package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// These are the histories of the data model that broke simpler rules, as far
// as they concern the whole node. Each is played on real nodes.

// servers returns a started world of n servers that run p and have met.
func servers(t *testing.T, p *plan.Program, n int) *World {
	t.Helper()
	return mistaken(t, p, n, node.Planted{})
}

// mistaken is servers with mistakes planted in each.
func mistaken(t *testing.T, p *plan.Program, n int, planted node.Planted) *World {
	t.Helper()
	w, err := NewWorld(Config{Program: p, Roles: []Role{{"server", n}}, Planted: planted})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	return w
}

// raise raises an event at a machine and requires that it commits, unless the
// machine crashes before it answers.
func raise(t *testing.T, m *Machine, event string, args ...value.Value) {
	t.Helper()
	m.Raise(node.RaiseRequest{Event: event, Args: args}, func(a node.Answer) {
		if !a.Committed {
			t.Errorf("%s at %s aborts :%s %s", event, m.Name(), a.Abort, a.Detail)
		}
	})
}

// rest lets the world settle and requires that every promise was kept.
func rest(t *testing.T, w *World) {
	t.Helper()
	if !w.Settle(quiet, 60*causal.Second) {
		t.Error("the world does not come to rest")
	}
	w.judge()
	for _, f := range w.Findings() {
		t.Error(f)
	}
}

// shows returns what a machine shows of a database or view.
func shows(t *testing.T, m *Machine, name string, key ...value.Value) string {
	t.Helper()
	r, ok := m.Read(name, key...)
	if !ok {
		t.Fatalf("%s does not show %s", m.Name(), name)
	}
	return text(r)
}

const words = `
database :words, set<string>, :replicated => true
on_say do |word: string| words.add(word) end
on_unsay do |word: string| words.remove(word) end
`

// TestHistory7CrashBeforeFlush: an author crashes after it has minted a part
// and before its disk has it. Nobody may have heard of the part, as the author
// mints the same dot again for something else.
func TestHistory7CrashBeforeFlush(t *testing.T) {
	w := servers(t, compile(t, "words.mrt", words), 3)
	author := w.machines[1]
	raise(t, author, "say", value.String("kept"))
	w.Advance(causal.Second)
	author.Doom(fault.KeepNone)
	raise(t, author, "say", value.String("lost"))
	w.Advance(causal.Second)
	if author.Up() || w.stats.WritesLost == 0 {
		t.Fatal("the author did not crash with something to lose")
	}
	w.Advance(causal.Second)
	for _, m := range []*Machine{w.machines[0], w.machines[2]} {
		if got := shows(t, m, "words"); got != `["kept"]` {
			t.Errorf("%s shows %s of an author that lost it", m.Name(), got)
		}
	}
	if err := author.Start(); err != nil {
		t.Fatal(err)
	}
	raise(t, author, "say", value.String("other"))
	rest(t, w)
	for _, m := range w.machines {
		if got := shows(t, m, "words"); got != `["kept","other"]` {
			t.Errorf("%s shows %s", m.Name(), got)
		}
	}
}

// TestHistory9WrongClock: one clock is a hundred years ahead. Honest clocks do
// not move, and nothing waits for it: every word is everywhere as fast as if
// all clocks were right. If its words were held aside until their time, it
// would be different.
func TestHistory9WrongClock(t *testing.T) {
	w, delay := wrongClock(t, node.Planted{})
	if delay != "" {
		t.Fatal(delay)
	}
	wrong := w.machines[1]
	for _, f := range w.audit.Truth().Facts("words") {
		for _, it := range f.Live {
			ahead := it.Stamp.Milli() - int64(w.now/causal.Millisecond)
			if honest := it.ID.Replica != wrong.id; honest && ahead > 0 {
				t.Fatalf("an honest stamp is %d ms ahead", ahead)
			} else if !honest && ahead < int64(fault.Century/causal.Millisecond)/2 {
				t.Fatalf("the wrong clock's stamp is only %d ms ahead", ahead)
			}
		}
	}
	rest(t, w)
	if _, delay := wrongClock(t, node.Planted{Replica: replica.Planted{HoldsAside: true}}); delay == "" {
		t.Error("words held aside are shown at once")
	}
}

// wrongClock lets three servers speak, of which one is ahead, and says where
// something waits.
func wrongClock(t *testing.T, planted node.Planted) (w *World, delay string) {
	t.Helper()
	w = mistaken(t, compile(t, "words.mrt", words), 3, planted)
	wrong := w.machines[1]
	wrong.Crash(fault.KeepAll)
	wrong.ahead = fault.Century
	if err := wrong.Start(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	want := 0
	for round := range 20 {
		for _, m := range w.machines {
			raise(t, m, "say", value.String(strings.Repeat("x", round+1)+m.Name()))
			want++
		}
		w.Advance(200 * causal.Millisecond)
		for _, m := range w.machines {
			r, _ := m.Read("words")
			if got := len(r.Value.Elems()); got != want {
				return w, fmt.Sprintf("200 ms later %s shows %d of %d words", m.Name(), got, want)
			}
		}
	}
	return w, ""
}

// TestHistory12CrossedCommits: two nodes write the same two spaces at the same
// moments, over links that overtake. Both commits apply, everywhere.
func TestHistory12CrossedCommits(t *testing.T) {
	p := compile(t, "crossed.mrt", `
database :left,  gset<string>, :by => :room, :replicated => :room
database :right, gset<string>, :by => :hall, :replicated => :hall
on_up do |word: string|
  left["r"].add(word)
  right["h"].add(word)
end
on_down do |word: string|
  right["h"].add(word)
  left["r"].add(word)
end`)
	w := servers(t, p, 3)
	w.net.rates = fault.Spec{Reorder: 500_000, Duplicate: 300_000}
	for round := range 50 {
		word := value.String(strings.Repeat("x", round+1))
		raise(t, w.machines[1], "up", word)
		raise(t, w.machines[2], "down", word)
		w.Advance(3 * causal.Millisecond)
	}
	w.net.rates = fault.Spec{}
	rest(t, w)
	for _, m := range w.machines {
		if n := w.audit.Parts(m.index); n != 200 {
			t.Errorf("%s has applied %d of 200 parts", m.Name(), n)
		}
	}
}

// TestHistory13OldProgram: a node whose program lacks a database relays its
// parts unread, and has not counted them as seen in vain: when it runs the new
// program it shows them. A node that counts what it can't read loses it.
func TestHistory13OldProgram(t *testing.T) {
	w, got := oldProgram(t, node.Planted{})
	for i, want := range []string{`["b","c"]`, `["b","c"]`, `["b","c"]`, `["a","b","c"]`} {
		if got[i] != want {
			t.Errorf("reading %d of the first, the last and the upgraded node is %s, want %s", i+1, got[i], want)
		}
	}
	rest(t, w)
	if _, got := oldProgram(t, node.Planted{CountsUnread: true}); got[2] == `["b","c"]` {
		t.Error("what an old node could not read and counted is there")
	}
}

const before = `
database :old, set<string>, :replicated => true
on_say do |word: string| old.add(word) end`

const after = before + `
database :new, set<string>, :replicated => true
on_tell do |word: string|
  old.add(word)
  new.add(word)
end
on_untell do |word: string| new.remove(word) end`

// oldProgram puts a node with an old program between two with a new one, and
// upgrades it in the end. It returns what the first, the last and the upgraded
// node show of the new database, and what the old one showed of what it knew.
func oldProgram(t *testing.T, planted node.Planted) (w *World, got [4]string) {
	t.Helper()
	oldProgram, newProgram := compile(t, "old.mrt", before), compile(t, "new.mrt", after)
	w = mistaken(t, newProgram, 3, planted)
	first, between, last := w.machines[0], w.machines[1], w.machines[2]
	become := func(p *plan.Program) {
		between.Crash(fault.KeepAll)
		between.program = p
		if err := between.Start(); err != nil {
			t.Fatal(err)
		}
		w.Advance(3 * causal.Second)
	}
	become(oldProgram)
	w.Cut(fault.Action{Groups: []int{0, fault.BothSides, 1}})

	raise(t, first, "tell", value.String("a"))
	raise(t, first, "tell", value.String("b"))
	w.Advance(5 * causal.Second)
	raise(t, first, "untell", value.String("a"))
	raise(t, last, "tell", value.String("c"))
	w.Advance(20 * causal.Second)
	got[0], got[1], got[3] = shows(t, first, "new"), shows(t, last, "new"), shows(t, between, "old")
	become(newProgram)
	got[2] = shows(t, between, "new")
	return w, got
}

// TestOneTypeForADatabase: a program that gives a known database another type
// is refused, on both sides of a link and on its own store, and harms nobody.
func TestOneTypeForADatabase(t *testing.T) {
	w := servers(t, compile(t, "words.mrt", words), 2)
	raise(t, w.machines[0], "say", value.String("a"))
	w.Advance(causal.Second)
	other := compile(t, "other.mrt", "database :words, gset<int>, :replicated => true\non_say do |n: int| words.add(n) end")

	stored := w.machines[1]
	stored.Crash(fault.KeepAll)
	stored.program = other
	if err := stored.Start(); err == nil || !strings.Contains(err.Error(), "words") {
		t.Errorf("opening a store under another type: %v", err)
	}

	fresh := servers(t, compile(t, "words.mrt", words), 1)
	m := newMachine(fresh, 1, "server2", stored.role)
	m.program = other
	fresh.machines = append(fresh.machines, m)
	fresh.machines[0].links = make([]*link, 2)
	fresh.audit = audit.New(fresh.watched(), nil)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	fresh.Advance(3 * causal.Second)
	if !slices.ContainsFunc(fresh.Findings(), func(f audit.Finding) bool { return strings.Contains(f.Text, "words") }) {
		t.Errorf("a peer with another type was not refused: %v", fresh.Findings())
	}
	if m.joined || fresh.machines[0].joined {
		t.Error("a link is up between programs that disagree")
	}
}
