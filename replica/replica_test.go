package replica_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
)

// adding returns a write that adds one entry.
func adding(n int, value string) replica.Write {
	return replica.Write{Space: space(n), Entries: []causal.Entry{{Database: "d", Key: "k", Value: value}}}
}

// part returns a part made by hand.
func part(n, by int, seq uint64, siblings ...causal.Ref) *causal.Part {
	return &causal.Part{Space: space(n), Replica: author(by), Seq: seq, Siblings: siblings,
		Entries: []causal.Entry{{Database: "d", Key: "k", Value: "v"}}}
}

func at(n, by int, seq uint64) causal.Ref {
	return causal.Chain{Space: space(n), Replica: author(by)}.At(seq)
}

// groups receives parts one by one, and returns how many parts each group had.
func groups(r *replica.Replica, parts ...*causal.Part) (sizes []int) {
	var v replicatest.Voucher
	for _, p := range parts {
		r.Receive(0, v.Vouch(p))
		for _, g := range r.Drain().Groups {
			sizes = append(sizes, len(g.Parts))
		}
	}
	return sizes
}

// TestCrosswiseCommits is history 12 of the model: an author ran two handlers
// in parallel and numbered them crosswise, c1 = X1,Y2 and c2 = X2,Y1. Neither
// can become visible without the other, so both do together, in every order.
func TestCrosswiseCommits(t *testing.T) {
	x1, y2 := part(0, 1, 1, at(1, 1, 2)), part(1, 1, 2, at(0, 1, 1))
	x2, y1 := part(0, 1, 2, at(1, 1, 1)), part(1, 1, 1, at(0, 1, 2))
	permute([]*causal.Part{x1, y2, x2, y1}, func(parts []*causal.Part) {
		r := replica.New(replica.Config{})
		if got := groups(r, parts...); !slices.Equal(got, []int{4}) {
			t.Errorf("groups of %v", got)
		}
		if got := r.Vector(space(0))[0].Seq + r.Vector(space(1))[0].Seq; got != 4 {
			t.Errorf("%d parts applied", got)
		}
	})
	only := replica.New(replica.Config{Holds: func(id causal.SpaceID) bool { return id == space(0) }})
	if got := groups(only, x2, y1, x1, y2); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("who holds one of the spaces waits for nothing of the other: groups of %v", got)
	}
}

