package overlay_test

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/wire"
	"golang.org/x/crypto/blake2b"
)

// part is a part reduced to what order and repair need: a name, a stamp, one
// cause in its space, and a hash that stands for all before it.
type part struct {
	chain
	seq   uint64
	stamp uint64
	cause causal.Dot // a part of the same space that the author had seen, or zero
	hash  causal.Hash
}

type chain struct {
	space  causal.SpaceID
	author causal.ReplicaID
}

// replica is the smallest thing with model.md's apply rule: logs per chain, a
// part applied after its predecessor and its cause, a bounded cache for those
// that are not ready.
type replica struct {
	logs    map[chain][]part
	pending map[chain]map[uint64]part
	stamp   uint64
	root    causal.Hash // of the state since the last change; zero if stale
}

const pendingMax = 64 // per chain

func newReplica() *replica {
	return &replica{logs: map[chain][]part{}, pending: map[chain]map[uint64]part{}}
}

// commit makes the author's next part in the space. seen picks a cause among
// the space's heads.
func (r *replica) commit(space causal.SpaceID, author causal.ReplicaID, seen func(n int) int) part {
	c := chain{space, author}
	r.stamp++
	p := part{chain: c, seq: uint64(len(r.logs[c])) + 1, stamp: r.stamp}
	if heads := r.Vector(space); len(heads) > 0 {
		h := heads[seen(len(heads))]
		p.cause = causal.Dot{Replica: h.Author, Seq: h.Seq}
	}
	p.hash = r.chained(p)
	r.apply(p)
	return p
}

// chained returns the hash of a part over its predecessor's.
func (r *replica) chained(p part) causal.Hash {
	var before causal.Hash
	if p.seq > 1 {
		before = r.logs[p.chain][p.seq-2].hash
	}
	b := append(append(before[:], p.space[:]...), p.author[:]...)
	b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, p.seq), p.stamp)
	return blake2b.Sum256(b)
}

func (r *replica) apply(p part) {
	r.logs[p.chain] = append(r.logs[p.chain], p)
	r.stamp = max(r.stamp, p.stamp)
	r.root = causal.Hash{}
}

// receive takes parts and returns those that were not known.
func (r *replica) receive(parts []part) (fresh []part) {
	for _, p := range parts {
		if p.seq <= uint64(len(r.logs[p.chain])) {
			continue
		}
		cache := r.pending[p.chain]
		if cache == nil {
			cache = map[uint64]part{}
			r.pending[p.chain] = cache
		}
		if _, ok := cache[p.seq]; ok || len(cache) >= pendingMax && p.seq != uint64(len(r.logs[p.chain]))+1 {
			continue
		}
		cache[p.seq] = p
		fresh = append(fresh, p)
		r.settle(p.chain)
	}
	for r.settleAll() {
	}
	return fresh
}

func (r *replica) settleAll() (grew bool) {
	for _, c := range slices.SortedFunc(maps.Keys(r.pending), chain.compare) {
		grew = r.settle(c) || grew
	}
	return grew
}

// settle applies what is ready of one chain.
func (r *replica) settle(c chain) (grew bool) {
	for {
		p, ok := r.pending[c][uint64(len(r.logs[c]))+1]
		if !ok || p.cause.Seq > uint64(len(r.logs[chain{c.space, p.cause.Replica}])) {
			break
		}
		delete(r.pending[c], p.seq)
		if p.hash == r.chained(p) { // else it is of another branch, and never stored
			r.apply(p)
			grew = true
		}
	}
	if len(r.pending[c]) == 0 {
		delete(r.pending, c)
	}
	return grew
}

func (r *replica) count() int {
	n := 0
	for _, l := range r.logs {
		n += len(l)
	}
	return n
}

func (c chain) compare(o chain) int {
	return cmp.Or(c.space.Compare(o.space), c.author.Compare(o.author))
}

// The rest is repair.Source.

func (r *replica) Root() causal.Hash {
	if r.root == (causal.Hash{}) {
		var b []byte
		for _, s := range r.Spaces(causal.SpaceID{}, 1<<20) {
			b = append(append(b, s.Space[:]...), s.Digest[:]...)
		}
		r.root = blake2b.Sum256(b)
	}
	return r.root
}

