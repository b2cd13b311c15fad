package journal

import (
	"bytes"
	"slices"
	"sort"
)

// records is an ordered map of byte keys in sorted blocks. A record costs its
// bytes and 32 more; finding one is a binary search over the blocks and one
// inside, putting one moves at most blockMax others.
type records struct {
	blocks [][]record // in order, none empty
	recent int        // the block behind which a record was put last
	count  int
	size   int    // bytes of keys and values
	chunk  []byte // while a journal is opened: what is left of the chunk that small records are put in
}

// blockMax is how many records a block holds at most.
const blockMax = 128

// chunkSize is how many bytes are taken from memory at once while a journal is
// opened, for records of up to an eighth of that. A chunk goes when all its
// records have gone, so what is put later has memory of its own.
const chunkSize = 8 << 10

// record is a key and its value, one behind the other.
type record struct {
	bytes   []byte
	keySize int
}

func (m *records) newRecord(key, value []byte) record {
	b := m.room(len(key) + len(value))
	return record{append(append(b, key...), value...), len(key)}
}

// room returns an empty slice for so many bytes.
func (m *records) room(size int) []byte {
	if m.chunk == nil || size > chunkSize/8 {
		return make([]byte, 0, size)
	}
	if size > len(m.chunk) {
		m.chunk = make([]byte, chunkSize)
	}
	b := m.chunk[:0:size]
	m.chunk = m.chunk[size:]
	return b
}

func (r record) key() []byte   { return r.bytes[:r.keySize:r.keySize] }
func (r record) value() []byte { return r.bytes[r.keySize:len(r.bytes):len(r.bytes)] }

// find returns the first place whose key is not less than the given one: a
// block and an index in it, which may be one behind the last of the last block.
func (m *records) find(key []byte) (block, at int, ok bool) {
	if m.isNext(key) {
		return m.recent + 1, 0, false
	}
	block = sort.Search(len(m.blocks), func(i int) bool {
		b := m.blocks[i]
		return bytes.Compare(b[len(b)-1].key(), key) >= 0
	})
	if block == len(m.blocks) {
		return block, 0, false
	}
	b := m.blocks[block]
	at = sort.Search(len(b), func(i int) bool { return bytes.Compare(b[i].key(), key) >= 0 })
	return block, at, bytes.Equal(b[at].key(), key)
}

// isNext reports whether a key belongs right behind the record that was put
// behind others last: what follows its kind needs two comparisons, not twenty.
func (m *records) isNext(key []byte) bool {
	if m.recent >= len(m.blocks) {
		return false
	}
	b := m.blocks[m.recent]
	return bytes.Compare(b[len(b)-1].key(), key) < 0 &&
		(m.recent+1 == len(m.blocks) || bytes.Compare(key, m.blocks[m.recent+1][0].key()) < 0)
}

// get returns the value of a key. It is valid until the next change.
func (m *records) get(key []byte) ([]byte, bool) {
	block, at, ok := m.find(key)
	if !ok {
		return nil, false
	}
	return m.blocks[block][at].value(), true
}

// put sets the value of a key, and copies both.
func (m *records) put(key, value []byte) {
	block, at, ok := m.find(key)
	if !ok {
		m.insert(block, at, m.newRecord(key, value))
		return
	}
	r := &m.blocks[block][at]
	m.size += len(value) - len(r.value())
	if len(r.value()) == len(value) {
		copy(r.value(), value)
		return
	}
	*r = m.newRecord(key, value)
}

func (m *records) insert(block, at int, r record) {
	m.count++
	m.size += len(r.bytes)
	if block == len(m.blocks) {
		m.push(r)
		return
	}
	if at == 0 && block > 0 && m.follow(block, r) {
		return
	}
	b := slices.Insert(m.blocks[block], at, r)
	m.blocks[block] = b
	if len(b) > blockMax {
		half := slices.Clone(b[len(b)/2:])
		clear(b[len(b)/2:])
		m.blocks[block] = b[:len(b)/2]
		m.blocks = slices.Insert(m.blocks, block+1, half)
	}
}

// follow adds a record between a block and the one before, and reports whether
// it did: where that one is full and both are, a block of its own comes between.
// Most kinds of records come in the order of their keys, each kind before
// another, so this is nearly every put that is not the very last; shifting the
// block behind instead took a fifteenth of a commit.
func (m *records) follow(block int, r record) bool {
	if before := m.blocks[block-1]; len(before) < blockMax {
		m.blocks[block-1], m.recent = append(before, r), block-1
		return true
	}
	if len(m.blocks[block]) < blockMax/2 {
		return false // a short block behind takes it, or blocks of one record would gather
	}
	m.blocks, m.recent = slices.Insert(m.blocks, block, append(make([]record, 0, blockMax), r)), block
	return true
}

// push adds a record behind all others. Blocks filled in order are filled whole.
func (m *records) push(r record) {
	last := len(m.blocks) - 1
	if last < 0 || len(m.blocks[last]) >= blockMax {
		m.blocks = append(m.blocks, nil)
		last++
	}
	m.blocks[last], m.recent = append(m.blocks[last], r), last
}

// delete takes a key away if it is there.
func (m *records) delete(key []byte) {
	if block, at, ok := m.find(key); ok {
		m.cut(block, at, at+1)
	}
}

// deleteRange takes the keys from lo on and before hi away.
func (m *records) deleteRange(lo, hi []byte) {
	for {
		block, at, _ := m.find(lo)
		if block == len(m.blocks) {
			return
		}
		b := m.blocks[block][at:]
		n := sort.Search(len(b), func(i int) bool { return bytes.Compare(b[i].key(), hi) >= 0 })
		if n == 0 {
			return
		}
		m.cut(block, at, at+n)
	}
}

// cut takes the records [from, to) out of a block.
func (m *records) cut(block, from, to int) {
	b := m.blocks[block]
	for _, r := range b[from:to] {
		m.size -= len(r.bytes)
	}
	m.count -= to - from
	if b = slices.Delete(b, from, to); len(b) > 0 {
		m.blocks[block] = b
	} else {
		m.blocks = slices.Delete(m.blocks, block, block+1)
	}
}

// scan calls yield for each key in [lo, hi) in order until it returns false. A
// nil hi is the end. yield changes nothing.
func (m *records) scan(lo, hi []byte, yield func(record) bool) {
	block, at, _ := m.find(lo)
	for ; block < len(m.blocks); block, at = block+1, 0 {
		for _, r := range m.blocks[block][at:] {
			if hi != nil && bytes.Compare(r.key(), hi) >= 0 || !yield(r) {
				return
			}
		}
	}
}
