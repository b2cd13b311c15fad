package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

const club = `
database :notes, set<string>, :replicated => :user_id
database :stock, counter
on_note do |text: string|
  if text == ""
    abort :empty
  end
  notes[:user_id].add(text)
end
on_look do end
on_take do stock.inc(1) end
view :members do users end
view :silent do users.filter do |u| notes[u].count == 0 end end
view :noted do |u in users| notes[u].count end
`

// newClub opens a server and nodes of the named users.
func newClub(t *testing.T, text string, users ...string) *world {
	t.Helper()
	w := newWorld(t, text, 1+len(users))
	for i, user := range users {
		g := w.guests[i+1]
		g.cfg.Role, g.cfg.User, g.cfg.Name = "client", user, user
		g.disk.Crash(0)
		w.open(g)
	}
	return w
}

func note(text string) node.RaiseRequest {
	return node.RaiseRequest{Event: "note", Args: []value.Value{value.String(text)}}
}

// TestTheDirectoryOfUsers: a user is in it once a node of his was open or he has
// raised an event that took place, at every replica, and across restarts.
func TestTheDirectoryOfUsers(t *testing.T) {
	w := newClub(t, club, "ann", "ben")
	server, ann := w.guests[0], w.guests[1]
	w.run(causal.Millisecond)
	if m := w.list(ann, "members"); m != "ann" {
		t.Errorf("at ann's node before it has a link: %s", m)
	}
	w.linkAll()
	w.run(3 * causal.Second)
	for user, event := range map[string]string{"cat": "look", "dan": "take"} {
		w.raise(server, node.RaiseRequest{Event: event, User: user})
	}
	empty := note("")
	empty.User = "eve"
	if a := w.raise(server, empty); a.Abort != "empty" {
		t.Errorf("%+v", a)
	}
	w.raise(ann, note("milk"))
	w.run(3 * causal.Second)
	for range 2 {
		for _, g := range w.guests {
			if m := w.list(g, "members"); m != "ann ben cat dan" {
				t.Errorf("members at %s: %s", g.cfg.Name, m)
			}
		}
		if m := w.list(server, "silent"); m != "ben cat dan" {
			t.Errorf("silent: %s", m)
		}
		for _, g := range w.guests {
			w.cut(g)
			g.disk.Crash(0)
			w.open(g)
		}
	}
	before := ann.Status().Counts.Commits
	w.raise(ann, node.RaiseRequest{Event: "look"})
	if ann.Status().Counts.Commits != before {
		t.Error("who is in the directory joins again")
	}
}

// list reads a collection of strings.
func (w *world) list(g *guest, name string) (text string) {
	w.t.Helper()
	a := w.read(g, name)
	if a.Reading == nil {
		w.t.Fatalf("reading %s: %s %s", name, a.Abort, a.Detail)
	}
	for i, v := range a.Reading.Value.Elems() {
		if i > 0 {
			text += " "
		}
		text += v.AsString()
	}
	return text
}

const walls = `
database :notes, set<string>, :replicated => :user_id
database :wall, gset<string>, :replicated => true
on_note do |text: string|
  notes[:user_id].add(text)
  wall.add(text)
end
on_post do |text: string|
  tentatively do
    if notes.count > 0
      wall.add(text)
    end
  end
end
on_slip do |whose: id, text: string| notes[whose].add(text) end
view :mine do notes end
view :all do notes.keys end
allow :write, notes do |me| true end
allow :write, wall do |me| true end
`

// TestAUsersSliceIsAtHisNodes: what is by user goes from one node to another
// only where both keep it; what all share waits for none of it.
func TestAUsersSliceIsAtHisNodes(t *testing.T) {
	w := newClub(t, walls, "ann", "ben", "ann")
	server, ann, ben, second := w.guests[0], w.guests[1], w.guests[2], w.guests[3]
	w.linkAll()
	for _, a := range []node.Answer{
		w.raise(ann, note("milk")),
		w.raise(ann, node.RaiseRequest{Event: "post", Args: []value.Value{value.String("hello")}}),
		w.raise(ben, note("tea")),
	} {
		if !a.Committed {
			t.Fatalf("%+v", a)
		}
	}
	w.run(3 * causal.Second)
	for range 2 {
		for g, want := range map[*guest][2]string{server: {"ann ben", ""}, ann: {"ann", "milk"}, ben: {"ben", "tea"}, second: {"ann", "milk"}} {
			if got := w.list(g, "all"); got != want[0] {
				t.Errorf("%s keeps the notes of %s", g.cfg.Name, got)
			}
			if g != server && w.list(g, "mine") != want[1] {
				t.Errorf("%s has %s", g.cfg.Name, w.list(g, "mine"))
			}
			if got := w.list(g, "wall"); got != "hello milk tea" {
				t.Errorf("the wall at %s: %s", g.cfg.Name, got)
			}
			if n := g.Status().Counts; n.Late+n.Foreign > 0 {
				t.Errorf("%s: %+v", g.cfg.Name, n)
			}
			if root := second.Root(); g == ann && g.Root() != root {
				t.Error("two nodes of ann differ")
			}
		}
		for _, g := range w.guests {
			w.cut(g)
			g.disk.Crash(0)
			w.open(g)
		}
		w.linkAll()
		w.run(3 * causal.Second)
	}
	slip := func(whose string) string {
		return w.raise(ben, node.RaiseRequest{Event: "slip", Args: []value.Value{value.String(whose), value.String("x")}}).Abort
	}
	if a, b := slip("ann"), slip("ben"); a != "not_held" || b != "" {
		t.Errorf("ben writes ann's notes: %q, and his own: %q", a, b)
	}
}
