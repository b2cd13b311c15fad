package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Reserved databases of this file, both in the space they speak of.
const (
	heirs    = "@heir"    // former id -> who re-issues which of its parts; by the steward
	reissued = "@reissue" // former id -> up to which part; by the heir, with what it re-issues
)

// Bounds of what an heir asks for at a time; the rest comes with the next time.
const (
	estateChainsMax = 1024
	estatePartsMax  = 1024
)

// inherit is what an heir says to the steward: I hold these parts of a former id.
type inherit struct {
	Former causal.ReplicaID
	Key    causal.Key // the heir's
	Chains []estate
}

// estate is what an heir holds of one chain.
type estate struct {
	Space  causal.SpaceID
	After  causal.Head   // the part before
	Hashes []causal.Hash // the chain hashes at the parts behind it
}

func (q *inherit) appendTo(b []byte) []byte {
	b = append(b, q.Former[:]...)
	b = q.Key.AppendTo(b)
	b = wire.AppendUvarint(b, uint64(len(q.Chains)))
	for i := range q.Chains {
		c := &q.Chains[i]
		b = append(b, c.Space[:]...)
		b = wire.AppendUvarint(b, c.After.Seq)
		b = append(b, c.After.Hash[:]...)
		b = appendHashes(b, c.Hashes)
	}
	return b
}

func decodeInherit(body []byte) (inherit, error) {
	r := wire.NewReader(body)
	q := inherit{Former: causal.ReadReplicaID(r), Key: causal.ReadKey(r)}
	for range r.Count(estateChainsMax, 50) {
		var c estate
		copy(c.Space[:], r.Raw(len(c.Space)))
		c.After.Seq = r.Uvarint()
		copy(c.After.Hash[:], r.Raw(len(c.After.Hash)))
		c.Hashes = readHashes(r)
		if c.After.Seq > 1<<62 {
			r.Fail(wire.ErrMalformed)
		}
		if r.Err() != nil {
			break
		}
		q.Chains = append(q.Chains, c)
	}
	return q, r.Done()
}

func appendHashes(b []byte, hashes []causal.Hash) []byte {
	b = wire.AppendUvarint(b, uint64(len(hashes)))
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

func readHashes(r *wire.Reader) []causal.Hash {
	hashes := make([]causal.Hash, r.Count(estatePartsMax, len(causal.Hash{})))
	for i := range hashes {
		copy(hashes[i][:], r.Raw(len(hashes[i])))
	}
	return hashes
}

// heirRecord says who re-issues some consecutive parts of a chain, which the
// hashes tell from those of other branches.
type heirRecord struct {
	Heir   causal.ReplicaID
	First  uint64
	Hashes []causal.Hash
}

func (h *heirRecord) encode() string {
	b := append([]byte(nil), h.Heir[:]...)
	b = wire.AppendUvarint(b, h.First)
	return string(appendHashes(b, h.Hashes))
}

func decodeHeir(s string) (heirRecord, error) {
	r := wire.NewReader([]byte(s))
	h := heirRecord{Heir: causal.ReadReplicaID(r), First: r.Uvarint(), Hashes: readHashes(r)}
	if h.First == 0 || h.First > 1<<62 {
		r.Fail(wire.ErrMalformed)
	}
	return h, r.Done()
}
