package journal

import (
	"bytes"
	"slices"
	"sort"
)

// records is an ordered map of byte keys in sorted blocks, on a shelf for each
// first byte. That is the kind of a record, and most kinds come in the order of
// their keys: so nearly every new record goes behind all others of its shelf,
// which takes one comparison and moves nothing. A record costs its bytes and 32
// more; finding one is a binary search over the blocks of its shelf and one
// inside, putting one in between moves at most blockMax others.
type records struct {
	shelves [256]shelf
	count   int
	size    int    // bytes of keys and values
	chunk   []byte // while a journal is opened: what is left of the chunk that small records are put in
}

// shelf is blocks of records in order, none empty.
type shelf [][]record

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

// kindOf returns the shelf of a key.
func kindOf(key []byte) int {
	if len(key) == 0 {
		return 0
	}
	return int(key[0])
}

// find returns the first place whose key is not less than the given one: a
// block and an index in it, or the end, which is behind the last block.
func (s shelf) find(key []byte) (block, at int, ok bool) {
	if n := len(s); n == 0 || bytes.Compare(s[n-1][len(s[n-1])-1].key(), key) < 0 {
		return n, 0, false
	}
	block = sort.Search(len(s), func(i int) bool {
		b := s[i]
		return bytes.Compare(b[len(b)-1].key(), key) >= 0
	})
	b := s[block]
	at = sort.Search(len(b), func(i int) bool { return bytes.Compare(b[i].key(), key) >= 0 })
	return block, at, bytes.Equal(b[at].key(), key)
}

// get returns the value of a key. It is valid until the next change.
func (m *records) get(key []byte) ([]byte, bool) {
	s := m.shelves[kindOf(key)]
	block, at, ok := s.find(key)
	if !ok {
		return nil, false
	}
	return s[block][at].value(), true
}

// put sets the value of a key, and copies both.
func (m *records) put(key, value []byte) {
	s := &m.shelves[kindOf(key)]
	block, at, ok := s.find(key)
	if !ok {
		r := m.newRecord(key, value)
		m.count++
		m.size += len(r.bytes)
		s.insert(block, at, r)
		return
	}
	r := &(*s)[block][at]
	m.size += len(value) - len(r.value())
	if len(r.value()) == len(value) {
		copy(r.value(), value)
		return
	}
	*r = m.newRecord(key, value)
}

func (s *shelf) insert(block, at int, r record) {
	if block == len(*s) {
		s.push(r)
		return
	}
	b := slices.Insert((*s)[block], at, r)
	(*s)[block] = b
	if len(b) > blockMax {
		half := slices.Clone(b[len(b)/2:])
		clear(b[len(b)/2:])
		(*s)[block] = b[:len(b)/2]
		*s = slices.Insert(*s, block+1, half)
	}
}

// push adds a record behind all others. Blocks filled in order are filled whole.
func (s *shelf) push(r record) {
	last := len(*s) - 1
	switch {
	case last < 0:
		*s = append(*s, nil)
		last++
	case len((*s)[last]) >= blockMax:
		*s = append(*s, make([]record, 0, blockMax))
		last++
	}
	(*s)[last] = append((*s)[last], r)
}

// delete takes a key away if it is there.
func (m *records) delete(key []byte) {
	s := &m.shelves[kindOf(key)]
	if block, at, ok := s.find(key); ok {
		m.cut(s, block, at, at+1)
	}
}

// deleteRange takes the keys from lo on and before hi away.
func (m *records) deleteRange(lo, hi []byte) {
	for kind := kindOf(lo); kind <= kindOf(hi); kind++ {
		m.cutRange(&m.shelves[kind], lo, hi)
	}
}

func (m *records) cutRange(s *shelf, lo, hi []byte) {
	for {
		block, at, _ := s.find(lo)
		if block == len(*s) {
			return
		}
		b := (*s)[block][at:]
		n := sort.Search(len(b), func(i int) bool { return bytes.Compare(b[i].key(), hi) >= 0 })
		if n == 0 {
			return
		}
		m.cut(s, block, at, at+n)
	}
}

// cut takes the records [from, to) out of a block.
func (m *records) cut(s *shelf, block, from, to int) {
	b := (*s)[block]
	for _, r := range b[from:to] {
		m.size -= len(r.bytes)
	}
	m.count -= to - from
	if b = slices.Delete(b, from, to); len(b) > 0 {
		(*s)[block] = b
	} else {
		*s = slices.Delete(*s, block, block+1)
	}
}

// scan calls yield for each key in [lo, hi) in order until it returns false. A
// nil hi is the end. yield changes nothing.
func (m *records) scan(lo, hi []byte, yield func(record) bool) {
	for kind := kindOf(lo); kind < len(m.shelves); kind++ {
		s := m.shelves[kind]
		block, at, _ := s.find(lo)
		for ; block < len(s); block, at = block+1, 0 {
			for _, r := range s[block][at:] {
				if hi != nil && bytes.Compare(r.key(), hi) >= 0 || !yield(r) {
					return
				}
			}
		}
	}
}
