package causal

import (
	"github.com/martinelli-lang/martinelli/wire"
)

// Key is who speaks under a replica id. The id is the hash of the key, so a
// key that comes with any message proves itself, and nobody has to be asked
// whose id it is.
type Key struct {
	Public      [32]byte // ed25519
	Incarnation uint64   // greater after each restore and each lost tail of the log, so that the id is a new one
}

// ID returns the replica id the key speaks for.
func (k *Key) ID() ReplicaID { return NewReplicaID(k.Public[:], k.Incarnation) }

// AppendTo appends the key: 32 bytes and the incarnation.
func (k *Key) AppendTo(b []byte) []byte {
	return wire.AppendUvarint(append(b, k.Public[:]...), k.Incarnation)
}

// ReadKey reads what AppendTo wrote.
func ReadKey(r *wire.Reader) (k Key) {
	copy(k.Public[:], r.Raw(len(k.Public)))
	k.Incarnation = r.Uvarint()
	return k
}

// Signature is an ed25519 signature.
type Signature [64]byte

// ReadSignature reads the 64 bytes of a signature.
func ReadSignature(r *wire.Reader) (s Signature) {
	copy(s[:], r.Raw(len(s)))
	return s
}

// Seal is an author's signature over its chain up to and including a part. As
// the chain hash there covers all before it, one seal vouches for every part
// up to its own: authors seal batches, not parts.
type Seal struct {
	Seq       uint64
	Signature Signature
}

// tagSeal keeps what a seal signs apart from everything else that is signed.
const tagSeal = 0x03

// SealStatement returns the bytes that the seal of a chain at head signs:
// that the chain has this hash at this part. Two seals of one author over
// different hashes at one part prove that it forked.
func SealStatement(c Chain, head Head) []byte {
	b := append(make([]byte, 0, 104), "martinelli"...)
	b = append(b, tagSeal)
	b = append(append(b, c.Space[:]...), c.Replica[:]...)
	b = wire.AppendUint64(b, head.Seq)
	return append(b, head.Hash[:]...)
}

// Bounds of what an author puts under one seal, so that what a receiver must
// hold before it can verify is bounded, and so that every stretch of a chain
// between two seals can be sent in one frame.
const (
	ParcelPartsMax = 512
	ParcelSizeMax  = 256 << 10 // bytes, see BodySize; the last part may pass it
)

// Parcel is consecutive parts of one chain with the seal over the last of
// them: the smallest thing that travels, as nobody takes a part without a
// signature that covers it.
type Parcel struct {
	Key   *Key // the author's, if the sender thinks that the receiver lacks it; it always stands where a chain begins
	Parts []*Part
	Seal  Seal // over the last part
}

// Chain returns the chain of the parcel's parts.
func (p *Parcel) Chain() Chain { return p.Parts[0].Chain() }

// First and Last return the seqs of its first and last part.
func (p *Parcel) First() uint64 { return p.Parts[0].Seq }

// Last returns the seq that the seal is over.
func (p *Parcel) Last() uint64 { return p.Seal.Seq }

// Vouched is a parcel whose seal was found to be the author's.
type Vouched struct {
	Parcel
	Before Hash     // the chain hash before Parts[0]; zero where a chain begins
	Hashes []Hash   // Hashes[i] is the chain hash at Parts[i]
	Proven []uint64 // seqs of parts that hold a proof of a fork whose signatures are good
}
