package causal

import (
	"github.com/martinelli-lang/martinelli/wire"
)

// VectorMax is how many replicas a vector on the wire may name.
const VectorMax = 1 << 20

// A vector is its number of replicas, and for each in ascending order the id
// and how many of its parts are contained, which is not zero:
//
//	| count uvarint | id 16 bytes | n uvarint | id 16 bytes | n uvarint | ...
//
// Equal vectors have equal bytes.

// AppendTo appends the binary form of v.
func (v Vector) AppendTo(b []byte) []byte {
	replicas := v.Replicas()
	b = wire.AppendUvarint(b, uint64(len(replicas)))
	for _, r := range replicas {
		b = append(b, r[:]...)
		b = wire.AppendUvarint(b, v[r])
	}
	return b
}

// ReadVector reads what AppendTo wrote, of at most replicasMax replicas. What
// is wrong is the reader's error.
func ReadVector(r *wire.Reader, replicasMax int) Vector {
	n := r.Count(replicasMax, len(ReplicaID{})+1)
	v := make(Vector, n)
	var last ReplicaID
	for i := range n {
		id := ReadReplicaID(r)
		seq := r.Uvarint()
		if i > 0 && id.Compare(last) <= 0 || seq == 0 {
			r.Fail(wire.ErrMalformed)
		}
		if r.Err() != nil {
			return nil
		}
		v[id], last = seq, id
	}
	return v
}

// DecodeVector decodes b, which must hold one vector and nothing else.
func DecodeVector(b []byte) (Vector, error) {
	r := wire.NewReader(b)
	v := ReadVector(r, VectorMax)
	return v, r.Done()
}

// ReadReplicaID reads the 16 bytes of an id.
func ReadReplicaID(r *wire.Reader) ReplicaID {
	var id ReplicaID
	copy(id[:], r.Raw(len(id)))
	return id
}