func permute(parts []*causal.Part, try func([]*causal.Part)) {
	var visit func(int)
	visit = func(i int) {
		if i == len(parts) {
			try(slices.Clone(parts))
		}
		for j := i; j < len(parts); j++ {
			parts[i], parts[j] = parts[j], parts[i]
			visit(i + 1)
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	visit(0)
}

// TestCommitIsOneGroup: the parts of a commit wait for each other.
func TestCommitIsOneGroup(t *testing.T) {
	from, to := replica.New(replica.Config{}), replica.New(replica.Config{})
	g := from.Commit(replica.Draft{Author: author(1), Stamp: 5, Writes: []replica.Write{adding(2, "a"), adding(0, "b"), adding(1, "c")}})
	if got := groups(to, g.Parts...); !slices.Equal(got, []int{3}) {
		t.Errorf("groups of %v", got)
	}
	sealAll(from, author(1))
	if from.Root() != to.Root() {
		t.Error("they differ")
	}
}

// sealAll seals what an author has committed here.
func sealAll(r *replica.Replica, author causal.ReplicaID) {
	for _, c := range r.Unsealed(author) {
		r.Seal(c.Chain, causal.Seal{Seq: c.Seq})
	}
}

// TestSteadyWriterNamesNothing: what the author's chain implies is left out.
func TestSteadyWriterNamesNothing(t *testing.T) {
	r := replica.New(replica.Config{})
	var session replica.Session
	commit := func(spaces ...int) []*causal.Part {
		d := replica.Draft{Author: author(1), Seen: session}
		var ids []causal.SpaceID
		for _, n := range spaces {
			d.Writes = append(d.Writes, adding(n, "v"))
			ids = append(ids, space(n))
		}
		parts := r.Commit(d).Parts
		session = r.Advance(session, ids...)
		return parts
	}
	commit(0)
	for range 3 {
		if p := commit(0)[0]; len(p.Seen) != 0 {
			t.Errorf("alone in one space: %v", p.Seen)
		}
	}
	if p := commit(1)[0]; !slices.Equal(p.Seen, []causal.Ref{at(0, 1, 4)}) {
		t.Errorf("the first part after another space names the last one there: %v", p.Seen)
	}
	if p := commit(1)[0]; len(p.Seen) != 0 {
		t.Errorf("the second one need not: %v", p.Seen)
	}
	for _, p := range commit(0, 1) {
		if len(p.Seen) != 0 || len(p.Siblings) != 1 {
			t.Errorf("what the sibling names need not be named: %v, %v", p.Seen, p.Siblings)
		}
	}
	if p := commit(0)[0]; len(p.Seen) != 0 {
		t.Errorf("a sibling was named by the part before: %v", p.Seen)
	}
	r.Receive(0, vouch(part(0, 2, 1), part(0, 2, 2)))
	if p := commit(0)[0]; !slices.Equal(p.Seen, []causal.Ref{at(0, 2, 2)}) {
		t.Errorf("of what came, the maximal part: %v", p.Seen)
	}
	if got := r.Heads(space(0)); len(got) != 1 || got[0].Replica != author(1) {
		t.Errorf("heads: %v", got)
	}
}

// TestReads: the heads of what a run read are causes of what it wrote.
func TestReads(t *testing.T) {
	r := replica.New(replica.Config{})
	r.Receive(0, vouch(part(1, 2, 1), part(1, 3, 1)))
	d := replica.Draft{Author: author(1), Reads: []causal.SpaceID{space(1), space(0), space(7), space(1)}, Writes: []replica.Write{adding(0, "v")}}
	want := []causal.Ref{at(1, 2, 1), at(1, 3, 1)}
	slices.SortFunc(want, causal.Ref.Compare)
	if p := r.Commit(d).Parts[0]; !slices.Equal(p.Seen, want) {
		t.Errorf("got %v, want %v", p.Seen, want)
	}
	if p := r.Commit(d).Parts[0]; len(p.Seen) != 0 {
		t.Errorf("the next run has nothing new: %v", p.Seen)
	}
}

// TestSessionOfOtherSpaces: what a session saw in a space that is not held
// here is carried on, though nobody here can check it.
func TestSessionOfOtherSpaces(t *testing.T) {
	r := replica.New(replica.Config{Holds: func(id causal.SpaceID) bool { return id != space(9) }})
	away := replica.Session{at(9, 2, 4)}
	if !r.Covers(away) {
		t.Error("what is not held here need not be waited for")
	}
	p := r.Commit(replica.Draft{Author: author(1), Seen: away, Writes: []replica.Write{adding(0, "v")}}).Parts[0]
	if !slices.Equal(p.Seen, []causal.Ref(away)) {
		t.Errorf("seen: %v", p.Seen)
	}
	after := r.Advance(away, space(0))
	if len(after) != 2 || !slices.Contains(after, away[0]) || !slices.Contains(after, at(0, 1, 1)) {
		t.Errorf("after: %v", after)
	}
	if r.Covers(replica.Session{at(0, 2, 1)}) {
		t.Error("a part that never came is not covered")
	}
}

// TestForkIsKeptOut: of two parts under one name the first stays.
func TestForkIsKeptOut(t *testing.T) {
	r := replica.New(replica.Config{})
	first, other := part(0, 1, 1), part(0, 1, 1)
	other.Stamp = 9
	r.Receive(0, vouch(first, part(0, 1, 1)))
	if out := r.Drain(); len(out.Forks) != 0 || len(out.Groups) != 1 {
		t.Fatalf("a part that comes twice is no fork: %+v", out)
	}
	root := r.Root()
	r.Receive(0, vouch(other))
	out := r.Drain()
	if want := []replica.Fork{{Chain: first.Chain(), Seq: 1}}; !reflect.DeepEqual(out.Forks, want) || len(out.Groups) != 0 {
		t.Errorf("got %+v", out)
	}
	if r.Root() != root || r.Part(first.Ref()) != first {
		t.Error("the second part was taken")
	}
	waiting, again := part(0, 2, 5), part(0, 2, 5)
	again.Stamp = 9
	r.Receive(0, vouch(waiting, again))
	if out := r.Drain(); len(out.Forks) != 1 {
		t.Errorf("two that wait under one name: %+v", out)
	}
}

// TestStampDelaysNothing is history 9: a clock 100 years ahead is nobody's
// business but its author's.
func TestStampDelaysNothing(t *testing.T) {
	r := replica.New(replica.Config{})
	p := part(0, 1, 1)
	p.Stamp = causal.StampAt(4_900_000_000 * causal.Second)
	if got := groups(r, p, part(0, 1, 2)); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("groups of %v", got)
	}
}

// TestRemovalWaitsForWhatItRemoves: an author that removes what it never saw
// would make the outcome a matter of arrival; so the removal waits.
func TestRemovalWaitsForWhatItRemoves(t *testing.T) {
	added, removing := part(0, 1, 1), part(0, 2, 1)
	removing.Removed = []causal.EntryID{added.EntryID(0)}
	var roots []causal.Hash
	permute([]*causal.Part{added, removing}, func(parts []*causal.Part) {
		r := replica.New(replica.Config{})
		groups(r, parts...)
		live := 0
		for range r.Entries() {
			live++
		}
		if live != 1 {
			t.Errorf("%d entries are live", live)
		}
		roots = append(roots, r.Root())
	})
	if roots[0] != roots[1] {
		t.Error("the order of arrival shows")
	}
}

// TestImpossibleCausesFallOut: parts of one space that name each other can't
// both have been seen by the other. They are never applied and bind nothing.
func TestImpossibleCausesFallOut(t *testing.T) {
	a, b := part(0, 1, 1), part(0, 2, 1)
	a.Seen, b.Seen = []causal.Ref{b.Ref()}, []causal.Ref{a.Ref()}
	after := part(0, 3, 1)
	after.Seen = []causal.Ref{a.Ref()}
	r := replica.New(replica.Config{})
	r.Receive(0, vouch(after, a, b, part(0, 4, 1)))
	out := r.Drain()
	if len(out.Groups) != 1 || len(out.Dropped) != 2 {
		t.Errorf("got %d groups, %d dropped", len(out.Groups), len(out.Dropped))
	}
	if st := r.Status(); st.Pending != 1 {
		t.Errorf("%+v", st)
	}
}

// TestPartThatNamesItself: as a sibling that says nothing; as seen it can't be.
func TestPartThatNamesItself(t *testing.T) {
	r := replica.New(replica.Config{})
	sibling, seen, waiting := part(0, 1, 1, at(0, 1, 1)), part(0, 2, 1), part(0, 3, 2, at(0, 3, 2))
	seen.Seen = []causal.Ref{seen.Ref()}
	if got := groups(r, sibling, seen, waiting, part(0, 3, 1)); !slices.Equal(got, []int{1, 1, 1}) {
		t.Errorf("groups of %v", got)
	}
	if r.Part(seen.Ref()) != nil || r.Part(waiting.Ref()) == nil {
		t.Error("the wrong part was applied")
	}
}

// TestNameTakenHere: a part under this store's own id that waits when the name
// is given to a commit made here is a fork, and what needed the name has it.
func TestNameTakenHere(t *testing.T) {
	r := replica.New(replica.Config{})
	foreign, needing := part(0, 1, 1), part(1, 2, 1, at(0, 1, 1))
	foreign.Seen = []causal.Ref{at(0, 7, 1)}
	if got := groups(r, foreign, needing); len(got) != 0 {
		t.Fatalf("groups of %v", got)
	}
	own := r.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{adding(0, "own")}}).Parts[0]
	out := r.Drain()
	if len(out.Forks) != 1 || len(out.Groups) != 1 || out.Groups[0].Parts[0] != needing {
		t.Errorf("got %+v", out)
	}
	if got := groups(r, part(0, 7, 1), foreign); !slices.Equal(got, []int{1}) || r.Part(own.Ref()) != own {
		t.Errorf("groups of %v", got)
	}
}

