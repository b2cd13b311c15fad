package saga

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// bytesOf makes an encoder or decoder of texts one of bytes.
func bytesOf[T any](encode func(T) string) func(T) []byte {
	return func(v T) []byte { return []byte(encode(v)) }
}

func from[T any](decode func(string) (T, error)) func([]byte) (T, error) {
	return func(b []byte) (T, error) { return decode(string(b)) }
}

func TestFrozen(t *testing.T) {
	name := Name{Block: "\x01\x02hash", Key: "key"}
	wiretest.Frozen(t, "saga.name", name, bytesOf(Name.encode), from(decodeName))
	start := Start{User: "ann", Raiser: causal.ReplicaID{1, 15: 1}, Item: 300, Since: 1_700_000_000_000_000_000, Slots: "slots"}
	wiretest.Frozen(t, "saga.start", start, bytesOf(Start.encode), from(decodeStart))
	p := progress{Phase: undoing, Step: 70_000, Tries: 3, At: 1_700_000_000_000_000_000, Abort: "declined", Detail: "the handler says so", Said: "refund: away"}
	wiretest.Frozen(t, "saga.step", p, bytesOf(progress.encode), from(decodeProgress))
}

func TestCutKeepsWholeRunes(t *testing.T) {
	for n := range 8 {
		if got := cut("aéaéaé", n); len(got) > n || !strings.HasPrefix("aéaéaé", got) || strings.ToValidUTF8(got, "?") != got {
			t.Errorf("cut to %d it is %q", n, got)
		}
	}
}

// FuzzRecords: whatever the store holds under these databases, it is read as
// what is written as these bytes, or not at all; and a machine bears it.
func FuzzRecords(f *testing.F) {
	f.Add(Name{"b", "k"}.encode(), Start{User: "ann", Item: 1}.encode())
	f.Add(Name{"b", "k"}.encode(), progress{Phase: undoing, Abort: "no"}.encode())
	f.Fuzz(func(t *testing.T, key, value string) {
		if n, err := decodeName(key); err == nil && n.encode() != key {
			t.Errorf("a name is read that is written otherwise: %q", key)
		}
		if s, err := decodeStart(value); err == nil && s.encode() != value {
			t.Errorf("a start is read that is written otherwise: %q", value)
		}
		if p, err := decodeProgress(value); err == nil && p.encode() != value {
			t.Errorf("progress is read that is written otherwise: %q", value)
		}
		m := New(Config{Steps: func(string) (int, bool) { return 2, true }})
		for i, db := range []string{Begun, Progress, Ended} {
			m.Heed(db, key, value, causal.EntryID{Dot: causal.Dot{Seq: uint64(i + 1)}})
		}
		if task, ok := m.Next(1 << 62); ok {
			m.Done(1, task)
		}
		m.Status()
	})
}
