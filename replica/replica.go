package replica

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// Log reads back parts that were applied and have left memory. store.Store is
// one. It may lack the newest parts, as those may not be written yet.
type Log interface {
	// Part returns the named part, or nil if the log lacks it.
	Part(ref causal.Ref) (*causal.Part, error)
	// Hash returns the chain hash at the named part; false if the log lacks it.
	Hash(ref causal.Ref) (causal.Hash, bool, error)
}

// Config is what a replica is made of.
type Config struct {
	Log   Log                       // nil: nothing is read back
	Holds func(causal.SpaceID) bool // which spaces this replica keeps; nil: every one

	PendingMax      int // parts that wait per chain; default 1,024
	PendingBytesMax int // bytes of all parts that wait; default 64 MiB
	RecentMax       int // applied parts kept in memory for repair; default 16,384
}

// Draft is a commit before it has its place in the order.
type Draft struct {
	Author causal.ReplicaID
	Stamp  causal.Stamp
	Seen   Session          // what the session had seen
	Reads  []causal.SpaceID // spaces the run read
	Writes []Write          // one per space, none twice
}

// Write is what a commit does in one space.
type Write struct {
	Space   causal.SpaceID
	Entries []causal.Entry
	Removed []causal.EntryID
}

// Group is a set of parts that become visible together. Hashes[i] is the chain
// hash at Parts[i]. The parts of one chain stand in its order.
type Group struct {
	Parts   []*causal.Part
	Hashes  []causal.Hash
	Changes []Change
}

// Change is an entry that has appeared in a space or gone from it.
type Change struct {
	Space         causal.SpaceID
	Database, Key string
	Item          crdt.Item
	Removed       bool
}

// Fork is evidence that an author wrote two parts under one seq. The one that
// came second is kept out.
type Fork struct {
	Chain causal.Chain
	Seq   uint64
}

// Output is what a Drain hands out.
type Output struct {
	Groups  []Group // in order
	Forks   []Fork
	Dropped int   // parts that fell out of the cache since the last Drain
	Err     error // the first failure of the Log since the last Drain
}

// ChainHead is the end of one chain.
type ChainHead struct {
	Chain causal.Chain
	causal.Head
}

// LiveEntry is an entry of a space's state.
type LiveEntry struct {
	ID causal.EntryID
	crdt.Entry
}

// Flush is what the store lacks of a space's state: with it written in one
// batch, a restart replays the log above Chains only.
type Flush struct {
	Space   causal.SpaceID
	Chains  []ChainHead  // those that grew since the last Flush
	Maximal []causal.Dot // the space's heads, all of them
	Added   []LiveEntry
	Removed []causal.EntryID
}
