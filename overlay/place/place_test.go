package place

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

func TestHomesAreAtTheSteward(t *testing.T) {
	first, second := causal.ReplicaID{1}, causal.ReplicaID{2}
	for _, name := range []string{"home", "shared", "user_id=ann"} {
		s := causal.SpaceOf("test", name)
		for _, self := range []causal.ReplicaID{first, second} {
			m := New(self, first)
			if m.Home(s) != first || m.Here(s) != (self == first) {
				t.Errorf("home of %s at %s: %s, here: %v", name, self.Short(), m.Home(s).Short(), m.Here(s))
			}
		}
	}
}
