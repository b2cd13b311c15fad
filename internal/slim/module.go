package slim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// A module is a header and sections; memory is what its data section fills.
// https://webassembly.github.io/spec/core/binary/modules.html

const (
	headerSize = 8

	typeSection     = 1
	importSection   = 2
	functionSection = 3
	startSection    = 8
	elementSection  = 9
	codeSection     = 10
	dataSection     = 11

	memoryMax  = 64 << 20 // bytes of data that a program may begin with
	segmentGap = 64       // so many zeros end a segment; fewer are cheaper to write
)

var errCut = errors.New("slim: the module ends in the middle of something, or holds what Go's linker does not write")

type section struct {
	id      byte
	content []byte
}

// cut takes a module apart.
func cut(wasm []byte) (list []section, err error) {
	if !bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, errors.New("slim: this is no WebAssembly module of version 1")
	}
	for at := headerSize; at < len(wasm); {
		size, n := binary.Uvarint(wasm[at+1:])
		from := at + 1 + n
		if n <= 0 || size > uint64(len(wasm)-from) {
			return nil, errCut
		}
		at = from + int(size)
		list = append(list, section{wasm[from-1-n], wasm[from:at]})
	}
	return list, nil
}

// join puts a module together.
func join(list []section) []byte {
	wasm := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range list {
		wasm = append(wasm, s.id)
		wasm = appendUint(wasm, uint64(len(s.content)))
		wasm = append(wasm, s.content...)
	}
	return wasm
}

// at returns the section of a kind; nil if there is none.
func at(list []section, id byte) *section {
	i := slices.IndexFunc(list, func(s section) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// startWith adds a function that runs before all others, which neither takes
// nor gives anything.
func startWith(list []section, body []byte) ([]section, error) {
	added := map[byte][]byte{typeSection: {0x60, 0, 0}, functionSection: nil, codeSection: append(appendUint(nil, uint64(len(body))), body...)}
	counts := map[byte]uint64{}
	for _, id := range []byte{importSection, typeSection, functionSection, codeSection} {
		s := at(list, id)
		if s == nil {
			return nil, errCut
		}
		count, n := binary.Uvarint(s.content)
		if n <= 0 {
			return nil, errCut
		}
		counts[id] = count
		if id == functionSection {
			added[id] = appendUint(nil, counts[typeSection])
		}
		if id != importSection {
			s.content = slices.Concat(appendUint(nil, count+1), s.content[n:], added[id])
		}
	}
	i := slices.IndexFunc(list, func(s section) bool { return s.id == elementSection || s.id == codeSection })
	if i < 0 || at(list, startSection) != nil {
		return nil, errors.New("slim: the module starts by itself, so Go did not link it")
	}
	return slices.Insert(list, i, section{startSection, appendUint(nil, counts[importSection]+counts[functionSection])}), nil
}

// memory is what a program finds in its memory when it starts, from an address on.
type memory struct {
	base  int
	bytes []byte
}

// load fills a memory with the segments of a data section.
func load(b []byte) (*memory, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 || count == 0 || count > uint64(len(b)) {
		return nil, errCut
	}
	m := &memory{base: memoryMax}
	end := 0
	left := each(b[n:], count, func(at int, content []byte) {
		m.base, end = min(m.base, at), max(end, at+len(content))
	})
	if len(left) > 0 || end > memoryMax {
		return nil, errCut
	}
	m.bytes = make([]byte, end-m.base)
	each(b[n:], count, func(at int, content []byte) { copy(m.bytes[at-m.base:], content) })
	return m, nil
}

// each visits the segments of a section in their order, of which a later one
// writes over an earlier. It returns what is left, which is nothing where all is well.
func each(b []byte, count uint64, visit func(at int, content []byte)) (left []byte) {
	for range count {
		at, content, rest, ok := segment(b)
		if !ok {
			return []byte{activeSegment}
		}
		visit(at, content)
		b = rest
	}
	return b
}

// Bytes of a segment's head: it is of memory 0, at a constant address.
const (
	activeSegment = 0x00
	opI32Const    = 0x41
	opEnd         = 0x0b
)

// segment reads one segment: its address and what stands there.
func segment(b []byte) (at int, content, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != activeSegment || b[1] != opI32Const {
		return 0, nil, nil, false
	}
	address, n := signed(b[2:])
	b = b[2+n:]
	if n == 0 || address < 0 || address > memoryMax || len(b) == 0 || b[0] != opEnd {
		return 0, nil, nil, false
	}
	size, n := binary.Uvarint(b[1:])
	if n <= 0 || size > uint64(len(b)-1-n) {
		return 0, nil, nil, false
	}
	b = b[1+n:]
	return int(address), b[:size], b[size:], true
}

// signed reads a signed LEB128 number; n is 0 where there is none.
func signed(b []byte) (v int64, n int) {
	for n < min(len(b), 10) {
		c := b[n]
		v |= int64(c&0x7f) << (7 * n)
		n++
		if c < 0x80 {
			if c&0x40 != 0 {
				v -= 1 << (7 * n)
			}
			return v, n
		}
	}
	return 0, 0
}

// segments writes the memory as a data section.
func (m *memory) segments() []byte {
	var body []byte
	count := uint64(0)
	for at := 0; at < len(m.bytes); {
		if m.bytes[at] == 0 {
			at++
			continue
		}
		end := m.end(at)
		body = append(body, activeSegment, opI32Const)
		body = appendInt(body, int64(m.base+at))
		body = append(body, opEnd)
		body = appendUint(body, uint64(end-at))
		body = append(body, m.bytes[at:end]...)
		count++
		at = end
	}
	return append(appendUint(nil, count), body...)
}

// end returns where the segment that begins at an address ends: before the
// next long run of zeros.
func (m *memory) end(at int) int {
	zeros := 0
	for i := at; i < len(m.bytes); i++ {
		if m.bytes[i] != 0 {
			zeros = 0
			continue
		}
		if zeros++; zeros == segmentGap {
			return i + 1 - zeros
		}
	}
	return len(m.bytes) - zeros
}

func appendUint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func appendInt(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
