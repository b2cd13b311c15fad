package browser

import "github.com/martinelli-lang/martinelli/algebra/causal"

// Every queue has a bound, and something happens there. The node's own are in
// node.Limits.
const (
	// BatchMax is how many letters are taken before the node is drained; they
	// share the Write of their delivery all the same.
	BatchMax = 256

	// LinksMax bounds links, those included whose peer has not said yet who it
	// is; a further one is hung up on.
	LinksMax = 64

	// CommandsMax bounds raises and reads that have no last answer, and
	// watches; a further one is answered "busy".
	CommandsMax = 1 << 16

	// SyncedMax bounds the raises that wait to be at another node. The last
	// answer of a further one is that it is durable.
	SyncedMax = 1 << 14

	// DoubtsMax bounds signatures of one handshake that are with the worker: a
	// pass has few blocks, so nobody honest comes near.
	DoubtsMax = 64

	// DelegatedMax bounds passes for other devices whose signature is with the
	// worker; a further one is refused with a sentence.
	DelegatedMax = 32

	// handshakeAfter is how long a peer may take to say who it is.
	handshakeAfter = 10 * causal.Second
)

// flushEvery is after how many parts a page's node flushes its state: what a
// reload replays at most, at some 20 us each.
const flushEvery = 256
