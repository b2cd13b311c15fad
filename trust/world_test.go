package trust_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust"
	"golang.org/x/crypto/blake2b"
)

// world is a machine between a host that signs and verifies when the test
// says so, and a replica that applies what is accepted, in order.
type world struct {
	*trust.Machine
	t       testing.TB
	chains  map[causal.Chain]*chain // the truth
	applied map[causal.Chain]causal.Head
	learnt  map[causal.ReplicaID]bool
	asked   []trust.VerifyRequest
	toSign  []trust.SignRequest

	isSlow  bool // accepted parts wait at the replica
	waiting []trust.Accepted

	settled map[causal.ReplicaID]int
	doubts  []trust.Doubt
	clones  []causal.Chain
	sealed  []trust.Sealed
	parts   int // accepted, again ones included
	forked  map[causal.Chain]uint64
	forks   []trust.Fork
	liars   []causal.ReplicaID
	proven  []uint64 // of what was accepted
}

func newWorld(t testing.TB, cfg trust.Config) *world {
	w := &world{
		t: t, chains: map[causal.Chain]*chain{}, applied: map[causal.Chain]causal.Head{},
		learnt: map[causal.ReplicaID]bool{}, forked: map[causal.Chain]uint64{}, settled: map[causal.ReplicaID]int{},
	}
	cfg.Source = w
	w.Machine = trust.New(cfg)
	return w
}

// Tip makes world a trust.Source.
func (w *world) Tip(c causal.Chain) causal.Head { return w.applied[c] }

// HashOf makes world a trust.Source.
func (w *world) HashOf(ref causal.Ref) (causal.Hash, bool) {
	c := w.chains[ref.Chain()]
	if c == nil || ref.Seq > w.applied[ref.Chain()].Seq {
		return causal.Hash{}, false
	}
	return c.hashes[ref.Seq-1], true
}

// chain is the true chain of one author in one space.
type chain struct {
	causal.Chain
	key    causal.Key
	parts  []*causal.Part
	hashes []causal.Hash
}

func keyOf(i int) causal.Key { return causal.Key{Public: [32]byte{byte(i), byte(i >> 8), 1}} }

func idOf(i int) causal.ReplicaID {
	key := keyOf(i)
	return key.ID()
}

func (w *world) chain(author, space, length int) *chain {
	c := &chain{Chain: causal.Chain{Space: causal.SpaceOf("test", strconv.Itoa(space)), Replica: idOf(author)}, key: keyOf(author)}
	var h causal.Hasher
	var prev causal.Hash
	for i := range length {
		p := &causal.Part{Space: c.Space, Replica: c.Replica, Seq: uint64(i + 1), Stamp: causal.Stamp(i * 7),
			Entries: []causal.Entry{{Database: "d", Key: "k", Value: strconv.Itoa(i)}}}
		prev = h.Chain(prev, p)
		c.parts, c.hashes = append(c.parts, p), append(c.hashes, prev)
	}
	w.chains[c.Chain] = c
	return c
}

// sign stands for ed25519: nobody else here computes it.
func sign(public [32]byte, statement []byte) causal.Signature {
	return blake2b.Sum512(append(append([]byte("secret"), public[:]...), statement...))
}

func (c *chain) head(seq uint64) causal.Head {
	if seq == 0 {
		return causal.Head{}
	}
	return causal.Head{Seq: seq, Hash: c.hashes[seq-1]}
}

func (c *chain) sealAt(seq uint64) causal.Seal {
	return causal.Seal{Seq: seq, Signature: sign(c.key.Public, causal.SealStatement(c.Chain, c.head(seq)))}
}

// parcel returns the parts from first to last under a good seal.
func (c *chain) parcel(first, last uint64) causal.Parcel {
	p := causal.Parcel{Parts: c.parts[first-1 : last : last], Seal: c.sealAt(last)}
	if first == 1 {
		key := c.key
		p.Key = &key
	}
	return p
}

// badly returns the same with a seal that is not the author's.
func (c *chain) badly(first, last uint64) causal.Parcel {
	p := c.parcel(first, last)
	p.Seal.Signature[9] ^= 4
	return p
}

// receive gives parcels to the machine and heeds its output.
func (w *world) receive(from int, parcels ...causal.Parcel) {
	w.t.Helper()
	w.Receive(idOf(from), parcels)
	w.heed()
}

