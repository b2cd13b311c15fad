package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// diary is a program of notes that friends read: who is whose friend every node has.
const diary = `
database :friends, set<id>, :by => :user_id, :replicated => true
database :notes, set<string>, :replicated => :user_id
on_befriend do |other: id| friends[:user_id].add(other) end
on_part do |other: id| friends[:user_id].remove(other) end
on_note do |text: string| notes[:user_id].add(text) end
on_slip do |whose: id, text: string| notes[whose].add(text) end
view :all do notes.keys end
allow :read, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :write, notes do |me| me == user_id or me in friends[:user_id] end
`

// tellIt raises an event of strings, which must commit.
func (w *world) tellIt(g *guest, event string, args ...string) {
	w.t.Helper()
	q := node.RaiseRequest{Event: event}
	for _, a := range args {
		q.Args = append(q.Args, value.String(a))
	}
	if a := w.raise(g, q); !a.Committed {
		w.t.Fatalf("%s raises %s%q: %+v", g.cfg.Name, event, args, a)
	}
	w.run(3 * causal.Second)
}

func (w *world) keeps(g *guest, want string) {
	w.t.Helper()
	if got := w.list(g, "all"); got != want {
		w.t.Errorf("%s keeps the notes of %q, want %q", g.cfg.Name, got, want)
	}
}

// have requires what a node has of a user's notes.
func (w *world) have(g *guest, user, want string) {
	w.t.Helper()
	text := ""
	for i, v := range w.read(g, "notes", value.String(user)).Reading.Value.Elems() {
		if i > 0 {
			text += " "
		}
		text += v.AsString()
	}
	if text != want {
		w.t.Errorf("%s has %q of %s, want %q", g.cfg.Name, text, user, want)
	}
}

// restartAll starts all nodes on what their disks have.
func (w *world) restartAll() {
	w.t.Helper()
	for _, g := range w.guests {
		w.cut(g)
		g.disk.Crash(0)
		w.open(g)
	}
	w.linkAll()
	w.run(3 * causal.Second)
}

// TestFriendsKeepWhatTheyMayRead: a user's node has what a friend lets its user
// read, and nothing else; what is taken back ends for what comes later.
func TestFriendsKeepWhatTheyMayRead(t *testing.T) {
	w := newClub(t, diary, "ann", "ben", "cat")
	server, ann, ben, cat := w.guests[0], w.guests[1], w.guests[2], w.guests[3]
	w.linkAll()
	w.tellIt(ann, "note", "milk")
	w.tellIt(cat, "note", "tea")
	for range 2 {
		for g, want := range map[*guest]string{server: "ann cat", ann: "ann", ben: "", cat: "cat"} {
			w.keeps(g, want)
		}
		w.restartAll()
	}
	w.tellIt(ann, "befriend", "ben")
	for range 2 {
		for g, want := range map[*guest]string{server: "ann cat", ann: "ann", ben: "ann", cat: "cat"} {
			w.keeps(g, want)
		}
		w.have(ben, "ann", "milk")
		w.restartAll()
	}
	w.tellIt(ben, "slip", "ann", "rum")
	w.have(ann, "ann", "milk rum")
	w.tellIt(ann, "part", "ben")
	w.tellIt(ann, "note", "secret")
	for range 2 {
		w.have(ben, "ann", "milk rum")
		w.have(server, "ann", "milk rum secret")
		w.restartAll()
	}
	if a := w.raise(ben, node.RaiseRequest{Event: "slip", Args: []value.Value{value.String("ann"), value.String("x")}}); a.Abort != flow.AbortNotHeld {
		t.Errorf("ben writes what he may not have: %+v", a)
	}
	w.tellIt(ann, "befriend", "ben")
	w.have(ben, "ann", "milk rum secret")
	for _, g := range w.guests {
		if n := g.Status().Counts; n.Late+n.Foreign+n.Refused > 0 {
			t.Errorf("%s: %+v", g.cfg.Name, n)
		}
	}
}

// TestFriendsAlone: without a trusted node friends give each other what they
// can tell that they may; and it is kept across a restart that meets nobody.
func TestFriendsAlone(t *testing.T) {
	w := newClub(t, diary, "ann", "ben", "cat")
	ann, ben, cat := w.guests[1], w.guests[2], w.guests[3]
	w.mustLink(ann, ben)
	w.tellIt(ann, "note", "milk")
	w.keeps(ben, "")
	w.tellIt(ann, "befriend", "ben")
	w.have(ben, "ann", "milk")
	w.cut(ben)
	ben.disk.Crash(0)
	w.open(ben)
	w.have(ben, "ann", "milk")
	w.mustLink(ben, cat)
	w.run(3 * causal.Second)
	w.keeps(cat, "")
	w.cut(ben)
	w.mustLink(ann, cat)
	w.tellIt(ann, "befriend", "cat")
	w.cut(ann)
	w.mustLink(ben, cat)
	w.run(3 * causal.Second)
	w.have(cat, "ann", "milk")
}

// TestWhatWasWrittenUnderALostRight: it still arrives, though its author's node
// is given nothing of the space any more.
func TestWhatWasWrittenUnderALostRight(t *testing.T) {
	w := newClub(t, diary, "ann", "ben")
	server, ann, ben := w.guests[0], w.guests[1], w.guests[2]
	w.linkAll()
	w.run(2 * causal.Second)
	w.tellIt(ann, "befriend", "ben")
	w.tellIt(ben, "slip", "ann", "rum")
	w.cut(ben)
	w.tellIt(ben, "slip", "ann", "gin")
	w.tellIt(ann, "part", "ben")
	w.tellIt(ann, "note", "secret")
	for range 2 {
		w.mustLink(server, ben)
		w.run(3 * causal.Second)
		w.have(ann, "ann", "gin rum secret")
		w.have(ben, "ann", "gin rum")
		before := server.Status().Repair
		w.run(20 * causal.Second)
		if after := server.Status().Repair; after.Exchanges-before.Exchanges != after.Equal-before.Equal {
			t.Errorf("the server and ben's node differ for ever: %+v", after)
		}
		w.restartAll()
		w.cut(ben)
	}
}

// TestOfferedUnasked: what is planted is seen: who may not have a space gets it.
func TestOfferedUnasked(t *testing.T) {
	w := newClub(t, diary, "ann", "ben")
	for _, g := range w.guests {
		g.cfg.Planted.OffersUnasked = true
		w.open(g)
	}
	w.linkAll()
	w.tellIt(w.guests[1], "note", "milk")
	if w.guests[2].Status().Counts.Foreign == 0 {
		t.Error("ben's node was offered nothing")
	}
}

// TestAnEmptySpaceIsOfferedAfterARestart: of a space of which all was taken back
// its holders still know what it is called, so that whoever may have it gets
// what it lacks.
func TestAnEmptySpaceIsOfferedAfterARestart(t *testing.T) {
	w := newClub(t, diary+"on_unsay do |whose: id, text: string| notes[whose].remove(text) end\n", "ann", "ben")
	server, ann, ben := w.guests[0], w.guests[1], w.guests[2]
	w.linkAll()
	w.tellIt(ann, "befriend", "ben")
	w.tellIt(ann, "note", "milk")
	w.have(ben, "ann", "milk")
	w.cut(ben)
	w.tellIt(ann, "unsay", "ann", "milk")
	w.cut(ann)
	server.disk.Crash(0)
	w.open(server)
	w.mustLink(server, ben)
	w.run(5 * causal.Second)
	w.have(ben, "ann", "")
}
