package lower_test

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

func compile(t *testing.T, text string) *plan.Program {
	t.Helper()
	p, letters := lang.Compile([]lang.Source{{Name: "test.mrt", Text: text}}, nil)
	if p == nil {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	return p
}

func TestWhoMayWrite(t *testing.T) {
	p := compile(t, `
database :nobody, set<int>, :replicated => true
database :everybody, set<int>, :replicated => true
database :key, set<int>, :by => [:day, :user_id], :replicated => true
database :space, set<int>, :replicated => :user_id
database :home, set<int>, :by => :user_id
allow :write, everybody do |me| true end
on_x do |day: int| key[:day, :user_id].add(1) end`)
	for name, want := range map[string]struct {
		all bool
		key int
	}{"nobody": {false, -1}, "everybody": {true, -1}, "key": {false, 1}, "space": {false, 0}, "home": {false, -1}} {
		i, _ := p.Database(name)
		if d := p.Databases[i]; d.WriteByAll != want.all || d.WriteByKey != want.key {
			t.Errorf("%s: all %v, key %d; want %+v", name, d.WriteByAll, d.WriteByKey, want)
		}
	}
}

// TestHome: what touches a home database stands at its home; what does not
// stays everywhere.
func TestHome(t *testing.T) {
	p := compile(t, `
database :home, gset<int>
database :wide, gset<int>, :replicated => true
database :seldom, set<int>, :at => :server
on_both do |x: int|
  home.add(x)
  wide.add(x)
end
on_wide do |x: int| wide.add(x) end
on_read do |x: int|
  if low.count > x
    wide.add(x)
  end
end
view :low do home.filter do |x| x < 3 end end
view :lower do low.filter do |x| x < 2 end end
view :high do wide.filter do |x| x > 3 end end
process do render(lower) end
process do render(high) end
invariant :few do |x in seldom| home.count <= 100 else seldom.remove(x) end`)
	server := []string{"server"}
	for event, want := range map[string]bool{"both": true, "wide": false, "read": true} {
		i := slices.IndexFunc(p.Handlers, func(h plan.Handler) bool { return h.Event == event })
		if p.Handlers[i].Home != want || len(p.Handlers[i].At) != 0 {
			t.Errorf("on_%s: home %v at %v", event, p.Handlers[i].Home, p.Handlers[i].At)
		}
	}
	for name, want := range map[string][]string{"low": server, "lower": server, "high": nil} {
		i, _ := p.View(name)
		if v := p.Views[i]; v.Home != (want != nil) || !slices.Equal(v.At, want) {
			t.Errorf("view %s: home %v at %v", name, v.Home, v.At)
		}
	}
	if !slices.Equal(p.Processes[0].At, server) || len(p.Processes[1].At) != 0 || !slices.Equal(p.Invariants[0].At, server) {
		t.Error("renders and invariants of home data stand at its home, others everywhere")
	}
}

// TestAmbientPlaces: what uses what a role binds stands where it is bound.
func TestAmbientPlaces(t *testing.T) {
	p := compile(t, `
database :notes, gset<int>, :replicated => :user_id
view :mine do notes end
view :most do mine.filter do |n| n > 1 end end
view :all do notes.keys end
process do render(most) end
process do render(all) end
on_copy do most.each do |n| notes[:user_id].add(n + 1) end end
on_note do |n: int| notes[:user_id].add(n) end`)
	client := []string{"client"}
	for name, want := range map[string][]string{"mine": client, "most": client, "all": nil} {
		i, _ := p.View(name)
		if v := p.Views[i]; !slices.Equal(v.At, want) {
			t.Errorf("view %s at %v", name, v.At)
		}
	}
	if !slices.Equal(p.Processes[0].At, client) || len(p.Processes[1].At) != 0 {
		t.Error("a process that renders a user's view stands where users are, others everywhere")
	}
	if !slices.Equal(p.Handlers[0].At, client) || len(p.Handlers[1].At) != 0 {
		t.Error("a handler that reads a user's view stands where users are, one that is bound to its raiser everywhere")
	}
}
