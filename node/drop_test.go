package node_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

const libraryBefore = libraryAfter + `
database :notes, set<string>, :by => :room, :replicated => :room
database :loans, {books: set<string>, count: counter}, :by => :reader
on_note do |room: id, word: string| notes[:room].add(word) end
on_lend do |reader: id, book: string|
  loans[:reader].books.add(book)
  loans[:reader].count.inc(1)
end
`

const libraryAfter = `
database :board, set<string>, :replicated => true
database :note, set<string>, :replicated => true
on_post do |word: string| board.add(word) end
`

// library returns a world of count nodes that have written notes in rooms, and
// loans, and then run a program that names neither.
func library(t *testing.T, count, rooms, notes int) *world {
	t.Helper()
	w := newWorld(t, libraryBefore, 0)
	w.add(compiled(t, libraryBefore), count)
	w.linkAll()
	w.run(2 * causal.Second)
	for i := range notes {
		w.must(w.guests[i%count], "note", "r"+strconv.Itoa(i%rooms), "a note "+strconv.Itoa(i))
	}
	w.must(w.guests[0], "lend", "ann", "emma")
	w.must(w.guests[0], "post", "welcome")
	w.run(2 * causal.Second)
	for _, g := range w.guests {
		w.change(g, compiled(t, libraryAfter))
	}
	w.linkAll()
	w.run(2 * causal.Second)
	return w
}

// change restarts a node with another program.
func (w *world) change(g *guest, program *plan.Program) {
	w.t.Helper()
	w.cut(g)
	g.cfg.Program = program
	g.cfg.Limits.FinalAfter = causal.Second
	w.open(g)
}

func (w *world) must(g *guest, event string, args ...string) {
	w.t.Helper()
	if a := w.raise(g, node.RaiseRequest{Event: event, Args: words(args...)}); !a.Committed {
		w.t.Fatalf("%s: %s %s", event, a.Abort, a.Detail)
	}
}

// drop drops a database and waits for the answer.
func (w *world) drop(g *guest, database string) node.Answer {
	w.t.Helper()
	g.last++
	g.Drop(w.now, g.last, database)
	return w.await(g)
}

// names says which databases a node lists as unnamed, each with its entries.
func names(g *guest) string {
	var b strings.Builder
	for _, u := range g.Status().Unnamed {
		b.WriteString(u.Name + " " + strconv.Itoa(u.Entries) + ";")
	}
	return b.String()
}

// traces counts the records on a node's disk that say some words.
func (g *guest) traces(said string) (count int) {
	g.disk.Scan([]byte{0}, []byte{0xff}, func(_, value []byte) bool {
		if bytes.Contains(value, []byte(said)) {
			count++
		}
		return true
	})
	return count
}

// TestDrop: what no program names is listed, removed in all its spaces at all
// nodes, and gone from their disks with the next checkpoints; who joins later
// never sees it.
func TestDrop(t *testing.T) {
	w := library(t, 3, 4, 40)
	home := w.guests[0]
	if got := names(home); got != "loans.books 1;loans.count 1;notes 40;" {
		t.Errorf("the home lists %q", got)
	}
	if got := names(w.guests[1]); got != "notes 40;" {
		t.Errorf("another lists %q", got)
	}
	if got := w.guests[1].traces("a note"); got < 40 {
		t.Errorf("before, %d records are of the notes", got)
	}
	if a := w.drop(home, "notes"); a.Dropped == nil || a.Dropped.Entries != 40 || a.Dropped.Spaces != 4 || a.Dropped.IsMore || a.Dropped.Bytes < 40*7 {
		t.Errorf("dropping the notes answers %+v, %+v", a, a.Dropped)
	}
	if a := w.drop(home, "loans"); a.Dropped == nil || a.Dropped.Entries != 2 || a.Dropped.Spaces != 1 {
		t.Errorf("dropping the loans answers %+v, %+v", a, a.Dropped)
	}
	w.run(10 * causal.Second)
	for _, g := range w.guests {
		g.Close(w.now)
		w.deliver()
		if got := names(g); got != "" || g.Root() != home.Root() {
			t.Errorf("node %s lists %q, root %x", g.cfg.Name, got, g.Root())
		}
		if left, kept := g.traces("a note"), g.traces("welcome"); left > 0 || kept == 0 {
			t.Errorf("node %s keeps %d records of what was dropped, %d of what was not", g.cfg.Name, left, kept)
		}
		w.cut(g)
		w.open(g)
		if got := names(g); got != "" {
			t.Errorf("node %s, restarted, lists %q", g.cfg.Name, got)
		}
	}
	late := w.join(compiled(t, libraryAfter))
	w.linkAll()
	w.run(5 * causal.Second)
	if got := names(late); got != "" || late.Root() != home.Root() || late.Status().Counts.Installs == 0 {
		t.Errorf("who joins later lists %q, %d checkpoints taken", got, late.Status().Counts.Installs)
	}
	if a := w.read(late, "board"); a.Reading == nil || len(a.Reading.Value.Elems()) != 1 {
		t.Errorf("what is named: %+v", a)
	}
}

// join opens one more node, whose letter and key follow the others'.
func (w *world) join(program *plan.Program) *guest {
	w.t.Helper()
	other := &world{t: w.t, now: w.now}
	other.add(program, len(w.guests)+1)
	w.guests = append(w.guests, other.guests[len(w.guests)])
	return w.guests[len(w.guests)-1]
}

