// Package place says which replica is the home of a space: where its
// unreplicated data lives and its serial decisions are made.
//
// In this first form all homes are at the steward, the first node of the
// cluster. Callers ask per space all the same, so that homes can spread
// without a change to them.
package place

import "github.com/martinelli-lang/martinelli/algebra/causal"

// Map says where homes are. The constructor is the only door.
type Map struct {
	self, steward causal.ReplicaID
}

// New returns the map of a cluster whose first node is steward, as seen by self.
func New(self, steward causal.ReplicaID) *Map { return &Map{self, steward} }

// Home returns the member that is the home of the space.
func (m *Map) Home(causal.SpaceID) causal.ReplicaID { return m.steward }

// Here reports whether the space's home is this node.
func (m *Map) Here(s causal.SpaceID) bool { return m.Home(s) == m.self }
