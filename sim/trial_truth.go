package sim

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
)

// fillTruths puts into a test what its truths are: what an engine says that
// has applied every commit made, by whomever. The replicas compile what `then`
// expects when it is asked, after this.
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
	engine.Apply(r.allCommits())
	for i, t := range r.Test.Truths {
		reading, err := engine.Read("@truth."+strconv.Itoa(i), nil)
		if err != nil {
			return err
		}
		t.Value.Const = reading.Value
	}
	return nil
}

// allCommits is the join of all commits as one change of nothing.
func (r *trialRun) allCommits() (changes []flow.Change) {
	truth := r.world.audit.Truth()
	for _, database := range truth.Databases() {
		for _, key := range truth.Keys(database) {
			truth.Each(database, key, func(it crdt.Item) {
				changes = append(changes, flow.Change{Database: database, Key: key, Item: it})
			})
		}
	}
	return changes
}
