package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/value"
)

const till = `
database :spent, map<id, gcounter>, :at => :server
database :board, gset<string>, :replicated => true
on_spend do |n: nat| spent[user_id].inc(n) end
on_say do |text: string| board.add(text) end
view :bills do spent end
`

// TestNobodyRaisesAsAnother: what a user's node says at the home of who raises
// an event counts only where it is that user, by request and by outbox alike;
// what a trusted node says counts.
func TestNobodyRaisesAsAnother(t *testing.T) {
	for _, way := range []node.Outboxing{node.OutboxNever, node.OutboxAlways} {
		w := newClub(t, till, "ann", "ben", "hub")
		server, ann, ben, hub := w.guests[0], w.guests[1], w.guests[2], w.guests[3]
		hub.cfg.Role, hub.cfg.User = "server", ""
		hub.disk.Crash(0)
		w.open(hub)
		w.linkAll()
		w.run(2 * causal.Second)
		raise := func(g *guest, user string) string {
			a := w.raise(g, node.RaiseRequest{Event: "spend", User: user, Args: []value.Value{value.Int(1)}, Outbox: way})
			w.run(2 * causal.Second)
			if list := g.Outbox(); way == node.OutboxAlways && len(list) > 0 {
				return list[len(list)-1].Abort
			}
			return a.Abort
		}
		for _, c := range []struct {
			at         *guest
			user, want string
		}{{ben, "ann", node.AbortOther}, {ben, "", ""}, {ben, "ben", ""}, {ann, "ben", node.AbortOther}, {ann, "", ""}, {hub, "ann", ""}} {
			if got := raise(c.at, c.user); got != c.want {
				t.Errorf("way %d: %s raises as %q: %q, want %q", way, c.at.cfg.Name, c.user, got, c.want)
			}
		}
		for user, want := range map[string]int{"ann": 2, "ben": 2} {
			if got := w.read(server, "spent", value.String(user)); got.Reading == nil || got.Reading.Value.AsInt() != int64(want) {
				t.Errorf("way %d: %s has spent %+v, want %d", way, user, got, want)
			}
		}
	}
}

// TestWhatIsAnothersIsNotAnswered: who knows the handle of another user's space
// and the authors in it gets nothing of it by asking, neither its vector nor
// parts nor a checkpoint; for his own space the same questions are answered.
func TestWhatIsAnothersIsNotAnswered(t *testing.T) {
	w := newClub(t, walls, "ann", "ben")
	server, ann, ben := w.guests[0], w.guests[1], w.guests[2]
	w.linkAll()
	w.raise(ann, note("milk"))
	w.raise(ben, note("tea"))
	w.run(3 * causal.Second)
	for _, whose := range []*guest{ann, ben} {
		space := causal.SpaceOf(whose.cfg.Cluster, "user_id="+whose.cfg.User)
		given := 0
		for _, question := range []interface{ AppendTo([]byte) []byte }{
			repair.Wants{Exchange: 1, Size: 1 << 20, Wants: []repair.Want{{Space: space, Author: whose.id()}}},
			repair.Vectors{Exchange: 1, Spaces: []repair.SpaceVector{{Space: space, Last: true}}},
			repair.Take{Space: space, Size: 1 << 20},
		} {
			if err := server.Receive(w.now, ben.id(), node.KindRepair, question.AppendTo(nil)); err != nil {
				t.Fatal(err)
			}
			for _, m := range server.Drain(w.now).Messages {
				body, err := repair.Decode(m.Body)
				if m.Kind != node.KindRepair || m.To != ben.id() || err != nil {
					continue
				}
				switch answer := body.(type) {
				case repair.Parts:
					given += answer.Parts
				case repair.Ahead:
					given += len(answer.Spaces)
				case repair.Taken:
					given += len(answer.Body)
				}
			}
		}
		if isGiven := given > 0; isGiven != (whose == ben) {
			t.Errorf("ben asks for what is %s's: %d things are given", whose.cfg.User, given)
		}
	}
}
