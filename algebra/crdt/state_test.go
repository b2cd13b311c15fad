package crdt

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/lattice/latticetest"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// drawStates returns states of one history: replicas at some moments, what one
// lacked of another, and single pieces.
func drawStates(typ Type) func(t *rapid.T, n int) []*State {
	return func(t *rapid.T, n int) []*State {
		w := newWorld(t, typ, 3, drawn(t))
		var met []*State
		w.run(1+w.die(12), func(r *replica) {
			s := r.state.Clone()
			met = append(met, s)
			switch w.die(4) {
			case 0:
				met = append(met, s.Difference(pick(w, w.replicas).state))
			case 1:
				met = append(met, s.Decompose()...)
			}
		})
		states := make([]*State, n)
		for i := range states {
			states[i] = pick(w, met).Clone()
		}
		return states
	}
}

// applyPart applies the first part of an author nobody heard of, which adds
// and removes some, and returns what a delta of it says.
func applyPart(t *rapid.T, s *State) *State {
	p := &causal.Part{Replica: causal.ReplicaID{99}, Seq: 1, Stamp: 7}
	for range rapid.IntRange(0, 2).Draw(t, "entries") {
		p.Entries = append(p.Entries, causal.Entry{Database: "db", Key: "k", Value: value.Encode(value.Int(1))})
	}
	for _, l := range s.Live() {
		if rapid.Bool().Draw(t, "remove") {
			p.Removed = append(p.Removed, l.ID)
		}
	}
	before := s.Clone()
	s.Apply(p, nil)
	return s.Difference(before)
}

func TestStateLaws(t *testing.T) {
	for _, typ := range types {
		t.Run(typ.String(), func(t *testing.T) {
			latticetest.Laws(t, latticetest.Subject[*State]{
				Bottom:   NewState,
				Draw:     drawStates(typ),
				Encode:   func(s *State) []byte { return s.AppendTo(nil) },
				Decode:   DecodeState,
				Mutators: []func(*rapid.T, *State) *State{applyPart},
			})
		})
	}
}

// part makes a part of author whose entries have the given values.
func part(author byte, seq uint64, values ...int64) *causal.Part {
	p := &causal.Part{Replica: causal.ReplicaID{author}, Seq: seq, Stamp: causal.Stamp(seq)}
	for _, v := range values {
		p.Entries = append(p.Entries, causal.Entry{Database: "db", Key: "k", Value: value.Encode(value.Int(v))})
	}
	return p
}

func applied(parts ...*causal.Part) *State {
	s := NewState()
	for _, p := range parts {
		s.Apply(p, nil)
	}
	return s
}

func TestApplyReturnsWhatItRemoved(t *testing.T) {
	a := part(1, 1, 10, 11)
	b := part(2, 1, 20)
	b.Removed = []causal.EntryID{a.EntryID(1), b.EntryID(0)}
	s := applied(a)
	removed := s.Apply(b, nil)
	if len(removed) != 1 || removed[0].ID != a.EntryID(1) || removed[0].Item().Stamp != a.Stamp {
		t.Errorf("removed %+v", removed)
	}
	if s.Entries.Len() != 1 {
		t.Errorf("live %+v", s.Live())
	}
	c := part(2, 2)
	c.Removed = b.Removed
	if again := s.Apply(c, nil); len(again) != 0 {
		t.Errorf("removed again %+v", again)
	}
}

func TestApplyOutOfOrderIsABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a gap was applied")
		}
	}()
	applied(part(1, 2))
}

// A removed entry does not come back with an older copy: the context knows
// its dot. (Forgetting a context entry would let it: history 11 of the model.)
func TestAnOldCopyResurrectsNothing(t *testing.T) {
	a := part(1, 1, 10)
	old := applied(a)
	b := part(2, 1)
	b.Removed = []causal.EntryID{a.EntryID(0)}
	s := applied(a, b)
	if s.Join(old) || s.Entries.Len() != 0 {
		t.Errorf("the old copy brought back %+v", s.Live())
	}
	if !old.Join(s) || old.Entries.Len() != 0 {
		t.Errorf("the old copy kept %+v", old.Live())
	}
}

