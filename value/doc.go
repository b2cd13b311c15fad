// Package value holds the plain values of a program: what is stored inside a
// lattice, passed to a handler and compared by an operator.
//
// Every value has one canonical encoding, and values are ordered as their
// encodings are ordered by bytes. So a map may be keyed by encodings, a tie is
// broken the same way everywhere, and the largest of a set can be found
// without decoding it.
package value
