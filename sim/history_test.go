package sim

import (
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// These are the histories of the data model that broke simpler rules, as far
// as they concern the whole node. Each is played on real nodes.

// servers returns a started world of n servers that run p and have met.
func servers(t *testing.T, p *plan.Program, n int) *World {
	t.Helper()
	w, err := NewWorld(Config{Program: p, Roles: []Role{{"server", n}}})
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
// all clocks were right.
func TestHistory9WrongClock(t *testing.T) {
	w := servers(t, compile(t, "words.mrt", words), 3)
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
				t.Fatalf("200 ms later %s shows %d of %d words", m.Name(), got, want)
			}
		}
	}
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
// program it shows them.
func TestHistory13OldProgram(t *testing.T) {
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
	oldProgram, newProgram := compile(t, "old.mrt", before), compile(t, "new.mrt", after)
	w := servers(t, newProgram, 3)
	first, between, last := w.machines[0], w.machines[1], w.machines[2]
	between.Crash(fault.KeepAll)
	between.program = oldProgram
	if err := between.Start(); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * causal.Second)
	w.Cut(fault.Action{Groups: []int{0, fault.BothSides, 1}})

	raise(t, first, "tell", value.String("a"))
	raise(t, first, "tell", value.String("b"))
	w.Advance(5 * causal.Second)
	raise(t, first, "untell", value.String("a"))
	raise(t, last, "tell", value.String("c"))
	rest(t, w)
	for _, m := range []*Machine{first, last} {
		if got := shows(t, m, "new"); got != `["b","c"]` {
			t.Errorf("%s shows %s, want b and c that only an old node could bring", m.Name(), got)
		}
	}
	if got := shows(t, between, "old"); got != `["a","b","c"]` {
		t.Errorf("the old node shows %s of what it knows", got)
	}

	between.Crash(fault.KeepAll)
	between.program = newProgram
	if err := between.Start(); err != nil {
		t.Fatal(err)
	}
	if got := shows(t, between, "new"); got != `["b","c"]` {
		t.Errorf("upgraded, it shows %s", got)
	}
	rest(t, w)
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