// A context that comes before its entries turns them into removals (history 4
// of the model): so a piece never has the one without the other.
func TestPiecesCarryContextAndEntriesTogether(t *testing.T) {
	s := applied(part(1, 1, 10), part(1, 2, 11))
	for _, piece := range s.Decompose() {
		if piece.Entries.Len() != 1 {
			t.Errorf("a piece without its entry: %+v", piece)
		}
	}
	other := NewState()
	pieces := s.Decompose()
	other.Join(pieces[1])
	if other.Cloud == nil || len(other.Context) != 0 {
		t.Errorf("part 2 without part 1 is no prefix: %+v", other)
	}
	other.Join(pieces[0])
	if other.Cloud != nil || other.Context[causal.ReplicaID{1}] != 2 {
		t.Errorf("connected dots stayed in the cloud: %+v", other)
	}
}

// A delta may have seen a part alone whose removal comes with a whole state.
func TestAWholeStateRemovesFromALoneDelta(t *testing.T) {
	a := part(1, 2, 10)
	b := part(2, 1)
	b.Removed = []causal.EntryID{a.EntryID(0)}
	s := applied(part(1, 1), a)
	lone := s.Decompose()[1]
	s.Apply(b, nil)
	if lone.Join(s); lone.Entries.Len() != 0 || !lone.Leq(s) || !s.Leq(lone) {
		t.Errorf("the delta kept %+v", lone.Live())
	}
}

// The difference of two states that share nearly everything says only what differs.
func TestDifferenceFollowsTheChange(t *testing.T) {
	s := NewState()
	for i := range uint64(100) {
		s.Apply(part(1, i+1, int64(i)), nil)
	}
	o := s.Clone()
	b := part(2, 1, 7)
	b.Removed = []causal.EntryID{part(1, 50).EntryID(0)}
	s.Apply(b, nil)
	d := s.Difference(o)
	if got := fmt.Sprint(len(d.Context), len(d.Cloud), d.Entries.Len()); got != "1 1 1" {
		t.Errorf("context, cloud and entries of the difference: %s\n%+v", got, d)
	}
}

// No difference is quadratic: what it looks at is counted, not timed. A
// difference by decomposition asks of each piece whether the other state knows
// it; one that walks all entries for each piece would need n*n steps here.
func TestDifferenceLooksAtEachThingOnce(t *testing.T) {
	const n = 2_000
	all := wide(n)
	holes := NewState() // every other part, so that all of it is cloud
	for i, piece := range all.Decompose() {
		if i%2 == 1 {
			holes.Join(piece)
		}
	}
	cleared := wide(n)
	end := part(2, 1)
	for id := range cleared.Entries.All() {
		end.Removed = append(end.Removed, id)
	}
	cleared.Apply(end, nil)
	for name, c := range map[string]struct{ of, to *State }{
		"nothing known":  {all, NewState()},
		"all known":      {all, wide(n)},
		"one missing":    {wide(n + 1), all},
		"every other":    {all, holes},
		"of holes":       {holes, NewState()},
		"holes in holes": {holes, holes.Clone()},
		"all removed":    {cleared, all},
		"all to remove":  {all, cleared},
	} {
		d := difference{of: c.of, to: c.to, delta: NewState()}
		d.findUnseen()
		d.findRemoved()
		size := 0
		for _, s := range []*State{c.of, c.to, d.delta} {
			size += len(s.Context) + len(s.Cloud) + s.Entries.Len()
			for _, seq := range s.Context {
				size += int(seq)
			}
		}
		if d.steps > 2*size {
			t.Errorf("%s: %d steps for %d things", name, d.steps, size)
		}
	}
}

// Dots that come in the worst order, the first one last, leave no cloud.
func TestACloudConnectsWhenItsGapCloses(t *testing.T) {
	s, pieces := NewState(), wide(500).Decompose()
	for i := range pieces {
		s.Join(pieces[len(pieces)-1-i])
	}
	if s.Cloud != nil || s.Context[causal.ReplicaID{1}] != 500 || s.Entries.Len() != 500 {
		t.Errorf("context %v, %d in the cloud, %d entries", s.Context, len(s.Cloud), s.Entries.Len())
	}
	s = NewState()
	s.Join(pieces[7])
	s.Join(pieces[400])
	s.Join(wide(100))
	if len(s.Cloud) != 1 || s.Context[causal.ReplicaID{1}] != 100 {
		t.Errorf("what the vector passed stayed in the cloud: %v, %v", s.Context, s.Cloud)
	}
}

