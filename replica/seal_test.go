package replica_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
)

// line returns the parts of one author in one space, each with a value of a size.
func line(length, size int) (parts []*causal.Part) {
	for seq := range uint64(length) {
		p := part(0, 1, seq+1)
		p.Entries[0].Value = string(make([]byte, size))
		parts = append(parts, p)
	}
	return parts
}

var lineChain = causal.Chain{Space: space(0), Replica: author(1)}

// sealsOf returns over which parts of the chain seals are kept.
func sealsOf(r *replica.Replica, c causal.Chain) (seqs []uint64) {
	for s, ok := r.SealAfter(c, 0); ok; s, ok = r.SealAfter(c, s.Seq) {
		seqs = append(seqs, s.Seq)
	}
	return seqs
}

// books are the seals as a store has them, by what the replica says.
type books map[causal.Chain][]causal.Seal

func (b books) write(t *testing.T, list []replica.Sealed) {
	t.Helper()
	for _, s := range list {
		for _, gone := range s.Gone {
			i := slices.IndexFunc(b[s.Chain], func(k causal.Seal) bool { return k.Seq == gone })
			if i < 0 {
				t.Fatalf("the seal over part %d goes, and was not kept", gone)
			}
			b[s.Chain] = slices.Delete(b[s.Chain], i, i+1)
		}
		b[s.Chain] = append(b[s.Chain], s.Seal)
	}
}

// TestShown: others see a chain up to its last seal, and nothing of one without.
func TestShown(t *testing.T) {
	r := replica.New(replica.Config{})
	empty := r.Root()
	for i := range 5 {
		r.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{adding(0, "v")}})
		if i == 0 && (r.Shown(lineChain).Seq != 0 || len(r.Vector(space(0))) != 0) {
			t.Error("a chain without a seal is shown")
		}
	}
	hidden := r.Root()
	r.Seal(lineChain, causal.Seal{Seq: 9}) // there is no such part
	r.Seal(causal.Chain{Space: space(7), Replica: author(1)}, causal.Seal{Seq: 1})
	if r.Root() != hidden || hidden == empty && len(r.Spaces()) > 0 {
		t.Error("a seal over nothing shows something")
	}
	r.Seal(lineChain, causal.Seal{Seq: 3})
	third, _ := r.HashAt(space(0), author(1), 3)
	if want := (causal.Head{Seq: 3, Hash: third}); r.Shown(lineChain) != want || r.Vector(space(0))[0].Head != want {
		t.Errorf("shown: %v", r.Shown(lineChain))
	}
	if r.Head(space(0), author(1)).Seq != 5 || r.Root() == hidden {
		t.Error("the applied head and the digest")
	}
	if got := r.Unsealed(author(1)); len(got) != 1 || got[0].Seq != 5 || len(r.Unsealed(author(2))) != 0 {
		t.Errorf("unsealed: %v", got)
	}
	r.Seal(lineChain, causal.Seal{Seq: 2})
	if r.Shown(lineChain).Seq != 3 {
		t.Error("an earlier seal takes a later one back")
	}
	sealAll(r, author(1))
	if r.Shown(lineChain).Seq != 5 || len(r.Unsealed(author(1))) != 0 {
		t.Error("all is sealed")
	}
}

// TestSealsThinOut: of a chain sealed part by part no more seals are kept than
// its stretches need, and each stretch is one parcel; the store is told.
func TestSealsThinOut(t *testing.T) {
	for _, c := range []struct{ length, size, seals int }{{2000, 10, 4}, {100, 20_000, 9}, {9, 300_000, 9}} {
		parts := line(c.length, c.size)
		var v replicatest.Voucher
		r, kept := replica.New(replica.Config{RecentBytesMax: 1 << 30}), books{}
		for _, p := range parts {
			r.Receive(0, v.Vouch(p))
			kept.write(t, r.Drain().Seals)
		}
		got := sealsOf(r, lineChain)
		if len(got) > c.seals || got[len(got)-1] != uint64(c.length) {
			t.Errorf("%d parts of %d bytes: seals over %v", c.length, c.size, got)
		}
		var written []uint64
		for _, s := range kept[lineChain] {
			written = append(written, s.Seq)
		}
		if !slices.Equal(written, got) {
			t.Errorf("the store has %v, the replica %v", written, got)
		}
		checkSince(t, r, parts)
	}
}

