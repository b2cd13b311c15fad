package flow_test

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/value"
)

const notes = `
database :notes, set<int>, :replicated => :user_id
database :seen, gset<int>, :by => [:user_id, :day], :replicated => true
view :mine do notes end
view :big do mine.filter do |n| n > 1 and not (n in unwanted) end end
view :unwanted do notes.filter do |n| n == 7 end end
view :size do
  let few = mine.map do |n| n * 2 end
  few.count * 10 + big.count
end
view :per_day do seen.map do |day, n| n + 100 end end
view :who do user_id end
on_note do |n: int| notes[:user_id].add(n) end
on_other do |user: id, n: int| notes[user].add(n) end
on_sum do
  tentatively do
    notes[:user_id].add(notes.count + 100)
  end
end
at :server do
  on_plant do |user: id, n: int| notes[user].add(n) end
end
`

// at opens an engine of the text at a role.
func at(t *testing.T, text, role, user string) *node {
	t.Helper()
	program, letters := lang.Compile([]lang.Source{{Name: "app.mrt", Text: text}}, nil)
	if program == nil {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	e, err := flow.New(flow.Config{Program: program, Role: role, User: user})
	if err != nil {
		t.Fatal(err)
	}
	return &node{e, map[string]uint64{}}
}

// inSession raises an event in a user's session.
func (n *node) inSession(t *testing.T, user, event string, args ...value.Value) flow.Outcome {
	t.Helper()
	h, ok := n.Handler(event)
	if !ok {
		t.Fatal("no handler of ", event)
	}
	env := n.env()
	env.User = user
	out := n.Run(h, args, env)
	n.mint(out)
	return out
}

// TestAmbientSlices: a node of a user, and a session of his at a server, show
// the same of the same cells.
func TestAmbientSlices(t *testing.T) {
	server := at(t, notes, "server", "")
	users := map[string]*node{"ann": at(t, notes, "client", "ann"), "ben": at(t, notes, "client", "ben")}
	for i, user := range []string{"ann", "ben", "ann", "ann", "ben", "ann"} {
		n := value.Int([]int64{1, 2, 3, 7, 7, 9}[i])
		server.inSession(t, user, "note", n)
		users[user].raise(t, "note", n)
	}
	for user, n := range users {
		for _, view := range []string{"mine", "big", "unwanted", "size", "per_day", "who"} {
			own, err := n.Read(view, nil)
			if err != nil {
				t.Fatal(user, view, err)
			}
			there, err := server.ReadFor(view, nil, user)
			if err != nil || !value.Equal(own.Value, there.Value) {
				t.Errorf("%s of %s: %v at his node, %v in his session, %v", view, user, own.Value, there.Value, err)
			}
			if _, err := server.Read(view, nil); !errors.Is(err, flow.ErrUser) {
				t.Errorf("%s without a user: %v", view, err)
			}
		}
	}
	if r, _ := users["ann"].Read("size", nil); r.Value.AsInt() != 42 {
		t.Errorf("ann's size is %v", r.Value)
	}
}

// TestASessionWatchesItsUsersViews: each user is told of his changes alone.
func TestASessionWatchesItsUsersViews(t *testing.T) {
	server := at(t, notes, "server", "")
	for _, user := range []string{"ann", "ben"} {
		if err := server.WatchFor("big", user); err != nil {
			t.Fatal(err)
		}
	}
	server.inSession(t, "ann", "note", value.Int(5))
	out := server.Drain()
	if len(out.Shown) != 1 || out.Shown[0].User != "ann" || out.Shown[0].Name != "big" || out.Shown[0].Added[0].AsInt() != 5 {
		t.Errorf("shown: %+v", out.Shown)
	}
	server.UnwatchFor("big", "ann")
	server.inSession(t, "ann", "note", value.Int(6))
	server.inSession(t, "ben", "note", value.Int(6))
	if out := server.Drain(); len(out.Shown) != 1 || out.Shown[0].User != "ben" {
		t.Errorf("shown: %+v", out.Shown)
	}
}

// TestASessionHasItsUsersRights: what users run at their own nodes they run
// with their own rights; what stands at the server is the server's.
func TestASessionHasItsUsersRights(t *testing.T) {
	server := at(t, notes, "server", "")
	if o := server.inSession(t, "ann", "other", value.String("ben"), value.Int(1)); o.Abort != flow.AbortForbidden {
		t.Errorf("ann writes ben's: %+v", o)
	}
	if o := server.inSession(t, "ann", "other", value.String("ann"), value.Int(1)); o.Abort != "" {
		t.Errorf("ann writes her own: %+v", o)
	}
	if o := server.inSession(t, "ann", "plant", value.String("ben"), value.Int(1)); o.Abort != "" {
		t.Errorf("the server writes ben's: %+v", o)
	}
	if o := server.inSession(t, "ann", "sum"); o.Abort != "" || len(o.Writes) != 1 || o.Writes[0].Space != "user_id=ann" {
		t.Errorf("a slice in a handler is the raiser's: %+v", o)
	}
}