func TestStateBytesAreChecked(t *testing.T) {
	good := applied(part(1, 1, 10)).AppendTo(nil)
	flip := func(at int, to byte) []byte {
		b := append([]byte(nil), good...)
		b[at] = to
		return b
	}
	for _, c := range []struct {
		what  string
		bytes []byte
		want  error
	}{
		{"nothing", nil, wire.ErrTruncated},
		{"more behind it", append(good, 0), wire.ErrTrailing},
		{"an entry nobody has seen", flip(21, 0), wire.ErrMalformed},
		{"an unknown replica", flip(24, 1), wire.ErrMalformed},
		{"a huge table", []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, wire.ErrLimit},
		{"a table longer than the bytes", []byte{0xff, 0xff, 0x03}, wire.ErrTruncated},
	} {
		if _, err := DecodeState(c.bytes); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v (%x)", c.what, err, c.want, c.bytes)
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	a := part(1, 1, 10, 11)
	b := part(2, 1, 20)
	b.Removed = []causal.EntryID{a.EntryID(0)}
	s := applied(a, b, part(2, 2, 3), part(2, 3))
	f.Add(s.AppendTo(nil))
	f.Add(s.Difference(applied(a)).AppendTo(nil))
	f.Add(NewState().AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeState(b)
		if err != nil {
			return
		}
		if again := s.AppendTo(nil); string(again) != string(b) {
			t.Fatalf("%x decodes, but encodes as %x", b, again)
		}
		if !s.Leq(s) || s.Clone().Join(s) {
			t.Fatalf("no lattice element: %+v", s)
		}
	})
}

// wide returns a state with n live entries of one author.
func wide(n int) *State {
	s := NewState()
	for i := range n {
		s.Apply(part(1, uint64(i+1), int64(i)), nil)
	}
	return s
}

func BenchmarkStateApplyAt10k(b *testing.B) {
	s, seq := wide(10_000), uint64(10_000)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		p := part(1, seq, 7)
		p.Removed = []causal.EntryID{part(1, seq-1).EntryID(0)}
		s.Apply(p, nil)
	}
}

// A delta of one new element into 10,000.
func BenchmarkStateJoinNewAt10k(b *testing.B) {
	s, seq := wide(10_000), uint64(10_000)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		p := part(1, seq, 7)
		delta := NewState()
		delta.addDot(p.Dot())
		delta.Entries.Put(p.EntryID(0), Entry{Entry: p.Entries[0]})
		s.Join(delta)
	}
}

// A delta of one removed element into 10,000.
func BenchmarkStateJoinRemovedAt10k(b *testing.B) {
	s := wide(10_000)
	delta := NewState()
	delta.addDot(part(1, 5000).Dot())
	for b.Loop() {
		s.Join(delta)
	}
}

// Two states of 10,000 of which they share nothing, and the set that is read of both.
func BenchmarkStateJoinApart(b *testing.B) {
	apart := func(author byte) *State {
		s := NewState()
		for i := range uint64(10_000) {
			s.Apply(part(author, i+1, int64(author)<<32|int64(i)), nil)
		}
		return s
	}
	x, y := apart(2), apart(3)
	for b.Loop() {
		b.StopTimer()
		z := x.Clone()
		set, _ := New("set")
		for _, e := range z.Live() {
			set.Insert(e.Item(), nil)
		}
		b.StartTimer()
		z.Join(y)
		for _, e := range y.Live() {
			set.Insert(e.Item(), nil)
		}
	}
}

// Two states of 10,000, half of which they share.
func BenchmarkStateJoinHalf(b *testing.B) {
	shared := wide(5_000)
	grown := func(author byte) *State {
		s := shared.Clone()
		for i := range uint64(5_000) {
			s.Apply(part(author, i+1, int64(i)), nil)
		}
		return s
	}
	x, y := grown(2), grown(3)
	for b.Loop() {
		b.StopTimer()
		z := x.Clone()
		b.StartTimer()
		z.Join(y)
	}
}

func BenchmarkStateDifferenceOfOneAt10k(b *testing.B) {
	s := wide(10_000)
	o := s.Clone()
	s.Apply(part(2, 1, 7), nil)
	for b.Loop() {
		s.Difference(o)
	}
}
