package causal

import (
	"bytes"
	"errors"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/wire"
)

// ReplicaID names one copy on one store: the hash of its public key and
// incarnation. A new store, a restore and a log cut short get a new one.
type ReplicaID [16]byte

// SpaceID is the handle by which a space is known outside itself. It is a
// hash of the space's name, so it says nothing about it to those who do not
// hold the space.
type SpaceID [16]byte

// Hash is a blake2b-256 digest.
type Hash [32]byte

// NewReplicaID derives the id of a replica from its public key and incarnation.
func NewReplicaID(publicKey []byte, incarnation uint64) ReplicaID {
	b := append([]byte("martinelli replica\x00"), publicKey...)
	for i := range 8 {
		b = append(b, byte(incarnation>>(8*i)))
	}
	sum := blake2b.Sum256(b)
	return ReplicaID(sum[:16])
}

// SpaceOf derives the handle of the space called name in the cluster called cluster.
func SpaceOf(cluster, name string) SpaceID {
	b := append([]byte("martinelli space\x00"), cluster...)
	b = append(append(b, 0), name...)
	sum := blake2b.Sum256(b)
	return SpaceID(sum[:16])
}

// Compare orders ids by their bytes.
func (r ReplicaID) Compare(o ReplicaID) int { return bytes.Compare(r[:], o[:]) }

// Compare orders handles by their bytes.
func (s SpaceID) Compare(o SpaceID) int { return bytes.Compare(s[:], o[:]) }

// String returns all 32 hexadecimal digits.
func (r ReplicaID) String() string { return wire.Hex(r[:]) }

// Short returns the first eight hexadecimal digits, for people.
func (r ReplicaID) Short() string { return wire.Hex(r[:4]) }

// String returns all 32 hexadecimal digits.
func (s SpaceID) String() string { return wire.Hex(s[:]) }

// String returns all 64 hexadecimal digits.
func (h Hash) String() string { return wire.Hex(h[:]) }

// ParseReplicaID reads what ReplicaID.String wrote.
func ParseReplicaID(s string) (ReplicaID, error) {
	var id ReplicaID
	if len(s) != 2*len(id) {
		return id, errors.New("causal: a replica id has 32 hexadecimal digits")
	}
	for i := range id {
		hi, lo := digit(s[2*i]), digit(s[2*i+1])
		if hi > 15 || lo > 15 {
			return ReplicaID{}, errors.New("causal: a replica id has 32 hexadecimal digits")
		}
		id[i] = hi<<4 | lo
	}
	return id, nil
}

// digit returns the value of a lower-case hexadecimal digit, or 255.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}
