package node

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func sampleNote() note {
	return note{
		signed{causal.ReplicaID{1, 15: 1}, causal.Checkpoint{Marker: 300, Vector: causal.Hash{1}, Entries: causal.Hash{2}, Needs: causal.Hash{3}, Signature: causal.Signature{4}}},
		[]causal.Ref{{Space: causal.SpaceID{5}, Dot: causal.Dot{Replica: causal.ReplicaID{6}, Seq: 300}}},
	}
}

func TestFrozenNote(t *testing.T) {
	wiretest.Frozen(t, "checkpoint.note", sampleNote(), func(c note) []byte { return c.appendTo(nil) }, decodeNote)
}

func FuzzNote(f *testing.F) {
	c := sampleNote()
	f.Add(c.appendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := decodeNote(b); err == nil && !bytes.Equal(c.appendTo(nil), b) {
			t.Errorf("%x decodes and encodes to %x", b, c.appendTo(nil))
		}
	})
}