// checkSince fetches a chain from every part on: each parcel ends at a seal
// and fits the bounds, and all of them go on from each other to what is shown.
func checkSince(t *testing.T, r *replica.Replica, parts []*causal.Part) {
	t.Helper()
	shown := r.Shown(lineChain).Seq
	for after := uint64(0); after <= uint64(len(parts)); after += 1 + after/3 {
		at := after
		for p := range r.Since([]replica.ChainHead{{Chain: lineChain, Head: causal.Head{Seq: after}}}) {
			size := 0
			for _, part := range p.Parts {
				size += causal.BodySize(part.Entries, part.Removed)
			}
			last := p.Parts[len(p.Parts)-1]
			if p.First() != at+1 || last.Seq != p.Last() || !slices.Contains(sealsOf(r, lineChain), p.Last()) || last != parts[p.Last()-1] {
				t.Fatalf("after %d: a parcel of parts %d to %d under a seal over %d", at, p.First(), last.Seq, p.Last())
			}
			if len(p.Parts) > causal.ParcelPartsMax || len(p.Parts) > 1 && size > causal.ParcelSizeMax {
				t.Fatalf("a parcel of %d parts and %d bytes", len(p.Parts), size)
			}
			at = p.Last()
		}
		if at != max(after, shown) {
			t.Fatalf("after %d parcels go on to %d, and %d is shown", after, at, shown)
		}
	}
}

// TestSealsBeforeTheirParts: parcels come in any order; in the end what is shown
// is everything, and no stretch is longer than a parcel.
func TestSealsBeforeTheirParts(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		parts := line(900, 10)
		var v replicatest.Voucher
		var parcels []causal.Vouched
		for at := 0; at < len(parts); {
			n := min(len(parts)-at, 1+rnd.IntN(40))
			parcels = append(parcels, v.VouchParcels(replicatest.Parcel(parts[at:at+n]...))...)
			at += n
		}
		first := parcels[0]
		parcels = parcels[1:]
		rnd.Shuffle(len(parcels), func(i, j int) { parcels[i], parcels[j] = parcels[j], parcels[i] })
		r, kept := replica.New(replica.Config{}), books{}
		for _, p := range append(parcels, first) {
			r.Receive(0, []causal.Vouched{p})
			kept.write(t, r.Drain().Seals)
		}
		if r.Shown(lineChain).Seq != 900 || len(kept[lineChain]) != len(sealsOf(r, lineChain)) {
			t.Fatalf("seed %d: shown up to %d", seed, r.Shown(lineChain).Seq)
		}
		checkSince(t, r, parts)
	}
}

// TestSealOfAnotherBranch: a seal that came before its part says nothing about
// another part under that name.
func TestSealOfAnotherBranch(t *testing.T) {
	parts, other := line(3, 10), line(3, 11)
	var v, w replicatest.Voucher
	mine, theirs := v.Vouch(parts...), w.Vouch(other...)
	r := replica.New(replica.Config{})
	r.Receive(0, []causal.Vouched{theirs[2]}) // waits
	r.Receive(0, []causal.Vouched{mine[0], mine[1]})
	if out := r.Drain(); r.Shown(lineChain).Seq != 2 || r.Head(space(0), author(1)).Seq != 2 || len(out.Forks) != 1 || len(out.Dropped) != 1 {
		t.Errorf("shown %v of %v, forks %v", r.Shown(lineChain), r.Head(space(0), author(1)), out.Forks)
	}
	again := replica.New(replica.Config{})
	again.Receive(0, mine)
	again.Drain()
	again.Receive(0, theirs)
	if out := again.Drain(); len(out.Seals) != 0 || len(out.Forks) != 3 || again.Shown(lineChain).Hash != mine[2].Hashes[0] {
		t.Errorf("seals %v, forks %v", out.Seals, out.Forks)
	}
}

