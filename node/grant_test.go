package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

const circle = `
database :friends, set<id>, :by => :user_id, :replicated => true
database :favorites, set<string>, :by => :user_id, :replicated => true
database :notes, set<string>, :replicated => :user_id
on_befriend do |other: id| friends[:user_id].add(other) end
on_part do |other: id| friends[:user_id].remove(other) end
on_favor do |whose: id, what: string| favorites[whose].add(what) end
on_share do |whose: id, what: string|
  favorites[whose].add(what)
  favorites[:user_id].add(what)
end
on_drop do |whose: id, what: string| favorites[whose].remove(what) end
on_note do |whose: id, what: string| notes[whose].add(what) end
view :everybody do users.count end
allow :write, favorites, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :write, notes do |me| me == user_id or me in friends[:user_id] end
allow :read, notes do |me| true end
`

// lawless is the program of somebody who writes whatever he likes.
var lawless = strings.NewReplacer(
	"favorites, :revoke => :future do |me| me == user_id or me in friends[:user_id] end", "favorites do |me| true end",
	"notes do |me| me == user_id or me in friends[:user_id] end", "notes do |me| true end",
).Replace(circle)

// people are a server and the nodes of ann and ben.
type people struct {
	*world
	server, ann, ben *guest
}

func newPeople(t *testing.T) *people {
	p := &people{world: &world{t: t, now: epoch}}
	p.add(compiled(t, circle), 3)
	p.server, p.ann, p.ben = p.guests[0], p.guests[1], p.guests[2]
	p.become(p.ann, "ann")
	p.become(p.ben, "ben")
	return p
}

// become starts a node anew, as a user's.
func (p *people) become(g *guest, user string) {
	g.disk = store.NewMem()
	g.cfg.Disk, g.cfg.Role, g.cfg.User, g.cfg.Name = g.disk, "client", user, user
	p.open(g)
}

func (p *people) tell(g *guest, event string, args ...string) node.Answer {
	p.t.Helper()
	q := node.RaiseRequest{Event: event}
	for _, a := range args {
		q.Args = append(q.Args, value.String(a))
	}
	a := p.raise(g, q)
	p.run(2 * causal.Second)
	return a
}

func (p *people) must(want string, g *guest, event string, args ...string) {
	p.t.Helper()
	if a := p.tell(g, event, args...); a.Abort != want {
		p.t.Errorf("%s raises %s%q: %q %s, want %q", g.cfg.Name, event, args, a.Abort, a.Detail, want)
	}
}

// shows requires that every node shows the same of a user's key.
func (p *people) shows(name, user, want string) {
	p.t.Helper()
	for _, g := range p.guests {
		var got []string
		for _, v := range p.read(g, name, value.String(user)).Reading.Value.Elems() {
			got = append(got, v.AsString())
		}
		if text := strings.Join(got, " "); text != want {
			p.t.Errorf("%s sees %s of %s: %q, want %q", g.cfg.Name, name, user, text, want)
		}
	}
}

// TestGrant: who has no right asks for it at his first write, keeps it, and
// loses it for what comes later.
func TestGrant(t *testing.T) {
	p := newPeople(t)
	p.must("", p.ann, "favor", "ann", "before") // offline, and before anybody judges
	p.must(flow.AbortForbidden, p.ben, "favor", "ann", "alone")
	p.linkAll()
	p.run(2 * causal.Second)
	p.must(flow.AbortForbidden, p.ben, "favor", "ann", "no")
	p.must("", p.ann, "befriend", "ben")
	p.must("", p.ben, "favor", "ann", "tea")
	p.must("", p.ben, "share", "ann", "milk")
	p.must("", p.ben, "note", "ann", "hello")
	p.shows("favorites", "ann", "before milk tea")
	p.shows("favorites", "ben", "milk")
	p.cut(p.ben)
	p.must("", p.ben, "favor", "ann", "offline") // a grant is kept
	p.linkAll()
	p.run(3 * causal.Second)
	p.must("", p.ann, "part", "ben")
	p.must(flow.AbortForbidden, p.ben, "favor", "ann", "late")
	p.must("", p.ben, "note", "ann", "again") // this right is not taken back
	p.shows("favorites", "ann", "before milk offline tea")
	p.shows("notes", "ann", "again hello")
	for _, g := range p.guests {
		if n := g.Status().Replica.Void; n != 0 {
			t.Errorf("%s has %d void parts of honest people", g.cfg.Name, n)
		}
		w := g.Status()
		if w.Asked != 0 {
			t.Errorf("%d requests are open", w.Asked)
		}
	}
}

