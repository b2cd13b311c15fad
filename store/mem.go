package store

import "slices"

// Mem is a Disk in memory that can crash: it remembers which batches were
// synced, and what each of the others has changed.
type Mem struct {
	values map[string][]byte
	keys   []string // of values, in order, but for fresh
	fresh  []string // of values, put since keys was last in order
	size   int      // bytes of keys and values

	unsynced []undo // by batch, the oldest first
	isClosed bool

	fault   func(operation string) error
	sizeMax int
}

// undo is what a batch has overwritten, the last change first.
type undo []Op

// NewMem returns an empty disk.
func NewMem() *Mem { return &Mem{values: map[string][]byte{}} }

// SetFault makes a disk fail: f is asked before every operation ("get",
// "scan", "write", "sync"), and its error is the operation's. nil ends it.
func (m *Mem) SetFault(f func(operation string) error) { m.fault = f }

// SetSizeMax makes writes that would grow the disk beyond this many bytes of
// keys and values fail with ErrFull; 0 ends it.
func (m *Mem) SetSizeMax(sizeMax int) { m.sizeMax = sizeMax }

// Size returns the bytes of all keys and values.
func (m *Mem) Size() int { return m.size }

// Unsynced returns how many batches a crash may lose.
func (m *Mem) Unsynced() int { return len(m.unsynced) }

// Crash forgets the batches since the last Sync but the first keep of them,
// and leaves the disk open, as after a restart. A batch under way when the
// machine died is torn, and a torn batch is not there; so every crash is one
// of these.
func (m *Mem) Crash(keep int) {
	for len(m.unsynced) > max(keep, 0) {
		last := len(m.unsynced) - 1
		for _, op := range m.unsynced[last] {
			m.apply(op)
		}
		m.unsynced = m.unsynced[:last]
	}
	m.unsynced, m.isClosed, m.fault = nil, false, nil
}

// Get returns a copy of the value.
func (m *Mem) Get(key []byte) ([]byte, bool, error) {
	if err := m.check("get"); err != nil {
		return nil, false, err
	}
	value, ok := m.values[string(key)]
	return slices.Clone(value), ok, nil
}

// Scan walks the keys in order.
func (m *Mem) Scan(lo, hi []byte, yield func(key, value []byte) bool) error {
	if err := m.check("scan"); err != nil {
		return err
	}
	m.order()
	first, _ := slices.BinarySearch(m.keys, string(lo))
	for _, key := range m.keys[first:] {
		if hi != nil && key >= string(hi) {
			return nil
		}
		if value, ok := m.values[key]; ok && !yield([]byte(key), value) {
			return nil
		}
	}
	return nil
}

// order brings keys up to date. It is put off until a Scan, as those are rare.
func (m *Mem) order() {
	if len(m.fresh) == 0 {
		return
	}
	m.keys = append(m.keys, m.fresh...)
	m.fresh = nil
	slices.Sort(m.keys)
	m.keys = slices.DeleteFunc(slices.Compact(m.keys), func(key string) bool {
		_, isThere := m.values[key]
		return !isThere
	})
}

// Write applies a batch.
func (m *Mem) Write(batch []Op) error {
	if err := m.check("write"); err != nil {
		return err
	}
	back := make(undo, 0, len(batch))
	for _, op := range batch {
		if op.End != nil {
			back = m.applyRange(op, back)
			continue
		}
		old, isThere := m.values[string(op.Key)]
		back = append(back, Op{Key: op.Key, Value: old, Delete: !isThere})
		m.apply(op)
	}
	slices.Reverse(back)
	if m.sizeMax > 0 && m.size > m.sizeMax {
		for _, op := range back {
			m.apply(op)
		}
		return ErrFull
	}
	m.unsynced = append(m.unsynced, back)
	return nil
}

// applyRange takes all keys of a range away, and appends how they come back.
func (m *Mem) applyRange(op Op, back undo) undo {
	m.order()
	first, _ := slices.BinarySearch(m.keys, string(op.Key))
	for _, key := range m.keys[first:] {
		if key >= string(op.End) {
			break
		}
		if old, isThere := m.values[key]; isThere {
			back = append(back, Op{Key: []byte(key), Value: old})
			m.apply(Op{Key: []byte(key), Delete: true})
		}
	}
	return back
}

func (m *Mem) apply(op Op) {
	old, isThere := m.values[string(op.Key)]
	if isThere {
		m.size -= len(op.Key) + len(old)
	}
	if op.Delete {
		delete(m.values, string(op.Key))
		return
	}
	key := string(op.Key)
	m.values[key] = op.Value
	m.size += len(key) + len(op.Value)
	if !isThere {
		m.fresh = append(m.fresh, key)
	}
}

// Sync makes all batches so far survive a Crash.
func (m *Mem) Sync() error {
	if err := m.check("sync"); err != nil {
		return err
	}
	m.unsynced = nil
	return nil
}

// Close ends the use of the disk; what was not synced may still be lost by a Crash.
func (m *Mem) Close() error {
	m.isClosed = true
	return nil
}

// Reopen ends a Close.
func (m *Mem) Reopen() { m.isClosed = false }

func (m *Mem) check(operation string) error {
	if m.isClosed {
		return ErrClosed
	}
	if m.fault != nil {
		return m.fault(operation)
	}
	return nil
}

// Copy returns a disk of its own that holds what was synced here.
func (m *Mem) Copy() *Mem {
	c := NewMem()
	for key, value := range m.values {
		c.apply(Op{Key: []byte(key), Value: slices.Clone(value)})
	}
	for i := len(m.unsynced) - 1; i >= 0; i-- {
		for _, op := range m.unsynced[i] {
			c.apply(op)
		}
	}
	return c
}
