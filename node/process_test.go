package node_test

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

const cellar = `
import :refine, (gset<string>, out set<string>), :from => "go:refine"
database :photos, gset<string>, :replicated => true
database :wines, set<string>, :replicated => true
process do refine(photos, wines) end
on_photo do |p: string| photos.add(p) end
on_dislike do |w: string| wines.remove(w) end
`

// refining opens guests of the cellar, each with its own model, or none.
func refining(t *testing.T, models ...string) *world {
	w := newWorld(t, cellar, len(models))
	for i, g := range w.guests {
		if models[i] != "" {
			g.cfg.Funcs = map[string]flow.Func{"refine": func(args []value.Value) (value.Value, error) {
				var out []value.Value
				for _, v := range args[0].Elems() {
					out = append(out, value.String(models[i]+v.AsString()))
				}
				return value.List(out...), nil
			}}
		}
		g.cfg.Limits.FinalAfter = -1 // so that all commits are of events and processes
		w.open(g)
	}
	w.linkAll()
	w.run(causal.Second)
	return w
}

func (w *world) wines(g *guest) string {
	r := w.read(g, "wines")
	var list []string
	for _, v := range r.Reading.Value.Elems() {
		list = append(list, v.AsString())
	}
	return strings.Join(list, " ")
}

func (w *world) photo(g *guest, name string) {
	w.raise(g, node.RaiseRequest{Event: "photo", Args: []value.Value{text(name)}})
}

// TestAProcessRunsWhereItsFunctionIs: a node without the function shows what
// others found, and a restart computes again and writes nothing.
func TestAProcessRunsWhereItsFunctionIs(t *testing.T) {
	w := refining(t, "red ", "red ", "")
	w.photo(w.guests[2], "a")
	w.photo(w.guests[0], "b")
	w.run(5 * causal.Second)
	for _, g := range w.guests {
		if got := w.wines(g); got != "red a red b" {
			t.Errorf("%s shows %q", g.cfg.Name, got)
		}
	}
	w.raise(w.guests[2], node.RaiseRequest{Event: "dislike", Args: []value.Value{text("red a")}})
	w.photo(w.guests[1], "c")
	w.run(5 * causal.Second)
	for _, g := range w.guests {
		if got := w.wines(g); got != "red b red c" {
			t.Errorf("%s shows %q after a veto", g.cfg.Name, got)
		}
	}
	w.open(w.guests[0])
	w.linkAll()
	w.run(5 * causal.Second)
	if c := w.guests[0].Status().Counts; c.Commits != 0 {
		t.Errorf("a restart made %d commits", c.Commits)
	}
}

// TestModelsThatDifferComeToRest: two nodes whose functions disagree overwrite
// each other a bounded number of times, and then show the same.
func TestModelsThatDifferComeToRest(t *testing.T) {
	w := refining(t, "red ", "white ")
	w.photo(w.guests[0], "a")
	w.run(2 * 60 * causal.Second)
	before := w.guests[0].Status().Counts.Commits + w.guests[1].Status().Counts.Commits
	w.run(10 * 60 * causal.Second)
	if after := w.guests[0].Status().Counts.Commits + w.guests[1].Status().Counts.Commits; after != before || after > 30 {
		t.Errorf("%d commits, and %d later", before, after)
	}
	if a, b := w.wines(w.guests[0]), w.wines(w.guests[1]); a != b || a == "" {
		t.Errorf("they show %q and %q", a, b)
	}
}
