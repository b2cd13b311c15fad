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

// sample returns parts that use every field.
func sample() []*causal.Part {
	p := part(0, 1, 1)
	p.Stamp = 1 << 40
	q := part(1, 1, 3, at(0, 1, 1), at(2, 1, 9))
	q.Stamp = p.Stamp
	q.Seen = []causal.Ref{at(1, 2, 8)}
	q.Entries = append(q.Entries, causal.Entry{Database: "other", Key: "", Value: "\x00"})
	q.Removed = []causal.EntryID{{Dot: at(1, 2, 7).Dot, Offset: 3}, {Dot: at(1, 1, 2).Dot}}
	empty := &causal.Part{Space: space(0), Replica: author(1), Seq: 2, Grants: []causal.Ref{at(0, 3, 1)}}
	last := part(0, 1, 3)
	last.Stamp, last.Removed = 1<<40+5, []causal.EntryID{p.EntryID(0)}
	list := []*causal.Part{p, q, empty, last}
	for _, p := range list {
		sortRefs(p.Seen)
		sortRefs(p.Siblings)
	}
	return list
}

// sampleParcels are those parts as an author seals them.
func sampleParcels() []causal.Parcel {
	parts := sample()
	list := []causal.Parcel{
		replicatest.Parcel(parts[0]),
		replicatest.Parcel(parts[1]),
		replicatest.Parcel(parts[2:4]...),
	}
	for i := range list {
		for j := range list[i].Seal.Signature {
			list[i].Seal.Signature[j] = byte(i<<6 | j)
		}
	}
	key := replicatest.KeyOf(1)
	list[1].Key = &key // though no chain begins
	return list
}

func sortRefs(refs []causal.Ref) { slices.SortFunc(refs, causal.Ref.Compare) }

// TestHashCoversEverything: whatever differs, the hash differs.
func TestHashCoversEverything(t *testing.T) {
	hash := func(prev causal.Hash, change func(*causal.Part)) causal.Hash {
		p := sample()[1]
		change(p)
		var h causal.Hasher
		return h.Chain(prev, p)
	}
	known := map[causal.Hash]string{}
	add := func(what string, h causal.Hash) {
		if other, ok := known[h]; ok {
			t.Errorf("%s hashes as %s", what, other)
		}
		known[h] = what
	}
	add("nothing", hash(causal.Hash{}, func(p *causal.Part) {}))
	add("prev", hash(causal.Hash{1}, func(p *causal.Part) {}))
	add("space", hash(causal.Hash{}, func(p *causal.Part) { p.Space[3]++ }))
	add("replica", hash(causal.Hash{}, func(p *causal.Part) { p.Replica[3]++ }))
	add("seq", hash(causal.Hash{}, func(p *causal.Part) { p.Seq++ }))
	add("stamp", hash(causal.Hash{}, func(p *causal.Part) { p.Stamp++ }))
	add("seen", hash(causal.Hash{}, func(p *causal.Part) { p.Seen[0].Seq++ }))
	add("siblings", hash(causal.Hash{}, func(p *causal.Part) { p.Siblings = p.Siblings[1:] }))
	add("grants", hash(causal.Hash{}, func(p *causal.Part) { p.Grants = p.Seen }))
	add("key", hash(causal.Hash{}, func(p *causal.Part) { p.Entries[0].Key = "K" }))
	add("border", hash(causal.Hash{}, func(p *causal.Part) { p.Entries[0].Key, p.Entries[0].Value = "kv", "" }))
	add("entries", hash(causal.Hash{}, func(p *causal.Part) { p.Entries = p.Entries[1:] }))
	add("removed", hash(causal.Hash{}, func(p *causal.Part) { p.Removed[0].Offset++ }))
}

// TestBytesPerPart keeps an impression small: one entry in, one out.
func TestBytesPerPart(t *testing.T) {
	parts := impressions(1600)[600:]
	size := len(replica.AppendFrame(nil, replicatest.Stretches(parts...)))
	for _, p := range parts {
		size -= len(p.Entries[0].Key) + len(p.Entries[0].Value)
	}
	if got := float64(size) / float64(len(parts)); got > 12 {
		t.Errorf("%.1f bytes beyond key and value", got)
	}
}

