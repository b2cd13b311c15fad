package store

// Op is one change of a batch.
type Op struct {
	Key    []byte
	Value  []byte
	Delete bool
}

// Disk is an ordered map of byte keys.
//
// Write applies a batch whole or not at all, and returns when it is durable.
// Get and Scan see every batch whose Write has begun... 
type Disk interface {
	Get(key []byte) (value []byte, ok bool, err error)
	// Scan calls yield for each key in [lo, hi) in order until it returns false.
	Scan(lo, hi []byte, yield func(key, value []byte) bool) error
	Write(batch []Op) error
	Close() error
}
