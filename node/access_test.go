package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// anarchy is the diary of somebody who writes wherever he likes.
var anarchy = strings.NewReplacer(
	"allow :read, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end", "allow :read, notes do |me| true end",
	"allow :write, notes do |me| me == user_id or me in friends[:user_id] end", "allow :write, notes do |me| true end",
).Replace(diary)

// TestWhoWritesFirstIsJudgedSoon: what somebody writes before the steward has
// heard whose node it is is judged as soon as it has, and does not wait for as
// long as a stranger's.
func TestWhoWritesFirstIsJudgedSoon(t *testing.T) {
	w, first, ann, _, second := newDiary(t)
	w.tellIt(ann, "note", "milk")
	w.addAs(compiled(t, anarchy), 1, func(c *node.Config) {
		c.Key, c.Name, c.Seed, c.Role, c.User = keyOf(60), "mallory", 60, "client", "mallory"
	})
	mallory := w.guests[len(w.guests)-1]
	w.mustLink(mallory, ann) // from whom the servers have it before mallory can say who she is
	mallory.Raise(w.now, 1, node.RaiseRequest{Event: "slip", Args: []value.Value{value.String("ann"), value.String("poison")}})
	w.run(2 * causal.Second)
	w.have(first, "ann", "milk poison")
	w.mustLink(mallory, second)
	w.run(2 * causal.Second)
	for _, g := range []*guest{first, ann, second} {
		w.have(g, "ann", "milk")
	}
}

// TestTheFirstUserIsJudgedToo: what was there before there were users stays, and
// what the very first of them writes is judged nevertheless, whichever server he
// came to, and whoever else comes before the steward has heard of him.
func TestTheFirstUserIsJudgedToo(t *testing.T) {
	for _, isLate := range []bool{false, true} {
		for at := range 2 {
			w := newWorld(t, diary, 2)
			first, second := w.guests[0], w.guests[1]
			if !isLate {
				w.mustLink(first, second)
			}
			w.tellIt(second, "slip", "ann", "older")
			w.addAs(compiled(t, anarchy), 1, func(c *node.Config) {
				c.Key, c.Name, c.Seed, c.Role, c.User = keyOf(60), "mallory", 60, "client", "mallory"
			})
			mallory := w.guests[2]
			w.mustLink(mallory, w.guests[at])
			mallory.Raise(w.now, 1, node.RaiseRequest{Event: "slip", Args: []value.Value{value.String("ann"), value.String("poison")}})
			if isLate {
				w.run(causal.Millisecond)
				w.mustLink(first, second)
			}
			w.run(causal.Millisecond) // and the steward has it
			w.addAs(compiled(t, diary), 1, func(c *node.Config) {
				c.Key, c.Name, c.Seed, c.Role, c.User = keyOf(61), "ann", 61, "client", "ann"
			})
			w.mustLink(w.guests[3], first)
			w.run(2 * causal.Second)
			for _, g := range []*guest{first, second, w.guests[3]} {
				w.have(g, "ann", "older")
			}
		}
	}
}