// TestDropRefusals: a drop has advice for who may not have it.
func TestDropRefusals(t *testing.T) {
	w := library(t, 2, 1, 3)
	for _, c := range []struct {
		at                    int
		database, abort, says string
	}{
		{1, "notes", node.AbortSteward, "only the steward"},
		{0, "board", node.AbortNamed, "take it out of the program"},
		{0, "@control", node.AbortNamed, "the nodes' own"},
		{0, "nosuch", node.AbortUnstored, "martinelli status"},
		{0, "", node.AbortUnstored, "martinelli status"},
		{0, "loan", node.AbortUnstored, "martinelli status"},
	} {
		if a := w.drop(w.guests[c.at], c.database); a.Abort != c.abort || !strings.Contains(a.Detail, c.says) {
			t.Errorf("dropping %q at %d: %+v", c.database, c.at, a)
		}
	}
	w.change(w.guests[0], compiled(t, libraryBefore))
	for _, database := range []string{"loans", "loans.books", "notes"} {
		if a := w.drop(w.guests[0], database); a.Abort != node.AbortNamed {
			t.Errorf("dropping %q, which the program names: %+v", database, a)
		}
	}
}

// TestDropByHalves: a crash between the parts of a drop leaves the rest, and
// saying it again removes that.
func TestDropByHalves(t *testing.T) {
	w := library(t, 2, 3, 50)
	home := w.guests[0]
	home.cfg.Limits.DropMax = 20
	w.cut(home)
	w.open(home)
	first := w.drop(home, "notes")
	if d := first.Dropped; d == nil || d.Entries != 20 || !d.IsMore {
		t.Fatalf("the first step answers %+v, %+v", first, d)
	}
	home.Drop(w.now, home.last+1, "notes") // and the machine dies before that is durable
	w.open(home)
	if got := names(home); got != "loans.books 1;loans.count 1;notes 30;" {
		t.Errorf("after the crash it lists %q", got)
	}
	steps, entries, spaces := 1, 20, first.Dropped.Spaces
	for isMore := true; isMore; steps++ {
		a := w.drop(home, "notes")
		if a.Dropped == nil {
			t.Fatalf("said again: %+v", a)
		}
		entries, spaces, isMore = entries+a.Dropped.Entries, spaces+a.Dropped.Spaces, a.Dropped.IsMore
	}
	if steps != 3 || entries != 50 || spaces != 3 {
		t.Errorf("%d steps removed %d entries in %d spaces", steps, entries, spaces)
	}
	w.linkAll()
	w.run(3 * causal.Second)
	if got := names(w.guests[1]); got != "" || w.guests[1].Root() != home.Root() {
		t.Errorf("the other lists %q", got)
	}
}

// TestDropBesideAdd: what a node adds that runs the program of before, and has
// not heard of the drop, stays everywhere, and is dropped when it is said again.
func TestDropBesideAdd(t *testing.T) {
	w := library(t, 3, 1, 9)
	home, old := w.guests[0], w.guests[2]
	w.change(old, compiled(t, libraryBefore))
	w.must(old, "note", "r0", "meanwhile")
	if a := w.drop(home, "notes"); a.Dropped == nil || a.Dropped.Entries != 9 {
		t.Fatalf("dropping answers %+v", a)
	}
	w.linkAll()
	w.run(10 * causal.Second)
	if a := w.read(old, "notes", words("r0")...); a.Reading == nil || len(a.Reading.Value.Elems()) != 1 {
		t.Errorf("the node of before reads %+v", a.Reading)
	}
	for _, g := range w.guests[:2] {
		if got := strings.TrimPrefix(names(g), "loans.books 1;loans.count 1;"); got != "notes 1;" || g.Root() != old.Root() {
			t.Errorf("node %s lists %q", g.cfg.Name, got)
		}
	}
	if a := w.drop(home, "notes"); a.Dropped == nil || a.Dropped.Entries != 1 {
		t.Errorf("said again: %+v", a)
	}
	w.run(3 * causal.Second)
	if a := w.read(old, "notes", words("r0")...); a.Reading == nil || len(a.Reading.Value.Elems()) != 0 || old.Root() != w.guests[1].Root() {
		t.Errorf("the node of before reads %+v", a.Reading)
	}
}

// TestDropWhileSummingUp: whenever a drop comes between two checkpoints, one
// that is without the entries follows, though nobody writes anything more.
func TestDropWhileSummingUp(t *testing.T) {
	for at := range 10 {
		w := library(t, 2, 2, 6)
		w.run(causal.Instant(at) * 300 * causal.Millisecond)
		if a := w.drop(w.guests[0], "notes"); a.Dropped == nil || a.Dropped.Entries != 6 {
			t.Fatalf("dropping answers %+v", a)
		}
		w.run(10 * causal.Second)
		for _, g := range w.guests {
			if left := g.traces("a note"); left > 0 {
				t.Errorf("dropped after %d ms: node %s keeps %d records", at*300, g.cfg.Name, left)
			}
		}
	}
}

// TestDropWhileAway: who was away while a database was dropped and the log of it
// went takes the signed state, and counts right what is left.
func TestDropWhileAway(t *testing.T) {
	w := library(t, 3, 3, 30)
	home, away := w.guests[0], w.guests[2]
	w.run(5 * causal.Second)
	w.cut(away)
	w.drop(home, "notes")
	for i := range 5 {
		w.run(3 * causal.Second)
		w.must(home, "post", "news "+strconv.Itoa(i))
	}
	if got := names(away); got != "notes 30;" {
		t.Errorf("away it lists %q", got)
	}
	before := away.Status().Counts.Installs
	w.linkAll()
	w.run(10 * causal.Second)
	if got := names(away); got != "" || away.Root() != home.Root() || away.Status().Counts.Installs == before {
		t.Errorf("back again it lists %q, with %d checkpoints taken", got, away.Status().Counts.Installs-before)
	}
	if left := away.traces("a note"); left > 0 {
		t.Errorf("back again it keeps %d records", left)
	}
}
