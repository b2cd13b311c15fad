package store

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// Store gives a node's records their keys and bytes. Its Put verbs gather Ops,
// Take hands them out as one batch; its readers read what has been written.
// One goroutine calls it; the Reader may be shared.
type Store struct{ disk Reader }

// Open reads the version, the dictionaries, the stream marks and the head mark.
// A store of another version is an error that names both.
func Open(disk Reader) (*Store, error) { return &Store{disk}, nil }

// PutPart adds a part to the log. hash is the chain hash at p. The parts of a
// group are put before the next Take, so that they are written together.
func (s *Store) PutPart(p *causal.Part, hash causal.Hash) {}

// PutStreamMark notes that a stream was raised up to and including m.Seq.
func (s *Store) PutStreamMark(stream string, m StreamMark) {}

// PutMeta keeps a small value under a name.
func (s *Store) PutMeta(name string, value []byte) {}

// PutEntry adds an entry to the flushed state.
func (s *Store) PutEntry(space causal.SpaceID, id causal.EntryID, e crdt.Entry) {}

// DeleteEntry removes an entry from the flushed state.
func (s *Store) DeleteEntry(space causal.SpaceID, id causal.EntryID) {}

// PutHead says that the flushed state contains the chain up to h.
func (s *Store) PutHead(c causal.Chain, h causal.Head) {}

// PutMaximal replaces the maximal parts of a space's flushed state.
func (s *Store) PutMaximal(space causal.SpaceID, dots []causal.Dot) {}

// Take ends the batch: it returns its Ops with the head mark after them, or
// nil if there are none.
func (s *Store) Take() []Op { return nil }

// StreamMark is how far a stream has been raised, and the commit at its end.
type StreamMark struct {
	Seq   uint64
	Parts []causal.Ref // of the commit, for the token of a repeated answer; empty if it wrote nothing
}

// StreamMark returns the stream's mark, counting what Take has not handed out yet.
func (s *Store) StreamMark(stream string) (StreamMark, bool) { return StreamMark{}, false }

// Meta returns the value under a name, counting what Take has not handed out yet.
func (s *Store) Meta(name string) ([]byte, bool, error) { return nil, false, nil }

// Part returns a part of the log, or nil if it was not written.
func (s *Store) Part(ref causal.Ref) (*causal.Part, error) { return nil, nil }

// Hash returns the chain hash at a part of the log.
func (s *Store) Hash(ref causal.Ref) (causal.Hash, bool, error) { return causal.Hash{}, false, nil }

// Visitor takes what Restore reads: first all heads, then the maximal parts,
// then the entries, then the parts above the heads. Every func may be nil.
type Visitor struct {
	Head    func(causal.Chain, causal.Head)
	Maximal func(causal.SpaceID, []causal.Dot)
	Entry   func(causal.SpaceID, causal.EntryID, crdt.Entry)
	Part    func(*causal.Part)
}

// Restore reads the flushed state and the log above it.
func (s *Store) Restore(v Visitor) error { return nil }

// HeadMark numbers the batches of a store. Equal marks mean equal writes.
type HeadMark struct {
	Number uint64
	Hash   causal.Hash
}

// Mark returns the mark of the batch taken last.
func (s *Store) Mark() HeadMark { return HeadMark{} }

// MarkOf returns the head mark of a batch, for the host's head mark file.
func MarkOf(batch []Op) (HeadMark, bool) { return HeadMark{}, false }

// ReadMark returns the mark of the batch written last; zero for an empty disk.
func ReadMark(disk Reader) (HeadMark, error) { return HeadMark{}, nil }

// NewMem returns an empty disk in memory.
func NewMem() *Mem { return &Mem{} }

// Mem is a Disk in memory that can crash.
type Mem struct{}

// Crash forgets the batches after the last Sync but the first keep of them.
func (m *Mem) Crash(keep int) {}

// Unsynced returns how many batches a crash may lose.
func (m *Mem) Unsynced() int { return 0 }

// Get, Scan, Write, Sync and Close make Mem a Disk.
func (m *Mem) Get(key []byte) ([]byte, bool, error)                   { return nil, false, nil }
func (m *Mem) Scan(lo, hi []byte, yield func(k, v []byte) bool) error { return nil }
func (m *Mem) Write(batch []Op) error                                 { return nil }
func (m *Mem) Sync() error                                            { return nil }
func (m *Mem) Close() error                                           { return nil }

// SetFault makes a disk fail: f is asked before every operation ("get",
// "scan", "write", "sync") and its error is the operation's. nil ends it.
func (m *Mem) SetFault(f func(operation string) error) {}

// SetSizeMax makes writes that would grow the disk beyond this many bytes fail with ErrFull.
func (m *Mem) SetSizeMax(sizeMax int) {}
