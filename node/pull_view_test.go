package node_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// A poll: the ballots stay at the home, where nobody reads them; what they make
// is everybody's.
const pollText = `
database :ballots, lww<string>, :by => :user_id
database :seen, log<string>, :at => :server
database :turnouts, gset<int>, :replicated => :user_id
allow :read, ballots do |me| me == "nobody" end
allow :read, private do |me| me == "ben" end
on_vote do |choice: string|
  ballots[:user_id].set(choice)
  seen.append(choice)
end
at :server do
  view :result do ballots.group do |who, choice| choice end.map do |choice, who| { choice: choice, votes: who.count } end end
  view :turnout do ballots.count end
  view :said do seen.map do |s| s end end
  view :private do ballots.map do |who, choice| choice end end
end
at :client do
  view :high do result.filter do |r| r.votes > 1 end end
  process do
    render(high)
    render(turnout)
    render(said.count)
    render(private)
  end
  on_note do
    tentatively do turnouts[:user_id].add(turnout) end
  end
end
`

func newPoll(t *testing.T, text string, users ...string) *world {
	t.Helper()
	w := &world{t: t, now: epoch}
	w.add(compiled(t, text), 1+len(users))
	for i, g := range w.guests {
		if i > 0 {
			g.cfg.Role, g.cfg.User, g.cfg.Name = "client", users[i-1], users[i-1]
		}
		g.disk.Crash(0)
		w.open(g)
	}
	w.linkAll()
	return w
}

func event(name string, args ...value.Value) node.RaiseRequest {
	return node.RaiseRequest{Event: name, Args: args}
}

func (w *world) vote(g *guest, choice string) {
	w.t.Helper()
	if a := w.raise(g, event("vote", value.String(choice))); !a.Committed {
		w.t.Fatalf("%s votes: %+v", g.cfg.Name, a)
	}
}

// said is a reading as text, or why there is none.
func said(a node.Answer) string {
	if a.Reading == nil {
		return a.Abort
	}
	return plain(a.Reading.Value)
}

func plain(v value.Value) string {
	switch v.Kind() {
	case value.KindString:
		return v.AsString()
	case value.KindInt:
		return fmt.Sprint(v.AsInt())
	}
	var parts []string
	for _, e := range v.Elems() {
		parts = append(parts, plain(e))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// TestPulledViews: views that stand at the home are read at clients, by views,
// processes and handlers, as of when they were asked for, and with the home
// away as they were; what a rule withholds is not.
func TestPulledViews(t *testing.T) {
	w := newPoll(t, pollText, "ann", "ben")
	home, ann, ben := w.guests[0], w.guests[1], w.guests[2]
	w.vote(ann, "tea")
	w.vote(ben, "tea")
	w.vote(ben, "tea")
	w.run(4 * causal.Second)
	for name, want := range map[string]string{"result": "[[tea 2]]", "turnout": "2", "private": "forbidden", "ballots": "forbidden"} {
		if got := said(w.read(ann, name)); !strings.Contains(got, want) && got != want {
			t.Errorf("ann reads %s as %s, want %s", name, got, want)
		}
	}
	if got := said(w.read(ben, "private")); got != "[tea]" {
		t.Errorf("ben reads private as %s", got)
	}
	if s, ok := ann.lastRender("high"); !ok || len(s.Added) != 1 || s.Settled || !s.Copied || s.AsOf == 0 {
		t.Errorf("ann is shown %+v", s)
	}
	if s, ok := ann.lastRender("said.count"); !ok || plain(s.Added[0]) != "1" {
		t.Errorf("of a bag ann is shown %+v", s)
	}
	if a := w.raise(ann, event("note")); !a.Committed {
		t.Fatalf("%+v", a)
	}
	if got := said(w.read(ann, "turnouts", value.String("ann"))); got != "[2]" {
		t.Errorf("a handler read %s", got)
	}
	w.run(causal.Second)
	before := w.read(ann, "turnout")
	w.cut(home)
	w.run(3 * causal.Second)
	for name, want := range map[string]string{"result": "[tea 2]", "turnout": "2", "high": "[tea 2]", "private": "forbidden", "ballots": "forbidden", "said": "tea"} {
		a := w.read(ann, name)
		if got := said(a); !strings.Contains(got, want) {
			t.Errorf("with the home away ann reads %s as %s, want %s", name, got, want)
		}
		if a.Reading != nil && (!a.Copied || a.AsOf < before.AsOf || a.AsOf > w.now-2*causal.Second) {
			t.Errorf("%s is as of %d, now %d", name, a.AsOf, w.now)
		}
	}
}

// TestWatchPulled: what the program does not read at a role is pulled from when
// it is watched or was read there.
func TestWatchPulled(t *testing.T) {
	w := newPoll(t, "database :votes, gset<string>, :by => :choice\nat :server do view :all do votes end end\non_vote do |choice: string| votes[:choice].add(user_id) end", "ann", "ben")
	home, ann, ben := w.guests[0], w.guests[1], w.guests[2]
	w.vote(ann, "tea")
	if got := said(w.read(ben, "votes", value.String("tea"))); got != "[ann]" {
		t.Fatalf("ben reads %s", got)
	}
	ann.last++
	ann.Watch(w.now, ann.last, "all")
	a := w.await(ann)
	if a.Reading == nil || !a.Copied || len(a.Reading.Value.Elems()) != 1 {
		t.Fatalf("the watch begins with %+v %+v", a, ann.events)
	}
	w.vote(ben, "milk")
	w.run(3 * causal.Second)
	if n := len(ann.shown); n == 0 || len(ann.shown[n-1].Tickets) != 1 || ann.shown[n-1].AsOf == 0 {
		t.Fatalf("ann is shown %+v", ann.shown)
	}
	w.cut(home)
	if a := w.read(ben, "votes", value.String("milk")); said(a) != "[ben]" || !a.Copied {
		t.Errorf("with the home away ben reads %+v", a)
	}
	if a := w.read(ben, "all"); a.Abort != node.AbortHomeAway {
		t.Errorf("what was never read: %+v", a)
	}
}

// TestPages: a copy of many pages is of one moment, though the home goes on.
func TestPages(t *testing.T) {
	w := newPoll(t, `
database :log, gset<string>
database :sum, counter
view :both do log.count - sum end
on_put do |s: string|
  log.add(s)
  sum.inc(1)
end
at :client do
  process do
    render(log)
    render(sum)
    render(log.count - sum)
  end
end
`, "ann")
	home, ann := w.guests[0], w.guests[1]
	put := func(n int) {
		if a := w.raise(home, event("put", value.String(fmt.Sprint(n)+strings.Repeat("x", 20_000)))); !a.Committed {
			t.Fatal(a)
		}
	}
	for n := range 60 {
		put(n)
	}
	for n := range 40 {
		put(100 + n)
		w.run(100 * causal.Millisecond)
		if s, ok := ann.lastRender("log.count - sum"); ok && plain(s.Added[0]) != "0" {
			t.Fatalf("ann is shown a state that never was: %+v", s)
		}
	}
	w.run(3 * causal.Second)
	if a := w.read(ann, "log"); a.Reading == nil || len(a.Reading.Value.Elems()) != 100 {
		t.Errorf("ann reads %d", len(a.Reading.Value.Elems()))
	}
}
