// Package wire is the waist between nodes: the primitives every message and
// record is written with, and the protocol version they are written in.
//
// The bytes of one message live beside its type and are made of the
// primitives here. A Reader never panics and never allocates more than its
// input could fill: limits are checked before memory is taken.
package wire
