package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

const twoFunctions = `
import :slow, (gset<string>, out set<string>), :from => "go:slow"
import :fast, (gset<string>, out set<string>), :from => "go:fast"
database :photos, gset<string>, :replicated => true
database :slowly, set<string>, :replicated => true
database :wines, set<string>, :replicated => true
process do slow(photos, slowly) end
process do fast(photos, wines) end
on_photo do |p: string| photos.add(p) end
`

// calling opens one guest whose functions are called beside it.
func calling(t *testing.T) (*world, *guest) {
	w := newWorld(t, twoFunctions, 1)
	g := w.guests[0]
	same := func(args []value.Value) (value.Value, error) { return args[0], nil }
	g.cfg.Funcs = map[string]flow.Func{"slow": same, "fast": same}
	g.cfg.Calls = true
	w.open(g)
	return w, g
}

// makeCalls makes the calls that wait, but those of the functions named.
func (w *world) makeCalls(g *guest, but string) (made int) {
	calls := g.calls
	g.calls = nil
	for _, c := range calls {
		if c.Func == but {
			g.calls = append(g.calls, c)
			continue
		}
		made++
		r := flow.Returned{}
		if f := w.named[c.Func]; f != nil {
			r = c.DoNamed(f)
		} else {
			r = c.Do(g.cfg.Funcs)
		}
		g.Called(w.now, []node.Called{{Key: c.Key, Returned: r}})
	}
	return made
}

// function returns what the status says of a function.
func function(g *guest, name string) (f node.Function) {
	for _, f := range g.Status().Functions {
		if f.Name == name {
			return f
		}
	}
	return f
}

// TestASlowFunctionKeepsNobodyWaiting: one never returns, and the other one,
// and events, go on; when it returns after all, its cell is filled.
func TestASlowFunctionKeepsNobodyWaiting(t *testing.T) {
	w, g := calling(t)
	for _, p := range []string{"a", "b", "c"} {
		w.photo(g, p)
		w.run(2 * causal.Second)
		w.makeCalls(g, "slow")
		w.run(2 * causal.Second)
	}
	if got := w.wines(g); got != "a b c" {
		t.Errorf("the other function found %q", got)
	}
	if f := function(g, "slow"); f.Waiting != 1 || f.Calls != 0 || f.Since == 0 || w.now-f.Since < 5*causal.Second {
		t.Errorf("the status of the slow function is %+v", f)
	}
	for range 2 { // with what it was given first, and then again with what has come since
		w.makeCalls(g, "")
		w.run(2 * causal.Second)
	}
	if n := len(w.read(g, "slowly").Reading.Value.Elems()); n != 3 {
		t.Errorf("the slow function filled in %d", n)
	}
	if f := function(g, "slow"); f.Waiting != 0 || f.Calls != 2 {
		t.Errorf("the status of the slow function is %+v", f)
	}
}

// TestWhatFailsIsTriedAgain: ever more seldom, seen in the status, until it gives something.
func TestWhatFailsIsTriedAgain(t *testing.T) {
	w, g := calling(t)
	works := false
	g.cfg.Funcs["slow"] = func(args []value.Value) (value.Value, error) {
		if !works {
			panic("no model")
		}
		return args[0], nil
	}
	w.photo(g, "a")
	made := 0
	for range 60 {
		w.run(causal.Second)
		made += w.makeCalls(g, "fast")
	}
	f := function(g, "slow")
	if f.Failures != uint64(made) || made < 5 || made > 12 || f.Error != "slow panicked: no model" || f.Next <= w.now {
		t.Errorf("%d calls, and the status is %+v", made, f)
	}
	works = true
	for range 120 {
		w.run(causal.Second)
		w.makeCalls(g, "")
	}
	if f := function(g, "slow"); f.Error != "" || f.Calls != 1 || len(w.read(g, "slowly").Reading.Value.Elems()) != 1 {
		t.Errorf("it works again, and the status is %+v", f)
	}
}

// TestCallsAreBounded: as many of one function are under way as may be.
func TestCallsAreBounded(t *testing.T) {
	const many = `
import :slow, (gset<string>, out set<string>), :from => "go:slow"
database :photos, gset<string>, :by => :k, :replicated => true
database :slowly, set<string>, :by => :k, :replicated => true
process do |k in photos.keys| slow(photos[:k], slowly[:k]) end
on_photo do |k: string| photos[k].add(k) end
`
	w := newWorld(t, many, 1)
	g := w.guests[0]
	g.cfg.Funcs = map[string]flow.Func{"slow": func(args []value.Value) (value.Value, error) { return args[0], nil }}
	g.cfg.Calls, g.cfg.Limits.CallsMax = true, 3
	w.open(g)
	for _, k := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		w.photo(g, k)
	}
	w.run(5 * causal.Second)
	if f := function(g, "slow"); f.Waiting != 3 || len(g.calls) != 3 {
		t.Fatalf("%d calls are made, and the status is %+v", len(g.calls), f)
	}
	for range 5 {
		w.makeCalls(g, "")
		w.run(causal.Second)
	}
	if f := function(g, "slow"); f.Waiting != 0 || f.Calls != 7 {
		t.Errorf("the status is %+v", f)
	}
}
