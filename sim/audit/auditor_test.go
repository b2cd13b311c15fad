package audit

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

var (
	ann   = causal.ReplicaID{1}
	bob   = causal.ReplicaID{2}
	x     = causal.SpaceID{1}
	y     = causal.SpaceID{2}
	third = causal.ReplicaID{3}
)

// part returns a part that adds one entry and names what it has seen.
func part(space causal.SpaceID, author causal.ReplicaID, seq uint64, seen ...causal.Ref) *causal.Part {
	return &causal.Part{Space: space, Replica: author, Seq: seq, Seen: seen, Entries: []causal.Entry{{Database: "d", Key: "k", Value: "v"}}}
}

func group(parts ...*causal.Part) []*causal.Part { return parts }

// siblings makes parts one commit.
func siblings(parts ...*causal.Part) []*causal.Part {
	for _, p := range parts {
		for _, q := range parts {
			if p != q {
				p.Siblings = append(p.Siblings, q.Ref())
			}
		}
	}
	return parts
}

// observe plays a history at ann (replica 0) and bob (replica 1) and asserts
// that exactly the given rules are reported, in order and each once in a row.
func observe(t *testing.T, play func(a *Auditor), rules ...string) {
	t.Helper()
	a := New([]Replica{{Name: "ann", Authors: []causal.ReplicaID{ann}}, {Name: "bob", Authors: []causal.ReplicaID{bob}}}, nil)
	play(a)
	var got []string
	for _, f := range a.Findings() {
		got = append(got, f.Rule)
	}
	if got = slices.Compact(got); !slices.Equal(got, rules) {
		t.Errorf("found %v, want rules %q", a.Findings(), rules)
	}
}

func TestGoodHistoryHasNoFindings(t *testing.T) {
	observe(t, func(a *Auditor) {
		p1, p2 := part(x, ann, 1), part(x, ann, 2)
		a.Applied(0, 1, group(p1))
		a.Applied(0, 2, group(p2))
		a.Applied(1, 1, group(p1))
		q := part(x, bob, 1, p1.Ref())
		q.Removed = []causal.EntryID{p1.EntryID(0)}
		a.Applied(1, 2, group(q))
		a.Answered(1, []causal.Ref{q.Ref()})
		if a.AtRest() {
			t.Error("at rest while ann lacks what bob wrote")
		}
		a.Applied(1, 3, group(p2))
		a.Applied(0, 3, group(q))
		if !a.AtRest() {
			t.Error("not at rest with everything everywhere")
		}
		a.Rest()
	})
}

func TestOrderOfAnAuthor(t *testing.T) {
	observe(t, func(a *Auditor) {
		p := part(x, ann, 1)
		a.Applied(0, 1, group(p))
		a.Applied(0, 2, group(p))
	}, RuleOnce)
}

// TestLostCause has bob's part refer to ann's first; it is shown to a third
// reader that lacks it.
func TestLostCause(t *testing.T) {
	a := New([]Replica{{Name: "ann", Authors: []causal.ReplicaID{ann}}, {Name: "bob", Authors: []causal.ReplicaID{bob}}, {Name: "eve"}}, nil)
	p := part(x, ann, 1)
	a.Applied(0, 1, group(p))
	a.Applied(1, 1, group(p))
	q := part(x, bob, 1, p.Ref())
	a.Applied(1, 2, group(q))
	a.Applied(2, 1, group(q))
	if f := a.Findings(); len(f) != 1 || f[0].Rule != RuleCausal || f[0].Replica != "eve" {
		t.Errorf("found %v, want one of %q at eve", f, RuleCausal)
	}
}

// TestCauseThroughAnotherSpace is the history in which causality leaks through
// a space the reader does not hold: ann writes x, then y; bob sees y and
// writes x. A reader of x alone must still see ann's x before bob's.
func TestCauseThroughAnotherSpace(t *testing.T) {
	a := New([]Replica{
		{Name: "ann", Authors: []causal.ReplicaID{ann}},
		{Name: "bob", Authors: []causal.ReplicaID{bob}, Holds: func(s causal.SpaceID) bool { return s == y }},
		{Name: "eve", Holds: func(s causal.SpaceID) bool { return s == x }},
	}, nil)
	p1 := part(x, ann, 1)
	p2 := part(y, ann, 1, p1.Ref())
	q := part(x, bob, 1, p2.Ref())
	a.Applied(0, 1, group(p1))
	a.Applied(0, 2, group(p2))
	a.Applied(1, 1, group(p2))
	a.Applied(1, 2, group(q))
	a.Applied(2, 1, group(q))
	if f := a.Findings(); len(f) != 1 || f[0].Rule != RuleCausal || f[0].Replica != "eve" {
		t.Errorf("found %v, want one of %q at eve", f, RuleCausal)
	}
}

