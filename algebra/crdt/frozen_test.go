package crdt

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// TestFrozen: a state with a vector, a cloud and entries of two databases is
// read from the bytes that were frozen, and written as the same ones. States
// are compared by their bytes: how one lies in memory is not frozen.
func TestFrozen(t *testing.T) {
	a, b := causal.ReplicaID{1, 15: 1}, causal.ReplicaID{2, 15: 2}
	entry := func(database string, v int64) causal.Entry {
		return causal.Entry{Database: database, Key: value.Encode(value.String("k")), Value: value.Encode(value.Int(v))}
	}
	s := NewState()
	s.Apply(&causal.Part{Replica: a, Seq: 1, Stamp: 1 << 40, Entries: []causal.Entry{entry("ads", 1), entry("counters", 2)}}, nil)
	s.Apply(&causal.Part{Replica: a, Seq: 2, Stamp: 1<<40 + 1, Entries: []causal.Entry{entry("ads", 300)},
		Removed: []causal.EntryID{{Dot: causal.Dot{Replica: a, Seq: 1}}}}, nil)
	ahead := NewState()
	ahead.Skip(causal.Dot{Replica: b, Seq: 1})
	before := ahead.Clone()
	ahead.Apply(&causal.Part{Replica: b, Seq: 2, Entries: []causal.Entry{entry("ads", -1)}}, nil)
	s.Join(ahead.Difference(before))

	frozen := wiretest.Bytes(t, "state", s.AppendTo(nil))
	if got := s.AppendTo(nil); !bytes.Equal(got, frozen) {
		t.Errorf("the state is written as %x and was frozen as %x", got, frozen)
	}
	read, err := DecodeState(frozen)
	if err != nil || !read.Leq(s) || !s.Leq(read) || !bytes.Equal(read.AppendTo(nil), frozen) {
		t.Errorf("the frozen state is read as %+v, %v", read, err)
	}
}