// TestPartsWithoutTheirSeal: of a parcel that is applied in part only what an
// earlier seal covers is shown, and passed on.
func TestPartsWithoutTheirSeal(t *testing.T) {
	parts := line(9, 10)
	parts[6].Seen = []causal.Ref{at(0, 5, 1)} // never comes
	var v replicatest.Voucher
	r := replica.New(replica.Config{})
	r.Receive(0, v.VouchParcels(replicatest.Parcel(parts[:4]...), replicatest.Parcel(parts[4:]...)))
	if r.Head(space(0), author(1)).Seq != 6 || r.Shown(lineChain).Seq != 4 {
		t.Errorf("applied %v, shown %v", r.Head(space(0), author(1)), r.Shown(lineChain))
	}
	checkSince(t, r, parts)
	r.Receive(0, v.Vouch(part(0, 5, 1)))
	if r.Shown(lineChain).Seq != 9 {
		t.Errorf("shown %v", r.Shown(lineChain))
	}
	checkSince(t, r, parts)
}

// TestSealsSurvive: after a restart the same is shown, later seals go on from
// there, and a seal over nothing is damage.
func TestSealsSurvive(t *testing.T) {
	for _, length := range []int{3, 600, 1300} {
		parts := line(length+700, 10)
		var v replicatest.Voucher
		r, kept := replica.New(replica.Config{}), books{}
		for _, p := range parts[:length] {
			r.Receive(0, v.Vouch(p))
			kept.write(t, r.Drain().Seals)
		}
		r.Receive(0, v.VouchParcels(causal.Parcel{Parts: parts[length : length+3], Seal: causal.Seal{Seq: uint64(length + 9)}})) // its end was not written
		restart := func(seals []causal.Seal) (*replica.Replica, error) {
			again := replica.New(replica.Config{})
			for _, s := range seals {
				again.LoadSeal(lineChain, s)
			}
			for _, p := range parts[:length+3] {
				again.Replay(p)
			}
			return again, again.Loaded()
		}
		again, err := restart(kept[lineChain])
		if err != nil || again.Shown(lineChain) != r.Shown(lineChain) || again.Digest(space(0)) != r.Digest(space(0)) {
			t.Fatalf("shown %v, and before %v: %v", again.Shown(lineChain), r.Shown(lineChain), err)
		}
		if out := again.Drain(); len(out.Seals) != 0 {
			t.Errorf("a restart seals %v", out.Seals)
		}
		for _, p := range parts[length:] {
			again.Receive(0, v.Vouch(p))
			kept.write(t, again.Drain().Seals)
		}
		if len(kept[lineChain]) != len(sealsOf(again, lineChain)) || again.Shown(lineChain).Seq != uint64(len(parts)) {
			t.Errorf("%d seals written, %v kept", len(kept[lineChain]), sealsOf(again, lineChain))
		}
		checkSince(t, again, parts)
		if _, err := restart([]causal.Seal{{Seq: uint64(length + 4)}}); err == nil {
			t.Error("a seal over a part that is not there is no damage")
		}
	}
}

// TestKeysComeWithTheFirstPart: a group brings the keys of those whose chains
// begin in it, though they waited.
func TestKeysComeWithTheFirstPart(t *testing.T) {
	parts := line(3, 10)
	parts[0].Seen = []causal.Ref{at(0, 5, 1)}
	r := replica.New(replica.Config{})
	r.Receive(0, vouch(parts...))
	r.Receive(0, vouch(part(0, 5, 1)))
	var keys []causal.Key
	for _, g := range r.Drain().Groups {
		keys = append(keys, g.Keys...)
	}
	if want := []causal.Key{replicatest.KeyOf(5), replicatest.KeyOf(1)}; !slices.Equal(keys, want) {
		t.Errorf("keys %v", keys)
	}
}

// TestJunkBringsNoSeals: the seals of parts that fell out are not kept for ever.
func TestJunkBringsNoSeals(t *testing.T) {
	r := replica.New(replica.Config{})
	for i := range 100 {
		p := part(i, i, 1)
		p.Seen = []causal.Ref{p.Ref()} // can't be
		r.Receive(0, vouch(p))
	}
	if st := r.Status(); st.Chains != 0 || st.Spaces != 0 || st.Dropped != 100 {
		t.Errorf("%+v", st)
	}
}
