package slim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// tables is what a Go program knows of its functions, the pclntab: a header
// with the places of its parts; for each function a record; and tables over
// its instructions that the records point into. Here all offsets are from the
// header. See runtime/symtab.go (pcHeader, _func) and cmd/link/internal/ld/pcln.go.
type tables struct {
	b         []byte // from the header on
	count     int    // functions
	names     int    // where names of functions begin; behind them are those of files
	perPC     int    // where the tables over instructions begin
	functions int    // where the records begin, and those tables end
}

// magic begins a header: the version, two zeros, instructions of one byte,
// pointers of eight.
var magic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// Places in a header, in words of eight bytes, and its size.
const (
	wordCount     = 1
	wordNames     = 4
	wordPerPC     = 7
	wordFunctions = 8
	headSize      = 9 * 8
)

// Places in a function's record, in bytes.
const (
	recordName   = 4
	recordStack  = 16 // the table of stack depths, which the collector needs
	recordFile   = 20
	recordLine   = 24
	recordCount  = 28 // how many further tables there are
	recordUnit   = 32 // where its files begin
	recordStart  = 36 // its first line
	recordKind   = 40
	recordTables = 44 // the further tables
)

// tableInlined is the number of the further table that says what was inlined.
const tableInlined = 2

// find looks for the tables in a program's memory.
func find(m *memory) (*tables, error) {
	for at := 0; ; at++ {
		next := bytes.Index(m.bytes[at:], magic)
		if next < 0 {
			return nil, errors.New("slim: the module has no table of functions as Go 1.20 to 1.26 write it")
		}
		at += next
		t := &tables{b: m.bytes[at:]}
		t.count, t.names, t.perPC, t.functions = t.word(wordCount), t.word(wordNames), t.word(wordPerPC), t.word(wordFunctions)
		if t.names >= headSize && t.perPC > t.names && t.functions > t.perPC && t.count > 0 && t.count <= (len(t.b)-t.functions)/8 {
			return t, nil
		}
	}
}

// word returns a word of the header; -1 if it is none of these tables'.
func (t *tables) word(i int) int {
	if len(t.b) < headSize {
		return -1
	}
	v := binary.LittleEndian.Uint64(t.b[8*i:])
	if v > uint64(len(t.b)) {
		return -1
	}
	return int(v)
}

var errTable = errors.New("an offset points outside of its table")

// forget takes out what only traces read. What is left stays where it was.
func (t *tables) forget() error {
	if err := t.forgetNames(); err != nil {
		return err
	}
	isKept := make([]bool, t.functions-t.perPC)
	isKept[0] = true // offset 0 says: no table
	for i := range t.count {
		record, err := t.record(i)
		if err != nil {
			return err
		}
		clear(record[recordFile:recordCount])
		clear(record[recordUnit:recordKind])
		pointers := [][]byte{record[recordStack:recordFile]}
		for n, further := 0, record[recordTables:]; len(further) > 0; n, further = n+1, further[4:] {
			if n == tableInlined {
				clear(further[:4])
			}
			pointers = append(pointers, further[:4])
		}
		for _, p := range pointers {
			if !t.keep(isKept, int(binary.LittleEndian.Uint32(p))) {
				return errTable
			}
		}
	}
	for i, kept := range isKept {
		if !kept {
			t.b[t.perPC+i] = 0
		}
	}
	return nil
}

// The runtime reads a name where it is not tracing: it tells its own goroutines
// from a program's by the front of it (runtime/traceback.go,
// isSystemGoroutine), and finds what two stubs of reflect were called with by
// the whole (runtime/stkframe.go, argMapInternal).
var (
	ours  = []byte("runtime.")
	stubs = [][]byte{[]byte("reflect.makeFuncStub"), []byte("reflect.methodValueCall")}
)

// forgetNames gives all functions of the runtime the name of one of them, the
// stubs their own and all others none, and takes out every other name.
func (t *tables) forgetNames() error {
	was := append([]byte(nil), t.b[t.names:t.perPC]...)
	names := t.b[t.names:t.perPC]
	clear(names)
	runtimes := 0 // the name that all of the runtime have; 0: none has been met
	for i := range t.count {
		record, err := t.record(i)
		if err != nil {
			return err
		}
		at := int(binary.LittleEndian.Uint32(record[recordName:]))
		if at >= len(was) {
			return errTable
		}
		name, _, _ := bytes.Cut(was[at:], []byte{0})
		switch isOurs := bytes.HasPrefix(name, ours); {
		case isOurs && runtimes > 0:
			at = runtimes
		case isOurs:
			runtimes = at
			copy(names[at:], name)
		case slices.ContainsFunc(stubs, func(stub []byte) bool { return bytes.Equal(name, stub) }):
			copy(names[at:], name)
		default:
			at = 0
		}
		binary.LittleEndian.PutUint32(record[recordName:], uint32(at))
	}
	return nil
}

// record returns a function's record, up to its last pointer to a table.
func (t *tables) record(i int) ([]byte, error) {
	const pair = 8 // where the function begins, and its record
	offset := t.functions + int(binary.LittleEndian.Uint32(t.b[t.functions+pair*i+4:]))
	if offset+recordTables > len(t.b) {
		return nil, errTable
	}
	further := binary.LittleEndian.Uint32(t.b[offset+recordCount:])
	if uint64(further) > uint64(len(t.b)-offset-recordTables)/4 {
		return nil, errTable
	}
	return t.b[offset : offset+recordTables+4*int(further)], nil
}

// keep marks the bytes of one table over instructions: pairs of numbers, ended
// by a zero where a pair would begin. The first pair may begin with one.
func (t *tables) keep(isKept []bool, at int) bool {
	if at == 0 {
		return true
	}
	for from := at; at < len(isKept); {
		if t.b[t.perPC+at] == 0 && at > from {
			isKept[at] = true
			return true
		}
		for range 2 {
			_, n := binary.Uvarint(t.b[t.perPC+at : t.functions])
			if n <= 0 {
				return false
			}
			for ; n > 0; n-- {
				isKept[at] = true
				at++
			}
		}
	}
	return false
}
