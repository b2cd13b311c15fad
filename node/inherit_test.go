package node

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func exampleInherit() inherit {
	return inherit{
		Former: causal.ReplicaID{1}, Key: causal.Key{Public: [32]byte{2}, Incarnation: 3},
		Chains: []estate{{Space: causal.SpaceID{4}, After: causal.Head{Seq: 5, Hash: causal.Hash{6}}, Hashes: []causal.Hash{{7}, {8}}}},
	}
}

func exampleHeir() heirRecord {
	return heirRecord{Heir: causal.ReplicaID{1}, First: 6, Hashes: []causal.Hash{{7}, {8}}}
}

func TestFrozenInheritance(t *testing.T) {
	wiretest.Frozen(t, "node.inherit", exampleInherit(), func(q inherit) []byte { return q.appendTo(nil) }, decodeInherit)
	wiretest.Frozen(t, "node.heir", exampleHeir(), func(h heirRecord) []byte { return []byte(h.encode()) },
		func(b []byte) (heirRecord, error) { return decodeHeir(string(b)) })
}

func FuzzInherit(f *testing.F) {
	q := exampleInherit()
	f.Add(q.appendTo(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		if q, err := decodeInherit(body); err == nil && !bytes.Equal(q.appendTo(nil), body) {
			t.Errorf("%x decodes and encodes to %x", body, q.appendTo(nil))
		}
	})
}

func FuzzHeir(f *testing.F) {
	h := exampleHeir()
	f.Add(h.encode())
	f.Fuzz(func(t *testing.T, value string) {
		if h, err := decodeHeir(value); err == nil && h.encode() != value {
			t.Errorf("%x decodes and encodes to %x", value, h.encode())
		}
	})
}
