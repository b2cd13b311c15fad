package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
)

// Each event adds to both databases of the home, in one commit; what they hold
// together fills several pages.
const ledger = `
at :server do
  database :log, gset<string>
  database :sum, counter
  view :size do log.count end
end
on_put do |s: string|
  log.add(s)
  sum.inc(1)
end
at :client do
  view :torn do log.count - sum + size - sum end
  process do
    render(torn)
  end
end
`

// TestPulledStatesWere: what clients pull through cuts and crashes is, whenever
// it is looked at, one state that the home was in: no commit is torn, none is
// ahead of the home, it is no older than it says, and never goes back.
func TestPulledStatesWere(t *testing.T) {
	p := compile(t, "ledger.mrt", ledger)
	for seed := range seeds(6) {
		w, err := NewWorld(Config{Program: p, Roles: []Role{{"server", 1}, {"client", 3}}, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.StartAll(); err != nil {
			t.Fatal(err)
		}
		w.Advance(2 * causal.Second)
		looks := pulling(t, w, seed)
		revive(t, w)
		w.Advance(10 * causal.Second)
		want := shows(t, w.machines[0], "sum")
		for _, m := range w.machines[1:] {
			if got := shows(t, m, "size"); got != want {
				t.Errorf("seed %d: %s is shown %s of %s", seed, m.Name(), got, want)
			}
		}
		if looks < 200 {
			t.Errorf("seed %d: only %d looks at something", seed, looks)
		}
		rest(t, w)
	}
}

// state is what the home held from a time on.
type state struct {
	at  causal.Instant
	sum int64
}

// pulling lets the home change while links and machines fail, and looks at
// what clients are shown. It returns how often they were shown something.
func pulling(t *testing.T, w *World, seed uint64) (looks int) {
	t.Helper()
	rnd, home := die(seed, "pulls"), w.machines[0]
	var was []state
	last := map[*Machine]state{}
	starts := map[*Machine]uint64{}
	cuts := 0
	for step := range 400 {
		if home.Up() {
			if step < 160 {
				home.Raise(node.RaiseRequest{Event: "put", Args: []value.Value{value.String(fmt.Sprint(step, strings.Repeat("x", 6000)))}}, nil)
			}
			if r, ok := home.Read("sum"); ok {
				was = append(was, state{w.now, r.Value.AsInt()})
			}
		}
		switch rnd.IntN(40) {
		case 0:
			w.Cut(fault.Action{Cut: cuts, Groups: []int{0, rnd.IntN(2), rnd.IntN(2), rnd.IntN(2)}})
			cuts++
		case 1:
			for i := range cuts {
				w.Heal(i)
			}
		case 2:
			if m := w.machines[rnd.IntN(4)]; m.Up() {
				m.Crash(fault.Loss(rnd.IntN(3)))
				was = nil // what was not on disk is gone
			}
		case 3:
			revive(t, w)
		}
		w.Advance(causal.Instant(rnd.IntN(150)) * causal.Millisecond)
		for _, m := range w.machines[1:] {
			if !m.Up() {
				continue
			}
			if m.Starts() != starts[m] {
				starts[m] = m.Starts()
				delete(last, m)
			}
			m.Request(node.ReadRequest{Name: "torn"}, func(a node.Answer) {
				if a.Reading == nil || a.AsOf == 0 {
					return
				}
				looks++
				r, _ := m.Read("sum")
				now := state{a.AsOf, r.Value.AsInt()}
				if torn := a.Reading.Value.AsInt(); torn != 0 {
					t.Fatalf("seed %d: %s is shown a state torn by %d", seed, m.Name(), torn)
				}
				if before := last[m]; now.at < before.at || now.sum < before.sum {
					t.Fatalf("seed %d: %s goes back from %+v to %+v", seed, m.Name(), before, now)
				}
				last[m] = now
				if i := slices.IndexFunc(was, func(s state) bool { return s.at >= now.at }); i > 0 && now.sum < was[i-1].sum {
					t.Fatalf("seed %d: %s says it is as of %d, and the home had %d then, not %d", seed, m.Name(), now.at, was[i-1].sum, now.sum)
				}
				if r, ok := home.Read("sum"); ok && now.sum > r.Value.AsInt() {
					t.Fatalf("seed %d: %s is ahead of the home: %d", seed, m.Name(), now.sum)
				}
			})
		}
	}
	for i := range cuts {
		w.Heal(i)
	}
	return looks
}