// TestUnknownFlagRefusesTheFrame is the wire's share of history 13: a part that
// says more than this release can read is not applied, nor is what came with it.
func TestUnknownFlagRefusesTheFrame(t *testing.T) {
	frame := replica.AppendFrame(nil, replicatest.Parcels(part(0, 1, 1)))
	const flags = 1 + 1 + 16 + 1 + 16 + 1 + 1 + 33 // behind chain, space, replica, seq, control, key
	if frame[flags] != 1<<3 {
		t.Fatalf("the flags are elsewhere: %x", frame)
	}
	frame[flags] |= 1 << 5 // one removal, but no removals: the one pair of flags that means nothing yet
	if parts, err := replica.DecodeFrame(frame); err == nil {
		t.Errorf("got %+v", parts)
	}
}

// TestDamagedFrames cuts a frame at every byte and turns every bit of it: what
// comes out is an error, or parts that are written and hashed like any other.
func TestDamagedFrames(t *testing.T) {
	frame := replica.AppendFrame(nil, sampleParcels())
	for n := range frame {
		checkFrame(t, frame[:n])
		for bit := range 8 {
			frame[n] ^= 1 << bit
			checkFrame(t, frame)
			frame[n] ^= 1 << bit
		}
	}
}

// checkFrame decodes a frame, and receives what it says.
func checkFrame(t *testing.T, frame []byte) {
	t.Helper()
	parcels, err := replica.DecodeFrame(frame)
	if err != nil {
		return
	}
	again, err := replica.DecodeFrame(replica.AppendFrame(nil, parcels))
	if err != nil || !reflect.DeepEqual(parcels, again) {
		t.Fatalf("%x decodes as\n%+v\nand, written again, as\n%+v, %v", frame, parcels, again, err)
	}
	var h causal.Hasher
	parts := replicatest.Parts(again)
	for i, p := range replicatest.Parts(parcels) {
		if h.Chain(causal.Hash{}, p) != h.Chain(causal.Hash{}, parts[i]) {
			t.Fatalf("%x: another hash after another frame", frame)
		}
	}
	for i := range parcels {
		checkParcel(t, &parcels[i])
	}
	var v replicatest.Voucher
	r := replica.New(replica.Config{})
	r.Receive(0, v.VouchParcels(parcels...))
	r.Root()
}

// checkParcel holds a decoded parcel to what everyone who takes one relies on.
func checkParcel(t *testing.T, p *causal.Parcel) {
	t.Helper()
	for i, part := range p.Parts {
		if part.Chain() != p.Chain() || part.Seq != p.First()+uint64(i) {
			t.Fatalf("part %d of the parcel from %v on is %v", i, p.Parts[0].Ref(), part.Ref())
		}
	}
	switch {
	case p.First() == 0, p.Last() != p.First()+uint64(len(p.Parts))-1:
		t.Fatalf("the seal of %d parts from %d on is over %d", len(p.Parts), p.First(), p.Last())
	case p.First() == 1 && p.Key == nil:
		t.Fatal("a chain begins without a key")
	case p.Key != nil && p.Key.ID() != p.Chain().Replica:
		t.Fatal("the key is another's")
	}
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add(replica.AppendFrame(nil, sampleParcels()))
	f.Add(replica.AppendFrame(nil, replicatest.Stretches(impressions(20)...)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, frame []byte) { checkFrame(t, frame) })
}

func FuzzDecodeSession(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(replica.Session{at(0, 1, 1), at(1, 1, 1<<40)}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, token []byte) {
		s, err := replica.DecodeSession(token)
		if err != nil {
			return
		}
		again, err := replica.DecodeSession(s.AppendTo(nil))
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Fatalf("%x decodes as %v and, written again, as %v, %v", token, s, again, err)
		}
	})
}

func TestSessionToken(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var s replica.Session
	for i := range 50 {
		s = append(s, at(i%3, i/3, 1+rnd.Uint64N(1000)))
	}
	sortRefs(s)
	token := s.AppendTo(nil)
	if got, err := replica.DecodeSession(token); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("got %v, %v", got, err)
	}
	for n := 1; n < len(token); n++ {
		if s, err := replica.DecodeSession(token[:n]); err == nil {
			t.Fatalf("cut after %d bytes: %v", n, s)
		}
	}
	one := replica.Session{at(0, 1, 1000)}.AppendTo(nil)
	if len(one) > 40 {
		t.Errorf("a session of one part takes %d bytes", len(one))
	}
}
