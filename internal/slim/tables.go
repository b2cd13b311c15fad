package slim

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// tables is what a Go program knows of its functions, the pclntab: a header
// with the places of its parts; for each function a record; tables over its
// instructions, and of its stack, that the records point into; and an index
// that finds the function of an instruction. All places here are from the
// header on. See runtime/symtab.go (pcHeader, moduledata, findfunc),
// runtime/runtime2.go (_func) and cmd/link/internal/ld/pcln.go.
type tables struct {
	b         []byte // from the header on
	address   int    // of the header
	module    []byte // the moduledata
	count     int    // functions
	names     int    // where names of functions begin; behind them are those of files
	perPC     int    // where the tables over instructions begin
	functions int    // where the records begin, and those tables end
	stack     int    // where the tables of stacks begin
	index     int    // where the index begins, and those tables end
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

// Places in the moduledata, in words of eight bytes, and its size.
const (
	modulePerPC     = 10
	moduleFunctions = 13
	moduleIndex     = 19
	moduleFirst     = 20 // the first function's instructions
	moduleLast      = 21 // where the last function's end
	moduleStack     = 40
	moduleSize      = 50 * 8
)

// Places in a function's record, in words of four bytes.
const (
	recordEntry  = 0 // its number
	recordName   = 1
	recordArgs   = 2
	recordDefer  = 3
	recordStack  = 4  // the table of stack depths, which the collector needs
	recordCount  = 7  // how many further tables over instructions there are
	recordKind   = 10 // what is special of it; the last byte counts tables of its stack
	recordTables = 11 // the further tables, then those of its stack
)

var errTable = errors.New("an offset points outside of its table")

// find looks for the tables in a program's memory.
func find(m *memory) (*tables, error) {
	for at := 0; ; at++ {
		next := bytes.Index(m.bytes[at:], magic)
		if next < 0 {
			return nil, errors.New("slim: the module has no table of functions as Go 1.26 writes it")
		}
		at += next
		t := &tables{b: m.bytes[at:], address: m.base + at}
		t.count, t.names, t.perPC, t.functions = t.word(wordCount), t.word(wordNames), t.word(wordPerPC), t.word(wordFunctions)
		if t.names >= headSize && t.perPC > t.names && t.functions > t.perPC && t.count > 0 && t.count <= (len(t.b)-t.functions)/8 && t.findModule(m) {
			return t, nil
		}
	}
}

// word returns a word of the header; -1 if it is none of these tables'.
func (t *tables) word(i int) int {
	if len(t.b) < headSize {
		return -1
	}
	return t.within(binary.LittleEndian.Uint64(t.b[8*i:]))
}

func (t *tables) within(v uint64) int {
	if v > uint64(len(t.b)) {
		return -1
	}
	return int(v)
}

// findModule looks for the moduledata: it begins with the address of the
// header, and has those of the parts.
func (t *tables) findModule(m *memory) bool {
	begins := binary.LittleEndian.AppendUint64(nil, uint64(t.address))
	for at := 0; ; at++ {
		next := bytes.Index(m.bytes[at:], begins)
		if next < 0 || len(m.bytes)-at-next < moduleSize {
			return false
		}
		at += next
		t.module = m.bytes[at : at+moduleSize]
		t.stack, t.index = t.place(moduleStack), t.place(moduleIndex)
		if t.place(modulePerPC) == t.perPC && t.place(moduleFunctions) == t.functions && t.stack > t.functions && t.index > t.stack {
			return true
		}
	}
}

// place returns where the part begins that a word of the moduledata has the
// address of; -1 if it is none of these tables'.
func (t *tables) place(word int) int {
	return t.within(t.moduleWord(word) - uint64(t.address))
}

func (t *tables) moduleWord(i int) uint64 { return binary.LittleEndian.Uint64(t.module[8*i:]) }

// record is what is kept of a function: the words of its record, as many for
// each function.
type record [recordSize]uint32

// Numbers of the further tables that are kept of each function: of those over
// instructions the second, and five of its stack, of which the fourth stays empty.
// Without them go what is asked where a goroutine is stopped between any two
// instructions, which js/wasm has no way to; what was inlined; and what
// arguments a trace prints.
const (
	keptPerPC  = 2
	keptStack  = 5
	knownPerPC = 5
	knownStack = 8

	stackMapOf  = recordTables + 1
	argsMap     = recordTables + keptPerPC
	localsMap   = argsMap + 1
	objects     = argsMap + 2
	inlined     = argsMap + 3
	openDefers  = argsMap + 4
	recordSize  = recordTables + keptPerPC + keptStack
	none        = ^uint32(0) // no table of a stack; of instructions it is 0
	panicBounds = 4          // a table over instructions that wasm has none of
)

// records reads what is kept of all functions, and tells where tables of
// stacks begin, kept or not.
func (t *tables) records() (list []record, begins map[uint32]bool, err error) {
	begins = map[uint32]bool{}
	for i := range t.count {
		words, perPC, stack, err := t.record(i)
		if err != nil {
			return nil, nil, err
		}
		r := record{recordCount: keptPerPC, inlined: none}
		for _, w := range []int{recordEntry, recordName, recordArgs, recordDefer, recordStack} {
			r[w] = le32(words, w)
		}
		r[recordKind] = le32(words, recordKind)&0xffffff | keptStack<<24
		if perPC > 1 {
			r[stackMapOf] = le32(words, recordTables+1)
		}
		if perPC > panicBounds && le32(words, recordTables+panicBounds) != 0 {
			return nil, nil, errors.New("a function has a table of its bounds")
		}
		for k := range knownStack {
			at := none
			if k < stack {
				at = le32(words, recordTables+perPC+k)
			}
			if at != none {
				begins[at] = true
			}
			if k < keptStack && argsMap+k != inlined {
				r[argsMap+k] = at
			}
		}
		list = append(list, r)
	}
	return list, begins, nil
}

// record returns the words of a function's record, and how many further tables
// over instructions and of its stack it has.
func (t *tables) record(i int) (words []byte, perPC, stack int, err error) {
	const pair = 8 // the function, and where its record is
	at := t.functions + int(le32(t.b[t.functions+pair*i:], 1))
	if at+4*recordTables > len(t.b) {
		return nil, 0, 0, errTable
	}
	perPC, stack = int(le32(t.b[at:], recordCount)), int(t.b[at+4*recordTables-1])
	size := 4 * (recordTables + perPC + stack)
	if perPC > knownPerPC || stack > knownStack || size > len(t.b)-at {
		return nil, 0, 0, errors.New("a function has tables of another kind")
	}
	return t.b[at : at+size], perPC, stack, nil
}

func le32(b []byte, word int) uint32 { return binary.LittleEndian.Uint32(b[4*word:]) }