// TestLawless: what somebody writes without a grant is void at every node, his
// own among them, and nobody else pays for it.
func TestLawless(t *testing.T) {
	p := newPeople(t)
	p.linkAll()
	p.run(2 * causal.Second)
	p.must("", p.ann, "favor", "ann", "mine")
	p.cut(p.ben)
	p.ben.cfg.Program = compiled(t, lawless)
	p.open(p.ben)
	p.must("", p.ben, "favor", "ann", "stolen")
	p.must("", p.ben, "drop", "ann", "mine")
	p.must("", p.ben, "note", "ann", "forged")
	p.must("", p.ben, "note", "ben", "own")
	p.linkAll()
	p.run(5 * causal.Second)
	p.must("", p.ann, "favor", "ann", "more")
	p.shows("favorites", "ann", "mine more")
	p.shows("notes", "ann", "")
	p.shows("notes", "ben", "own")
	told := false
	for _, e := range p.ben.events {
		told = told || strings.Contains(e.Text, "may not write what it writes")
	}
	if !told || p.ben.Status().Counts.Voided == 0 {
		t.Error("the author was not told")
	}
}

// TestStranger: of whom nobody says whose he is writes what everybody may, and
// no more.
func TestStranger(t *testing.T) {
	p := newPeople(t)
	p.ben.cfg.Program, p.ben.cfg.User = compiled(t, lawless), ""
	p.become(p.ben, "")
	p.linkAll()
	p.must("", p.ann, "favor", "ann", "mine")
	p.must("", p.ben, "favor", "ann", "stolen")
	p.run(40 * causal.Second)
	p.shows("favorites", "ann", "mine")
}

// TestOneUser: a replica belongs to one user for ever.
func TestOneUser(t *testing.T) {
	p := newPeople(t)
	p.linkAll()
	p.run(2 * causal.Second)
	p.ben.cfg.User = "ann"
	if _, err := node.Open(p.now, p.ben.cfg); err == nil || !strings.Contains(err.Error(), "belongs to one user for ever") {
		t.Errorf("ben's store opens as ann's: %v", err)
	}
	p.cut(p.ben)
	p.become(p.ben, "ann") // a store that forgot whose it is
	for _, g := range []*guest{p.server, p.ann} {
		if _, err := g.LinkUp(p.now, p.ben.Hello(), ""); err == nil || !strings.Contains(err.Error(), "belongs to the user ben for ever, and speaks as the user ann") {
			t.Errorf("%s takes ben's replica as ann's: %v", g.cfg.Name, err)
		}
	}
	p.become(p.ben, "")
	p.ben.cfg.Role = "server"
	p.open(p.ben)
	if _, err := p.ann.LinkUp(p.now, p.ben.Hello(), ""); err == nil || !strings.Contains(err.Error(), "speaks as a node of role server") {
		t.Errorf("ann takes ben's replica as a server: %v", err)
	}
}

// TestOwnerGrants: without the steward the user whose space it is decides.
func TestOwnerGrants(t *testing.T) {
	p := newPeople(t)
	p.linkAll()
	p.run(2 * causal.Second)
	p.must("", p.ann, "note", "ann", "first")
	p.must("", p.ann, "befriend", "ben")
	p.cut(p.server)
	p.must("", p.ben, "note", "ann", "hello")
	p.linkAll()
	p.run(3 * causal.Second)
	p.shows("notes", "ann", "first hello")
}

// TestAFirstWriteWaitsForTheLink: what is raised before anybody is there who
// could grant it is decided when somebody is, and only by a node that stays
// alone it is refused.
func TestAFirstWriteWaitsForTheLink(t *testing.T) {
	p := newPeople(t)
	p.mustLink(p.server, p.ann)
	p.run(causal.Second)
	p.must("", p.ann, "befriend", "ben")
	p.open(p.ben)
	for _, event := range []string{"favor", "note"} { // a new node's, and that of one that was started again
		p.ben.last++
		ticket := p.ben.last
		p.ben.Raise(p.now, ticket, node.RaiseRequest{Event: event, Args: []value.Value{value.String("ann"), value.String("tea")}})
		p.run(causal.Second)
		if a, isAnswered := p.ben.answers[ticket]; isAnswered {
			t.Fatalf("before its first link ben's write is answered: %+v", a)
		}
		p.linkAll()
		p.run(3 * causal.Second)
		if a := p.ben.answers[ticket]; !a.Committed {
			t.Errorf("behind it: %+v", a)
		}
		p.cut(p.ben)
		p.ben.disk.Crash(0)
		p.open(p.ben)
	}
	p.run(6 * causal.Second)
	p.must(flow.AbortForbidden, p.ben, "favor", "cat", "tea")
}
