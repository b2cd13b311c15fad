package sim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// Friends drink wine: who is a friend of ann's puts wines into her cellar, and
// asks for the right when he first does.
const cellarProgram = `
database :friends, gset<id>, :by => :user_id, :replicated => true
database :favorites, set<string>, :by => :user_id, :replicated => true
on_befriend do |other: id| friends[:user_id].add(other) end
on_favor do |whose: id, what: string| favorites[whose].add(what) end
allow :write, favorites do |me| me == user_id or me in friends[:user_id] end
`

// TestAFriendIsNeverForbidden: whatever is lost, cut and killed, nobody who may
// write is told that he may not; who is away, with nobody to ask, is forbidden at once.
func TestAFriendIsNeverForbidden(t *testing.T) {
	p := compile(t, "cellar.mrt", cellarProgram)
	words := map[string]int{}
	for seed := range seeds(12) {
		w, err := NewWorld(Config{
			Name: "cellar", Program: p, Seed: seed, IsTrial: true, Span: 20 * causal.Second,
			Roles: []Role{{"server", 2}, {"client", 4}}, Users: map[string][]string{"client": friendsNames},
			Faults: fault.Spec{Drop: 200_000, Duplicate: 100_000, Reorder: 100_000, Cuts: 6, Crashes: 2},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.StartAll(); err != nil {
			t.Fatal(err)
		}
		w.Advance(3 * causal.Second) // everybody is in the directory
		for _, m := range w.machines[2:] {
			for _, name := range friendsNames {
				m.Raise(node.RaiseRequest{Event: "befriend", Args: []value.Value{value.String(name)}}, nil)
			}
		}
		w.Settle(2*quiet, settleLimit)
		for i := range 60 {
			m := w.machines[2+w.loadDie.IntN(len(friendsNames))]
			whose, what := friendsNames[w.loadDie.IntN(len(friendsNames))], fmt.Sprint(m.name, " ", i)
			w.after(causal.Instant(w.loadDie.Int64N(int64(w.cfg.Span))), func() {
				if !m.Up() {
					return
				}
				m.Raise(node.RaiseRequest{Event: "favor", Args: []value.Value{value.String(whose), value.String(what)}}, func(a node.Answer) {
					if words[a.Abort]++; a.Abort == flow.AbortForbidden && strings.Contains(a.Detail, ": ") { // without a reason: nobody was there to ask
						t.Errorf("seed %d: %s may write %s's wines, and is told: %s", seed, m.name, whose, a.Detail)
					}
				})
			})
		}
		w.strain()
		if !w.Settle(2*quiet, settleLimit) {
			t.Fatalf("seed %d: the world does not come to rest", seed)
		}
		for _, f := range w.Findings() {
			t.Fatalf("seed %d: %s", seed, f)
		}
	}
	if words[""] == 0 {
		t.Error("nobody has written anything")
	}
	t.Logf("%v", words)
}