func (w *world) heed() {
	w.t.Helper()
	out := w.Drain()
	w.asked = append(w.asked, out.Verify...)
	w.toSign = append(w.toSign, out.Sign...)
	w.doubts = append(w.doubts, out.Doubts...)
	w.clones = append(w.clones, out.Clones...)
	w.forks = append(w.forks, out.Forks...)
	w.liars = append(w.liars, out.Liars...)
	w.sealed = append(w.sealed, out.Sealed...)
	for _, id := range out.Settled {
		w.settled[id]++
	}
	for _, a := range out.Accepted {
		w.check(a)
		w.parts += len(a.Parts)
		w.proven = append(w.proven, a.Proven...)
		if w.isSlow {
			w.waiting = append(w.waiting, a)
		} else {
			w.apply(a)
		}
	}
}

// check holds what was accepted to the truth: it is the author's, every part
// of it, and so are its hashes, its seal and the key where it begins.
func (w *world) check(a trust.Accepted) {
	w.t.Helper()
	c := w.chains[a.Chain()]
	if c == nil {
		w.t.Fatalf("accepted parts of %v, who wrote nothing", a.Chain())
	}
	for i, p := range a.Parts {
		if p.Seq != a.First()+uint64(i) || p.Seq > uint64(len(c.parts)) || a.Hashes[i] != c.hashes[p.Seq-1] {
			w.t.Fatalf("accepted part %d of the parcel from %d on, which its author did not write: %+v", i, a.First(), p)
		}
	}
	if a.Last() != a.Parts[len(a.Parts)-1].Seq || a.Seal != c.sealAt(a.Last()) || len(a.Hashes) != len(a.Parts) {
		w.t.Fatalf("the seal over part %d is not its author's", a.Last())
	}
	if len(a.Parts) > causal.ParcelPartsMax {
		w.t.Fatalf("a parcel of %d parts", len(a.Parts))
	}
	if a.First() == 1 && (a.Key == nil || *a.Key != c.key) {
		w.t.Fatalf("a chain begins with the key %v", a.Key)
	}
}

// apply takes what connects, as the replica does.
func (w *world) apply(a trust.Accepted) {
	c := w.chains[a.Chain()]
	at := w.applied[c.Chain].Seq
	if a.First() > at+1 {
		w.t.Fatalf("part %d was handed out behind part %d", a.First(), at)
	}
	w.applied[c.Chain] = c.head(max(at, a.Last()))
	if a.First() == 1 && !w.learnt[c.Replica] {
		w.learnt[c.Replica] = true
		w.Learn(*a.Key)
	}
}

// answer answers n of the open requests, drawn with the die or the first ones.
func (w *world) answer(n int, rnd *rand.Rand) {
	w.t.Helper()
	for ; n > 0 && len(w.asked) > 0; n-- {
		i := 0
		if rnd != nil {
			i = rnd.IntN(len(w.asked))
		}
		q := w.asked[i]
		w.asked[i] = w.asked[len(w.asked)-1]
		w.asked = w.asked[:len(w.asked)-1]
		w.Verified([]trust.Verified{{ID: q.ID, IsGood: sign(q.Public, q.Statement) == q.Signature}})
		w.heed()
	}
}

// answerAll answers until nothing is asked any more.
func (w *world) answerAll() {
	w.t.Helper()
	for len(w.asked) > 0 {
		w.answer(1, nil)
	}
}

// expect compares how far a chain is applied.
func (w *world) expect(c *chain, seq uint64) {
	w.t.Helper()
	if got := w.applied[c.Chain].Seq; got != seq {
		w.t.Errorf("applied up to part %d, want %d", got, seq)
	}
}

// expectEmpty says that nothing waits any more.
func (w *world) expectEmpty() {
	w.t.Helper()
	if st := w.Stats(); st.Held != 0 || st.HeldSize != 0 {
		w.t.Errorf("%d parcels of %d bytes wait", st.Held, st.HeldSize)
	}
}

// Part makes world a trust.Source.
func (w *world) Part(ref causal.Ref) *causal.Part {
	if _, ok := w.HashOf(ref); !ok {
		return nil
	}
	return w.chains[ref.Chain()].parts[ref.Seq-1]
}

// SealOver makes world a trust.Source: of every chain the seal over its last
// part is kept.
func (w *world) SealOver(id causal.Chain, seq uint64) (causal.Seal, bool) {
	c, at := w.chains[id], w.applied[id].Seq
	if c == nil || seq > at || seq == 0 {
		return causal.Seal{}, false
	}
	return c.sealAt(at), true
}

// Forked makes world a trust.Source.
func (w *world) Forked(c causal.Chain) (uint64, bool) {
	first, ok := w.forked[c]
	return first, ok
}