// TestWhatWasMissingIsNotBefore: bob shows half of ann's commit, late, and
// writes. Eve, who holds only what he writes, is not told of the late half, and
// need not wait for the other. But what he did have she must not be shown without.
func TestWhatWasMissingIsNotBefore(t *testing.T) {
	isX := func(s causal.SpaceID) bool { return s == x }
	for _, had := range []bool{false, true} {
		a := New([]Replica{
			{Name: "ann", Authors: []causal.ReplicaID{ann}}, {Name: "bob", Authors: []causal.ReplicaID{bob}},
			{Name: "eve", Authors: []causal.ReplicaID{third}, Holds: isX},
		}, nil)
		c := siblings(part(x, ann, 1), part(y, ann, 1))
		a.Applied(0, 1, c)
		if had {
			a.Applied(1, 1, c)
		} else {
			a.Applied(1, 1, c[1:], c[0].Ref())
		}
		q := part(x, bob, 1, c[1].Ref())
		if had {
			q.Seen = append(q.Seen, c[0].Ref())
		}
		a.Applied(1, 2, group(q))
		a.Applied(2, 1, group(q))
		a.Applied(2, 2, group(part(x, third, 1, q.Ref(), c[1].Ref()))) // in a session that was at bob's
		if found := len(a.Findings()) > 0; found != had {
			t.Errorf("bob had all: %v, found %v", had, a.Findings())
		}
	}
}

func TestHalfACommit(t *testing.T) {
	observe(t, func(a *Auditor) {
		c := siblings(part(x, ann, 1), part(y, ann, 1))
		a.Applied(0, 1, c)
		a.Applied(1, 1, c[:1])
	}, RuleCausal, RuleTogether)
}

// TestCrossedCommits is history 12: two commits that need each other are
// visible together or not at all.
func TestCrossedCommits(t *testing.T) {
	observe(t, func(a *Auditor) {
		c1 := siblings(part(x, ann, 1), part(y, ann, 1))
		a.Applied(0, 1, c1)
		a.Applied(1, 1, c1)
		c2 := siblings(part(x, bob, 1, c1[0].Ref()), part(y, bob, 1, c1[1].Ref()))
		a.Applied(1, 2, c2)
		a.Applied(0, 2, c2)
		a.Rest()
	})
}

func TestSeenLeavesOut(t *testing.T) {
	observe(t, func(a *Auditor) {
		p := part(x, ann, 1)
		a.Applied(0, 1, group(p))
		a.Applied(1, 1, group(p))
		a.Applied(1, 2, group(part(x, bob, 1)))
	}, RuleSeen)
}

func TestTwoContentsUnderOneDot(t *testing.T) {
	observe(t, func(a *Auditor) {
		a.Applied(0, 1, group(part(x, ann, 1)))
		forged := part(x, ann, 1)
		forged.Entries[0].Value = "w"
		a.Applied(1, 1, group(forged))
	}, RuleOneAuthor)
}

// TestSentBeforeDurable is history 7: a part leaves before its author's disk
// has it, the author crashes, and mints the dot again.
func TestSentBeforeDurable(t *testing.T) {
	observe(t, func(a *Auditor) {
		p := part(x, ann, 1)
		a.Applied(0, 1, group(p))
		a.Applied(1, 1, group(p))
		a.Crashed(0, 0)
		again := part(x, ann, 1)
		again.Entries[0].Value = "w"
		a.Applied(0, 1, group(again))
	}, RuleDurable, RuleOneAuthor)
}

// TestHonestCrash loses a write nobody was told of; its dot may be used again.
func TestHonestCrash(t *testing.T) {
	observe(t, func(a *Auditor) {
		p1, p2 := part(x, ann, 1), part(x, ann, 2)
		a.Applied(0, 1, group(p1))
		a.Ran(0, 2, Attempt{"s", 1})
		a.Applied(0, 2, group(p2))
		a.Crashed(0, 1)
		if n := a.Parts(0); n != 1 {
			t.Errorf("%d parts survive, want 1", n)
		}
		again := part(x, ann, 2)
		again.Entries[0].Value = "w"
		a.Ran(0, 2, Attempt{"s", 1})
		a.Applied(0, 2, group(again))
		a.Applied(1, 1, group(p1))
		a.Applied(1, 2, group(again))
		a.Rest()
	})
}

func TestRunTwice(t *testing.T) {
	observe(t, func(a *Auditor) {
		a.Ran(0, 1, Attempt{"s", 1})
		a.Ran(0, 2, Attempt{"s", 1})
	}, RuleRetry)
}

func TestAcknowledgedAndLost(t *testing.T) {
	observe(t, func(a *Auditor) {
		p := part(x, ann, 1)
		a.Applied(0, 1, group(p))
		a.Answered(0, []causal.Ref{p.Ref()})
		a.Crashed(0, 0)
		a.Rest()
	}, RuleKept)
}

func TestNotConverged(t *testing.T) {
	observe(t, func(a *Auditor) {
		a.Applied(0, 1, group(part(x, ann, 1)))
		a.Rest()
	}, RuleConverge)
}

func TestUnknownRemoval(t *testing.T) {
	observe(t, func(a *Auditor) {
		p := part(x, ann, 1)
		p.Removed = []causal.EntryID{{Dot: causal.Dot{Replica: third, Seq: 9}}}
		a.Applied(0, 1, group(p))
	}, RuleRemoval)
}
