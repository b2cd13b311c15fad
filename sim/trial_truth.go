package sim

import (
	"maps"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// linkTruths makes the truths of a test functions of the host, so that a
// replica gets the value when it asks, whatever it compiled before. They are
// asked once they are known.
func (r *trialRun) linkTruths(p *plan.Program) map[string]flow.Func {
	funcs := maps.Clone(r.Funcs)
	if funcs == nil {
		funcs = map[string]flow.Func{}
	}
	p.Imports = append([]plan.Import(nil), p.Imports...)
	r.truths = make([]value.Value, len(r.Test.Truths))
	for i, t := range r.Test.Truths {
		name := "@truth." + strconv.Itoa(i)
		*t.Value = plan.Expr{Op: plan.OpImport, Type: t.Value.Type, Index: len(p.Imports)}
		p.Imports = append(p.Imports, plan.Import{Name: name, Result: t.Value.Type, From: "go:" + name})
		funcs[name] = func([]value.Value) (value.Value, error) { return r.truths[i], nil }
	}
	return funcs
}

// fillTruths finds out what the truths of a test are: what an engine says that
// has applied every commit made, by whomever.
func (r *trialRun) fillTruths() error {
	if len(r.Test.Truths) == 0 {
		return nil
	}
	p := &plan.Program{
		Types: r.Program.Types, Databases: r.Program.Databases, Views: append([]plan.View(nil), r.Program.Views...),
		Imports: r.Program.Imports, Funcs: r.Program.Funcs, Roles: r.Program.Roles,
	}
	for i, t := range r.Test.Truths {
		p.Views = append(p.Views, plan.View{Name: "@truth." + strconv.Itoa(i), Slots: t.Slots, Expr: t.Of})
	}
	engine, err := flow.New(flow.Config{Program: p, Funcs: r.Funcs})
	if err != nil {
		return err
	}
	engine.Apply(r.world.AllCommits())
	engine.Advance(int64(r.world.now / causal.Millisecond))
	for i := range r.truths {
		reading, err := engine.Read("@truth."+strconv.Itoa(i), nil)
		if err != nil {
			return err
		}
		r.truths[i] = reading.Value
	}
	return nil
}

// AllCommits returns the join of all commits made, by whomever, as one change
// of nothing.
func (w *World) AllCommits() (changes []flow.Change) {
	truth := w.audit.Truth()
	for _, database := range truth.Databases() {
		for _, key := range truth.Keys(database) {
			truth.Each(database, key, func(it crdt.Item) {
				changes = append(changes, flow.Change{Database: database, Key: key, Item: it})
			})
		}
	}
	return changes
}
