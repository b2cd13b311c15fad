package causal

import (
	"github.com/martinelli-lang/martinelli/wire"

	"golang.org/x/crypto/blake2b"
)

// What a checkpoint's signature is over stands for three things: a vector with
// its chain hashes, the live entries, and the parts of other spaces that are
// referred to. The entries are hashed as a tree, bucket by bucket, so that who
// fetches them can tell a wrong bucket by itself, take each from anybody, and
// leave out those it has. docs/wire/checkpoint.md draws the bytes.

// BucketParts is how many consecutive parts of a chain share a leaf of the tree.
const BucketParts = 256

// BucketOf returns the number of the bucket that a part falls into, from 0.
func BucketOf(seq uint64) uint64 { return (seq - 1) / BucketParts }

// BucketName names the live entries of some consecutive parts of a chain.
type BucketName struct {
	Replica ReplicaID
	Number  uint64 // its parts are those from Number*BucketParts+1 on
}

// Compare orders buckets by replica, then number.
func (n BucketName) Compare(o BucketName) int {
	if c := n.Replica.Compare(o.Replica); c != 0 {
		return c
	}
	switch {
	case n.Number < o.Number:
		return -1
	case n.Number > o.Number:
		return 1
	}
	return 0
}

// First returns the seq of the bucket's first part.
func (n BucketName) First() uint64 { return n.Number*BucketParts + 1 }

// Leaf is a leaf of the tree: a bucket with at least one entry.
type Leaf struct {
	BucketName
	Size uint64 // bytes of the bucket's binary form
	Hash Hash   // over them
}

// Tags keep the hashes of a checkpoint apart from all others.
const (
	tagBucket = 0x05
	tagRow    = 0x06
	tagRoot   = 0x07
	tagNeeds  = 0x08
)

// HashBucket returns the hash over a bucket's binary form.
func HashBucket(body []byte) Hash {
	h, err := blake2b.New256(nil)
	if err != nil {
		panic("causal: blake2b without a key has no error")
	}
	h.Write([]byte{tagBucket})
	h.Write(body)
	return Hash(h.Sum(nil))
}

// HashEntries returns the root over the leaves, which are in order: a hash
// over the hash of each chain's leaves.
func HashEntries(leaves []Leaf) Hash {
	root := []byte{tagRoot}
	for len(leaves) > 0 {
		replica := leaves[0].Replica
		row := append([]byte{tagRow}, replica[:]...)
		for len(leaves) > 0 && leaves[0].Replica == replica {
			l := &leaves[0]
			row = wire.AppendUint64(wire.AppendUint64(row, l.Number), l.Size)
			row = append(row, l.Hash[:]...)
			leaves = leaves[1:]
		}
		sum := blake2b.Sum256(row)
		root = append(append(root, replica[:]...), sum[:]...)
	}
	return blake2b.Sum256(root)
}

// AuthorHead is the end of one author's chain in a space.
type AuthorHead struct {
	Replica ReplicaID
	Head
}

// HashVector returns the digest over a vector with its chain hashes, whose
// heads are in the order of their replicas.
func HashVector(heads []AuthorHead) Hash {
	b := make([]byte, 0, len(heads)*56)
	for i := range heads {
		b = append(b, heads[i].Replica[:]...)
		b = wire.AppendUint64(b, heads[i].Seq)
		b = append(b, heads[i].Hash[:]...)
	}
	return blake2b.Sum256(b)
}

// HashNeeds returns the hash over references into other spaces, in order.
func HashNeeds(refs []Ref) Hash { return blake2b.Sum256(appendRefs([]byte{tagNeeds}, refs)) }