// TestJunkLeavesNoTrace: chains and spaces that only waiting parts speak of
// are forgotten with them.
func TestJunkLeavesNoTrace(t *testing.T) {
	r := replica.New(replica.Config{PendingBytesMax: 4000})
	for i := range 200 {
		r.Receive(0, vouch(part(i, i, 2)))
	}
	if st := r.Status(); st.Pending > 20 || st.Spaces != st.Pending || st.Chains != st.Pending || st.PendingBytes > 4000 {
		t.Errorf("%+v", st)
	}
	if len(r.Spaces()) != 0 {
		t.Error("a space without a part is shown")
	}
}

// TestChanges: a group says what appeared and what went, in that order, and
// nothing of an entry that a part both adds and removes.
func TestChanges(t *testing.T) {
	r := replica.New(replica.Config{})
	a, b := part(0, 1, 1), part(0, 1, 2)
	b.Entries = append(b.Entries, causal.Entry{Database: "e", Key: "k2", Value: "v2"})
	b.Removed = []causal.EntryID{b.EntryID(1), a.EntryID(0)}
	r.Receive(0, vouch(a, b))
	var got []causal.EntryID
	for _, g := range r.Drain().Groups {
		for _, c := range g.Changes {
			if c.Database != "d" || c.Key != "k" || c.Item.Value != "v" || c.Removed != (len(got) == 2) {
				t.Errorf("change %+v", c)
			}
			got = append(got, c.Item.ID)
		}
	}
	if want := []causal.EntryID{a.EntryID(0), b.EntryID(0), a.EntryID(0)}; !slices.Equal(got, want) {
		t.Errorf("changes of %v", got)
	}
}

