package crdt

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// The language's table and this room call lattices and verbs by the same
// names. Text and sequences are still to come.
func TestNamesAreThoseOfTheLanguage(t *testing.T) {
	for _, row := range plan.Lattices() {
		if row.Kind == plan.KindText || row.Kind == plan.KindSeq {
			continue
		}
		typ := of(row.Name)
		if row.Kind == plan.KindMapOf {
			typ.Args = []Type{of("set")}
		}
		c := newOf(t, typ)
		for _, verb := range row.Verbs {
			if _, err := c.Do(verb.Name, causal.ReplicaID{1}, value.Int(1)); err != nil {
				t.Errorf("%s.%s: %v", row.Name, verb.Name, err)
			}
		}
		if _, err := New(row.Name); (err == nil) != row.Available {
			t.Errorf("New(%q): %v, but available is %v", row.Name, err, row.Available)
		}
		if _, err := c.Do("no such verb", causal.ReplicaID{1}, value.Nil); !errors.Is(err, ErrVerb) {
			t.Errorf("%s: %v", row.Name, err)
		}
	}
}
