package flow_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

const access = `
database :friends, set<id>, :by => :user_id, :replicated => true
database :notes, set<string>, :by => :user_id, :replicated => true
database :board, gset<{ from: id, text: string }>, :replicated => true
database :stock, counter, :by => :sku
database :private, set<string>, :replicated => :user_id
database :rooms, set<string>, :replicated => :room_id
on_befriend do |other: id| friends[:user_id].add(other) end
on_part do |other: id| friends[:user_id].remove(other) end
on_note do |whose: id, text: string| notes[whose].add(text) end
on_say do |from: id| board.add({ from: from, text: "hello" }) end
on_take do |sku: id| stock[:sku].dec(1) end
at :server do
  on_seed do |whose: id| notes[whose].add("seed") end
end
allow :write, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :append, board do |me, m| m.from == me end
allow :write, stock do |me| me in friends["ann"] end
allow :read, private, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
`

// TestAccess: what a run may write depends on its user, its role and what was
// granted, and a rule holds as long as what it reads says so.
func TestAccess(t *testing.T) {
	program, _ := lang.Compile([]lang.Source{{Name: "access.mrt", Text: access}}, nil)
	if program == nil {
		t.Fatal("the program has letters")
	}
	server, client := engineAt(t, program, "server"), engineAt(t, program, "client")
	runs := uint64(0)
	raise := func(e *flow.Engine, user, event, want string, args ...string) flow.Outcome {
		t.Helper()
		var vs []value.Value
		for _, a := range args {
			vs = append(vs, value.String(a))
		}
		h, _ := e.Handler(event)
		runs++
		seq := runs
		out := e.Run(h, vs, flow.Env{User: user, Next: func(string) causal.Dot { return causal.Dot{Seq: seq} }})
		if out.Abort != want {
			t.Errorf("%s raises %s%q: %q, want %q", user, event, args, out.Abort, want)
		}
		return out
	}
	const no = flow.AbortForbidden
	raise(client, "ben", "note", "", "ben", "mine")
	out := raise(client, "ben", "note", no, "ann", "hers")
	if out.Wanted == nil || len(out.Wanted.Key) != 1 || out.Wanted.Key[0].AsString() != "ann" {
		t.Errorf("what ben lacks is %+v", out.Wanted)
	}
	if out := raise(client, "ben", "befriend", "", "zoe"); out.Wanted != nil {
		t.Error(out)
	}
	raise(client, "ben", "say", "", "ben")
	if out := raise(client, "ben", "say", no, "ann"); out.Wanted != nil {
		t.Error("nobody can grant what no rule gives")
	}
	raise(server, "ben", "note", no, "ann", "hers")
	raise(server, "", "note", "", "ann", "the server's")
	raise(server, "ben", "seed", "", "ann")
	raise(server, "ben", "take", no, "tea")
	notes, _ := program.Database("notes")
	private, _ := program.Database("private")
	rooms, _ := program.Database("rooms")
	ann := value.String("ann")
	decide := func(want bool) {
		t.Helper()
		if got := server.Decide(notes, "ben", []value.Value{ann}); got != want {
			t.Errorf("ben may write ann's notes: %v", got)
		}
		if got := server.MayRead(private, "ben", ann); got != want {
			t.Errorf("ben may read ann's space: %v", got)
		}
	}
	decide(false)
	raise(server, "ann", "befriend", "", "ben")
	decide(true)
	raise(server, "ben", "note", "", "ann", "hers")
	raise(server, "ben", "take", "", "tea")
	raise(server, "ann", "part", "", "ben")
	decide(false)
	if !server.MayRead(rooms, "ben", ann) || !server.MayRead(notes, "ben", ann) || !server.MayRead(private, "ann", ann) {
		t.Error("rooms name no user, notes are everybody's, and ann reads her own")
	}
}

// TestAccessOfTheHome: what names users at a home is each user's own, unless a
// rule says otherwise, and a rule counts there whatever the key.
func TestAccessOfTheHome(t *testing.T) {
	program, _ := lang.Compile([]lang.Source{{Name: "home.mrt", Text: `
database :ballots, lww<symbol>, :by => [:poll, :user_id]
database :prices, lww<int>, :by => :sku
database :ledger, gset<string>
database :posts, gset<string>, :by => :user_id
allow :read, ledger do |me| me == "ann" end
allow :read, posts do |me| true end
`}}, nil)
	server := engineAt(t, program, "server")
	for _, want := range []struct {
		database, user, of string
		may                bool
	}{
		{"ballots", "ann", "ann", true}, {"ballots", "ben", "ann", false}, {"prices", "ben", "tea", true},
		{"ledger", "ann", "", true}, {"ledger", "ben", "", false}, {"posts", "ben", "ann", true},
	} {
		i, _ := program.Database(want.database)
		if got := server.MayRead(i, want.user, value.String(want.of)); got != want.may {
			t.Errorf("%s may read %s of %q: %t", want.user, want.database, want.of, got)
		}
	}
	i, _ := program.Database("ballots")
	if server.ReadDim(i) != 1 || server.MayRead(i, "ann", value.Nil) {
		t.Error("a ballot is judged by its voter, and all of them are nobody's")
	}
}

func TestGranted(t *testing.T) {
	program, _ := lang.Compile([]lang.Source{{Name: "access.mrt", Text: access}}, nil)
	client := engineAt(t, program, "client")
	h, _ := client.Handler("note")
	env := flow.Env{User: "ben", Next: func(string) causal.Dot { return causal.Dot{Seq: 1} }}
	env.Granted = func(database, key string) bool {
		return database == "notes" && key == value.Encode(value.String("ann"))
	}
	for whose, want := range map[string]string{"ann": "", "zoe": flow.AbortForbidden} {
		if out := client.Run(h, []value.Value{value.String(whose), value.String("x")}, env); out.Abort != want {
			t.Errorf("ben writes the notes of %s: %q, want %q", whose, out.Abort, want)
		}
	}
}

func engineAt(t *testing.T, program *plan.Program, role string) *flow.Engine {
	t.Helper()
	e, err := flow.New(flow.Config{Program: program, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