// TestSince: what a peer lacks, each chain without gaps, causes first.
func TestSince(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	h := record(rnd, 3, 2, 80)
	r := replica.New(replica.Config{})
	for _, c := range h.commits {
		r.Receive(0, h.voucher.Vouch(c.parts...))
	}
	var after []replica.ChainHead
	for _, id := range r.Spaces() {
		for _, head := range r.Vector(id) {
			after = append(after, replica.ChainHead{Chain: head.Chain})
		}
	}
	to := replica.New(replica.Config{})
	var parts int
	for p := range r.Since(after) {
		to.Receive(0, h.voucher.VouchParcels(p))
		parts += len(p.Parts)
	}
	if st := to.Status(); st.Pending != 0 || parts != int(r.Status().Applied) || to.Root() != r.Root() {
		t.Errorf("%d parts, %+v", parts, st)
	}
}

// TestPrefixHashes: chains are compared at the shorter one's end.
func TestPrefixHashes(t *testing.T) {
	a, b := replica.New(replica.Config{}), replica.New(replica.Config{})
	var v replicatest.Voucher
	for i := range uint64(10) {
		p := v.Vouch(part(0, 1, i+1))
		a.Receive(0, p)
		if i < 6 {
			b.Receive(0, p)
		}
	}
	if h, ok := a.HashAt(space(0), author(1), 6); !ok || h != b.Head(space(0), author(1)).Hash {
		t.Error("equal prefixes have other hashes")
	}
	for _, seq := range []uint64{0, 11} {
		if _, ok := a.HashAt(space(0), author(1), seq); ok {
			t.Errorf("there is no part %d", seq)
		}
	}
}

// TestRecentIsBounded: old parts leave memory, the hashes at the heads do not.
func TestRecentIsBounded(t *testing.T) {
	r := replica.New(replica.Config{RecentMax: 8})
	for i := range 40 {
		r.Receive(0, vouch(part(0, i%4, uint64(i/4+1))))
	}
	kept := 0
	for i := range 40 {
		if r.Part(at(0, i%4, uint64(i/4+1))) != nil {
			kept++
		}
	}
	if kept != 8 {
		t.Errorf("%d parts are kept", kept)
	}
	if _, ok := r.HashAt(space(0), author(0), 10); !ok {
		t.Error("the head's hash is gone")
	}
}

// TestAPartThatRemovesItsOwn: what it adds and removes itself was never there,
// and a large part of both costs what it has.
func TestAPartThatRemovesItsOwn(t *testing.T) {
	const n = 1 << 16
	p := part(0, 1, 1)
	p.Entries = make([]causal.Entry, n)
	for i := range uint32(n / 2) {
		p.Removed = append(p.Removed, causal.EntryID{Dot: p.Dot(), Offset: 2 * i})
	}
	p.Removed = append(p.Removed, causal.EntryID{Dot: p.Dot(), Offset: n}) // no entry at all
	r := replica.New(replica.Config{})
	r.Receive(0, vouch(p))
	changes := r.Drain().Groups[0].Changes
	if len(changes) != n/2 {
		t.Fatalf("%d changes, want %d", len(changes), n/2)
	}
	for _, c := range changes {
		if c.Removed || c.Item.ID.Offset%2 == 0 {
			t.Fatalf("%+v was never there", c)
		}
	}
}
