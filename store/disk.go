package store

import "errors"

// Op is one change of a batch. Key, Value and End are not written to after
// they have been handed out.
type Op struct {
	Key    []byte
	Value  []byte
	Delete bool
	End    []byte // of a Delete, if not nil: every key from Key on and before End goes
}

// Reader reads an ordered map of byte keys. It sees every batch whose Write
// has returned.
type Reader interface {
	// Get returns the value of a key. The caller owns the result.
	Get(key []byte) (value []byte, ok bool, err error)
	// Scan calls yield for each key in [lo, hi), in order, until it returns
	// false. A nil hi is the end. Key and value are valid during the call only.
	Scan(lo, hi []byte, yield func(key, value []byte) bool) error
}

// Disk is an ordered map of byte keys written in atomic batches.
//
// After a crash a Disk holds every batch written before the last Sync that
// returned without an error, and of the later ones the first few, each whole
// or not at all.
type Disk interface {
	Reader
	// Write applies a batch whole or, with an error, not at all. It may keep
	// the keys and values of the batch.
	Write(batch []Op) error
	// Sync makes all batches written so far durable. After an error nothing
	// may be assumed of those since the last Sync: close and open again.
	Sync() error
	Close() error
}

// Errors a Disk may give; test with errors.Is.
var (
	ErrFull   = errors.New("store: the disk is full")
	ErrClosed = errors.New("store: the disk is closed")
)
