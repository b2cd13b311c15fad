package repair

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	var (
		hash   = func(n byte) causal.Hash { return causal.Hash{n, 31: n} }
		north  = causal.SpaceID{1, 15: 1}
		south  = causal.SpaceID{2, 15: 2}
		ann    = causal.ReplicaID{3, 15: 3}
		bob    = causal.ReplicaID{4, 15: 4}
		heads  = []Head{{ann, causal.Head{Seq: 7, Hash: hash(7)}}, {bob, causal.Head{Seq: 300, Hash: hash(8)}}}
		want   = Want{Space: north, Author: bob, After: causal.Head{Seq: 9, Hash: hash(9)}}
		branch = causal.Branch{Headers: []causal.Hash{hash(5), hash(6)}, Signature: causal.Signature{1, 63: 2}}
	)
	for name, m := range map[string]Body{
		"repair.root":     Root{Exchange: 5, Digest: hash(1)},
		"repair.same":     Same{Exchange: 5},
		"repair.digests":  Digests{5, north, []SpaceDigest{{north, hash(2)}, {south, hash(3)}}, true},
		"repair.more":     More{5, south},
		"repair.vectors":  Vectors{5, 2, true, []SpaceVector{{north, causal.ReplicaID{1}, heads, false}, {Space: south, Last: true}}},
		"repair.ahead":    Ahead{5, 2, []SpaceHeads{{north, heads}}},
		"repair.wants":    Wants{5, 3, 1 << 20, []Want{want}},
		"repair.parts":    Parts{5, 3, 2, []byte("two parts"), []Want{want}},
		"repair.branch":   Branch{5, north, ann, []causal.Head{{Seq: 7, Hash: hash(7)}}},
		"repair.evidence": Evidence{5, north, ann, 6, 7, branch},
	} {
		wiretest.Frozen(t, name, m, func(m Body) []byte { return m.AppendTo(nil) }, Decode)
	}
}
