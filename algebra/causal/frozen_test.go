package causal

import (
	"testing"

	"github.com/martinelli-lang/martinelli/wire"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozenRecords(t *testing.T) {
	for i, name := range []string{
		"control.registration", "control.grant", "control.grant-user", "control.cut", "control.cut-grant",
		"control.final", "control.checkpoint", "control.retire", "control.proof", "control.standing", "control.revocation",
	} {
		wiretest.Frozen(t, name, records()[i],
			func(rec Record) []byte { e := EntryOf(rec); return []byte(e.Key + e.Value) },
			func(b []byte) (Record, error) {
				return RecordOf(&Entry{Database: ControlDatabase, Key: string(b[:1]), Value: string(b[1:])})
			})
	}
}

func TestFrozenVector(t *testing.T) {
	v := Vector{ReplicaID{1, 15: 1}: 1, ReplicaID{2, 15: 2}: 1 << 40}
	wiretest.Frozen(t, "state.vector", v, func(v Vector) []byte { return v.AppendTo(nil) }, DecodeVector)
}

func TestFrozenKey(t *testing.T) {
	key := Key{[32]byte{1, 31: 2}, 300}
	wiretest.Frozen(t, "part.key", key, func(k Key) []byte { return k.AppendTo(nil) },
		func(b []byte) (Key, error) {
			r := wire.NewReader(b)
			return ReadKey(r), r.Done()
		})
	id := key.ID()
	same(t, "part.replica-id", id[:])
}

// TestFrozenHashes holds what is hashed and what is signed: a change of it is
// a change of every chain there is.
func TestFrozenHashes(t *testing.T) {
	space, author := SpaceID{1, 15: 1}, ReplicaID{2, 15: 2}
	p := &Part{
		Space: space, Replica: author, Seq: 2, Stamp: 1 << 40,
		Seen:     []Ref{{space, Dot{ReplicaID{3}, 4}}},
		Siblings: []Ref{{SpaceID{5}, Dot{author, 6}}},
		Grants:   []Ref{{space, Dot{ReplicaID{7}, 8}}},
		Entries:  []Entry{{"counters", "k", "v"}},
		Removed:  []EntryID{{Dot{ReplicaID{9}, 10}, 11}},
	}
	var h Hasher
	hash := h.Chain(Hash{1}, p)
	same(t, "part.chain-hash", hash[:])
	same(t, "part.seal-statement", SealStatement(p.Chain(), Head{2, hash}))
	same(t, "checkpoint.statement", AppendCheckpointStatement(nil, space, author, records()[6].(*Checkpoint)))
}

// same requires that bytes which nobody reads back are those that were frozen.
func same(t *testing.T, name string, b []byte) {
	t.Helper()
	asIs := func(b []byte) []byte { return b }
	wiretest.Frozen(t, name, b, asIs, func(b []byte) ([]byte, error) { return b, nil })
}
