package flow_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/value"
)

// TestExpire: an engine says once of a key that it began to hold something,
// knows the stamp of the last write, and takes back all that is there.
func TestExpire(t *testing.T) {
	program, letters := lang.Compile([]lang.Source{{Name: "here.mrt", Text: `
database :here, set<string>, :by => :who, :expires => "30s"
database :kept, set<string>, :by => :who
view :count do here.keys.count end
on_beat do |who: id, word: string|
  here[who].add(word)
  kept[who].add(word)
end
`}}, nil)
	if program == nil {
		t.Fatal(letters)
	}
	e := engineAt(t, program, "server")
	seq := uint64(0)
	env := func(stamp causal.Stamp) flow.Env {
		seq++
		return flow.Env{Stamp: stamp, Next: func(string) causal.Dot { return causal.Dot{Seq: seq} }}
	}
	beat := func(who, word string, stamp causal.Stamp) {
		h, _ := e.Handler("beat")
		if out := e.Run(h, []value.Value{value.String(who), value.String(word)}, env(stamp)); out.Abort != "" {
			t.Fatal(out.Abort)
		}
	}
	beat("ann", "a", 5)
	beat("ben", "b", 7)
	aging := e.Drain().Aging
	if len(aging) != 2 {
		t.Fatalf("aging: %v", aging)
	}
	beat("ann", "c", 9)
	if again := e.Drain().Aging; len(again) > 0 {
		t.Errorf("said again: %v", again)
	}
	if newest, ok := e.Newest(aging[0]); !ok || newest != 9 {
		t.Errorf("ann's newest is %d", newest)
	}
	out := e.Expire(aging, env(11))
	if len(out.Writes) != 1 || len(out.Writes[0].Removed) != 3 || len(out.Writes[0].Entries) != 0 {
		t.Errorf("what expires is written as %+v", out.Writes)
	}
	if _, ok := e.Newest(aging[0]); ok {
		t.Error("ann is still there")
	}
	if r, err := e.Read("count", nil); err != nil || r.Value.AsInt() != 0 {
		t.Errorf("the view counts %v", r.Value)
	}
	if r, err := e.Read("kept", nil); err != nil || len(r.Pairs) != 2 {
		t.Errorf("kept are %v", r.Pairs)
	}
	beat("ann", "d", 12)
	if again := e.Drain().Aging; len(again) != 1 || again[0] != aging[0] {
		t.Errorf("what begins again is not said: %v", again)
	}
}

// TestARecordExpiresAsOne: what is written into one field renews all of them, a
// map's keys too, and all go together; another key of the record is its own.
func TestARecordExpiresAsOne(t *testing.T) {
	program, letters := lang.Compile([]lang.Source{{Name: "cart.mrt", Text: `
type :Cart, { items: set<string>, note: lww<string>, notes: map<id, set<string>> }
database :carts, Cart, :by => :who, :expires => "30s"
on_put do |who: id, item: string| carts[who].items.add(item) end
on_say do |who: id, note: string| carts[who].notes[note].add(note) end
view :all do carts.keys.count end
`}}, nil)
	if program == nil {
		t.Fatal(letters)
	}
	e := engineAt(t, program, "server")
	seq := uint64(0)
	env := func(stamp causal.Stamp) flow.Env {
		seq++
		return flow.Env{Stamp: stamp, Next: func(string) causal.Dot { return causal.Dot{Seq: seq} }}
	}
	tell := func(event, who string, stamp causal.Stamp) {
		h, _ := e.Handler(event)
		if out := e.Run(h, []value.Value{value.String(who), value.String("x")}, env(stamp)); out.Abort != "" {
			t.Fatal(out.Abort)
		}
	}
	tell("put", "ann", 5)
	tell("say", "ann", 9)
	tell("say", "ann", 7)
	tell("put", "ben", 6)
	var keys []flow.Aging
	for _, a := range e.Drain().Aging {
		if len(keys) == 0 || keys[len(keys)-1] != a {
			keys = append(keys, a)
		}
	}
	if len(keys) != 2 || keys[0].Database != keys[1].Database {
		t.Fatalf("to look after: %v", keys)
	}
	for i, want := range []causal.Stamp{9, 6} {
		if newest, ok := e.Newest(keys[i]); !ok || newest != want {
			t.Errorf("the newest of %q is %d (%v), want %d", keys[i].Key, newest, ok, want)
		}
	}
	if out := e.Expire(keys[:1], env(20)); out.Abort != "" || len(out.Writes) != 1 || len(out.Writes[0].Removed) != 2 {
		t.Fatalf("ann's record: %+v", out)
	}
	if _, ok := e.Newest(keys[0]); ok {
		t.Error("there is something left of ann's record")
	}
	if r, err := e.Read("all", nil); err != nil || r.Value.AsInt() != 1 {
		t.Errorf("%v carts are left (%v), want ben's", r.Value, err)
	}
}
