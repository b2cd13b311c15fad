package causal_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

func TestReplicaIDText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := causal.NewReplicaID(rapid.SliceOf(rapid.Byte()).Draw(t, "key"), rapid.Uint64().Draw(t, "incarnation"))
		back, err := causal.ParseReplicaID(id.String())
		if err != nil || back != id || id.String()[:8] != id.Short() {
			t.Fatalf("%v became %v: %v", id, back, err)
		}
	})
	good := causal.NewReplicaID(nil, 1).String()
	for _, s := range []string{"", good[1:], good + "0", "G" + good[1:], "A" + good[1:]} {
		if _, err := causal.ParseReplicaID(s); err == nil {
			t.Errorf("%q is a replica id", s)
		}
	}
}

func TestIDsAreTheirNames(t *testing.T) {
	key := []byte("key")
	if causal.NewReplicaID(key, 1) == causal.NewReplicaID(key, 2) {
		t.Error("two incarnations share an id")
	}
	if causal.SpaceOf("a", "b") == causal.SpaceOf("a", "c") || causal.SpaceOf("a", "b") == causal.SpaceOf("ab", "") {
		t.Error("two spaces share a handle")
	}
}

// replica returns one of a few ids.
func replica(n int) causal.ReplicaID { return causal.ReplicaID{0: byte(n)} }

func drawID(t *rapid.T) causal.EntryID {
	return causal.EntryID{
		Dot:    causal.Dot{Replica: replica(rapid.IntRange(0, 2).Draw(t, "replica")), Seq: rapid.Uint64Range(1, 3).Draw(t, "seq")},
		Offset: rapid.Uint32Range(0, 2).Draw(t, "offset"),
	}
}

func TestOrdersAreTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawID(t), drawID(t), drawID(t)
		if (a.Compare(b) == 0) != (a == b) || a.Compare(b) != -b.Compare(a) {
			t.Fatal(a, b)
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatal(a, b, c)
		}
		space := func(id causal.EntryID) causal.Ref {
			return causal.Ref{Space: causal.SpaceID{byte(id.Offset)}, Dot: id.Dot}
		}
		if (space(a).Compare(space(b)) == 0) != (space(a) == space(b)) || space(a).Compare(space(b)) != -space(b).Compare(space(a)) {
			t.Fatal(space(a), space(b))
		}
	})
}

func TestPartNames(t *testing.T) {
	p := &causal.Part{Space: causal.SpaceOf("c", "shared"), Replica: replica(1), Seq: 4}
	if p.Dot() != (causal.Dot{Replica: replica(1), Seq: 4}) || p.Ref().Space != p.Space || p.Ref().Dot != p.Dot() {
		t.Error(p.Ref())
	}
	if id := p.EntryID(2); id.Dot != p.Dot() || id.Offset != 2 {
		t.Error(id)
	}
}

// The promises of S. Kulkarni et al., OPODIS 2014: stamps grow with
// happened-before and stay close to physical time.
func TestClockGrowsAndStaysClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c causal.Clock
		var last causal.Stamp
		now := causal.Instant(1_700_000_000) * causal.Second
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			now += causal.Instant(rapid.Int64Range(-causal.Second, causal.Second).Draw(t, "advance"))
			if rapid.Bool().Draw(t, "witness") {
				heard := causal.StampAt(now + causal.Instant(rapid.Int64Range(-causal.Second, 2*causal.AheadMax).Draw(t, "ahead")))
				if c.Witness(now, heard) {
					last = max(last, heard)
				}
			}
			s := c.Tick(now)
			if s <= last {
				t.Fatalf("%v after %v", s, last)
			}
			if s > causal.StampAt(now+causal.AheadMax+100*causal.Second) {
				t.Fatalf("the clock ran away: %d", s.Milli())
			}
			last = s
		}
	})
}

func TestAClockAHundredYearsAheadMovesNobody(t *testing.T) {
	var c causal.Clock
	now := causal.Instant(1_700_000_000) * causal.Second
	before := c.Tick(now)
	if c.Witness(now, causal.StampAt(now+100*365*24*3600*causal.Second)) {
		t.Error("it was taken")
	}
	if after := c.Tick(now); after != before+1 {
		t.Errorf("the clock moved from %d to %d", before, after)
	}
	if !c.Witness(now, causal.StampAt(now+causal.AheadMax)) {
		t.Error("one just within the bound was refused")
	}
}

func TestStampBeforeTheEpochIsZero(t *testing.T) {
	if causal.StampAt(-1) != 0 || causal.StampAt(5*causal.Millisecond).Milli() != 5 {
		t.Error("stamps are milliseconds since 1970")
	}
}

func TestVectorContainsPrefixes(t *testing.T) {
	v := causal.Vector{}
	d := causal.Dot{Replica: replica(1), Seq: 3}
	if !v.Add(d) || v.Add(d) || !v.Contains(causal.Dot{Replica: replica(1), Seq: 1}) || v.Contains(causal.Dot{Replica: replica(1), Seq: 4}) {
		t.Error(v)
	}
	v[replica(9)] = 0
	if got := v.Replicas(); !slices.Equal(got, []causal.ReplicaID{replica(1)}) {
		t.Error("a replica without parts is named", got)
	}
}