func (r *replica) Spaces(from causal.SpaceID, countMax int) []repair.SpaceDigest {
	var all []repair.SpaceDigest
	for _, c := range slices.SortedFunc(maps.Keys(r.logs), chain.compare) {
		if n := len(all); c.space.Compare(from) < 0 || n > 0 && all[n-1].Space == c.space {
			continue
		}
		if len(all) == countMax {
			break
		}
		var b []byte
		for _, h := range r.Vector(c.space) {
			b = append(append(b, h.Author[:]...), h.Hash[:]...)
		}
		all = append(all, repair.SpaceDigest{Space: c.space, Digest: blake2b.Sum256(b)})
	}
	return all
}

func (r *replica) Holds(causal.SpaceID) bool { return true }

func (r *replica) Vector(space causal.SpaceID) []repair.Head {
	var heads []repair.Head
	for c := range r.logs {
		if c.space == space {
			heads = append(heads, repair.Head{Author: c.author, Head: r.Head(space, c.author)})
		}
	}
	slices.SortFunc(heads, func(a, b repair.Head) int { return a.Author.Compare(b.Author) })
	return heads
}

func (r *replica) Head(space causal.SpaceID, author causal.ReplicaID) causal.Head {
	log := r.logs[chain{space, author}]
	if len(log) == 0 {
		return causal.Head{}
	}
	return causal.Head{Seq: uint64(len(log)), Hash: log[len(log)-1].hash}
}

func (r *replica) HashAt(space causal.SpaceID, author causal.ReplicaID, seq uint64) (causal.Hash, bool) {
	log := r.logs[chain{space, author}]
	if seq < 1 || seq > uint64(len(log)) {
		return causal.Hash{}, false
	}
	return log[seq-1].hash, true
}

func (r *replica) Limit(causal.SpaceID, causal.ReplicaID) uint64 { return math.MaxUint64 }

func (r *replica) Branch(space causal.SpaceID, author causal.ReplicaID, after, over uint64) (b causal.Branch, ok bool) {
	log := r.logs[chain{space, author}]
	if over > uint64(len(log)) {
		return b, false
	}
	for _, p := range log[after:] {
		b.Headers = append(b.Headers, p.hash)
	}
	return b, true
}

func (r *replica) Parts(wants []repair.Want, sizeMax int) ([]byte, int) {
	var parts []part
	for _, w := range wants {
		log := r.logs[chain{w.Space, w.Author}]
		parts = append(parts, log[min(int(w.After.Seq), len(log)):]...)
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.stamp, b.stamp), a.compare(b.chain), cmp.Compare(a.seq, b.seq))
	})
	n := min(len(parts), max(1, sizeMax/partSize))
	return encode(parts[:n]), n
}

const partSize = 16 + 16 + 8 + 8 + 16 + 8 + 32

func encode(parts []part) []byte {
	var b []byte
	for _, p := range parts {
		b = append(append(b, p.space[:]...), p.author[:]...)
		b = wire.AppendUint64(wire.AppendUint64(b, p.seq), p.stamp)
		b = wire.AppendUint64(append(b, p.cause.Replica[:]...), p.cause.Seq)
		b = append(b, p.hash[:]...)
	}
	return b
}

func decode(b []byte) []part {
	var parts []part
	for r := wire.NewReader(b); r.Len() > 0; {
		var p part
		copy(p.space[:], r.Raw(16))
		copy(p.author[:], r.Raw(16))
		p.seq, p.stamp = r.Uint64(), r.Uint64()
		copy(p.cause.Replica[:], r.Raw(16))
		p.cause.Seq = r.Uint64()
		copy(p.hash[:], r.Raw(32))
		parts = append(parts, p)
	}
	return parts
}

func (r *replica) Start(causal.SpaceID, causal.ReplicaID) uint64 { return 0 }
func (r *replica) Take(q repair.Take) repair.Taken               { return repair.Taken{Space: q.Space, Turn: q.Turn} }
func (r *replica) HasBucket(causal.SpaceID, causal.Leaf) bool    { return false }
