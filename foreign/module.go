package foreign

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// Module is a module that may be run. Load is its only door.
type Module struct {
	Hash  [32]byte // of the bytes it was loaded from
	Code  []byte   // what an engine is to run
	Pages uint32   // that its memory begins with

	// What an instance holds beside its memory: the names under which its
	// variables are exported, in their order.
	Globals []string

	starts    []string // the functions that make an instance ready, in their order
	functions []string
	others    []string // what it exports of other types
}

// Names under which Code exports what the host needs.
const (
	exportMemory = "memory"
	exportAlloc  = "martinelli_alloc"
	exportInit   = "_initialize"
	exportStart  = "martinelli_start"
	exportFuel   = "martinelli_fuel"
	exportStack  = "martinelli_stack"
	exportGlobal = "martinelli_global_" // and its number
	reserved     = "martinelli_"
)

// Types of WebAssembly's values.
const (
	typeI32     = 0x7f
	typeI64     = 0x7e
	typeF32     = 0x7d
	typeF64     = 0x7c
	typeFuncref = 0x70
)

// Numbers of sections, and of what is exported.
const (
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionTable    = 4
	sectionMemory   = 5
	sectionGlobal   = 6
	sectionExport   = 7
	sectionStart    = 8
	sectionElement  = 9
	sectionCode     = 10
	sectionData     = 11
	sectionCount    = 12 // of data segments; it stands before the code

	externFunction = 0
	externMemory   = 2
	externGlobal   = 3
)

// signature is the type of a function.
type signature struct{ params, results string } // one byte a type

type export struct {
	name  string
	index uint32
}

// loading is a module on its way from the bytes of others to its own.
type loading struct {
	types         []signature
	ownTypes      int      // how many of them the module has itself
	functions     []uint32 // their types; the imported come first
	answers       [][]byte // bodies of the imported
	tables        []byte   // the section's content, as it came; empty: none
	hasTable      bool
	hasMemory     bool
	pages         uint32
	pagesMax      uint32
	globals       [][]byte // type, mutability and first value of each
	kinds         []byte   // their types
	mutable       []bool
	exports       []export // functions
	exportsMemory bool
	start         int // function; -1: none
	elements      []byte
	bodies        [][]byte
	data          []byte
}

// Load reads a module, refuses what no function of the host may be or do, and
// makes of it what runs. Errors are *Error. It costs a pass over the bytes, and
// at most a few times their size in memory.
func Load(wasm []byte) (*Module, error) {
	if len(wasm) > SizeMax {
		return nil, &Error{Kind: TooLarge, Text: "it has more than 16 MiB"}
	}
	l := &loading{start: -1}
	if err := l.read(wasm); err != nil {
		return nil, err
	}
	return l.finish(blake2b.Sum256(wasm))
}

var magic = []byte("\x00asm\x01\x00\x00\x00")

// read takes the sections apart.
func (l *loading) read(wasm []byte) error {
	r := newReader(wasm)
	if !bytes.HasPrefix(wasm, magic) {
		return &Error{Kind: Malformed, Text: "it is no WebAssembly module"}
	}
	r.at = len(magic)
	last := 0
	for r.more() {
		id := int(r.byte())
		s := r.within(r.u32())
		if id == 0 {
			continue // for people and their tools
		}
		if place := placeOf(id); place <= last {
			s.fail(Malformed, "its sections are not in their order")
		} else {
			last = place
		}
		l.section(id, s)
		if s.err == nil && s.at != s.end {
			s.fail(Malformed, "a section has bytes left over")
		}
		if s.err != nil {
			return s.err
		}
	}
	if r.err != nil {
		return r.err
	}
	if len(l.bodies) != len(l.functions)-len(l.answers) {
		return &Error{Kind: Malformed, Text: "it has not as many bodies as functions"}
	}
	return nil
}

// placeOf is where a section stands among the others.
func placeOf(id int) int {
	if id == sectionCount {
		return 2*sectionElement + 1
	}
	return 2 * id
}

func (l *loading) section(id int, r *reader) {
	switch id {
	case sectionType:
		l.readTypes(r)
	case sectionImport:
		l.readImports(r)
	case sectionFunction:
		for range r.count(functionsMax, "functions") {
			l.functions = append(l.functions, l.typeIndex(r))
		}
	case sectionTable:
		l.readTable(r)
	case sectionMemory:
		l.readMemory(r)
	case sectionGlobal:
		l.readGlobals(r)
	case sectionExport:
		l.readExports(r)
	case sectionStart:
		l.start = int(l.functionIndex(r))
	case sectionElement:
		l.readElements(r)
	case sectionCode:
		l.readCode(r)
	case sectionData:
		l.readData(r)
	case sectionCount:
		r.u32()
	default:
		r.fail(Malformed, "it has a section of an unknown kind")
	}
}

func (l *loading) readTypes(r *reader) {
	for range r.count(typesMax, "types") {
		if r.byte() != 0x60 {
			r.fail(Malformed, "a type is no function's")
			return
		}
		l.types = append(l.types, signature{valueTypes(r), valueTypes(r)})
	}
	l.ownTypes = len(l.types)
}

func valueTypes(r *reader) string {
	types := r.bytes(r.count(arityMax, "parameters or results"))
	for _, t := range types {
		valueType(r, t)
	}
	return string(types)
}

// valueType refuses what is no number.
func valueType(r *reader, t byte) {
	if t < typeF64 || t > typeI32 {
		r.fail(Forbidden, "it uses values that are no numbers (vectors or references)")
	}
}

func (l *loading) typeIndex(r *reader) uint32 {
	i := r.u32()
	if int(i) >= l.ownTypes {
		r.fail(Malformed, "there is no such type")
		return 0
	}
	return i
}

func (l *loading) functionIndex(r *reader) uint32 {
	i := r.u32()
	if int(i) >= len(l.functions) {
		r.fail(Malformed, "there is no such function")
		return 0
	}
	return i
}

func (l *loading) readImports(r *reader) {
	for range r.count(functionsMax, "imports") {
		module, name := r.name(), r.name()
		if r.byte() != 0 {
			r.fail(Imported, "it imports "+strconv.Quote(name)+" of "+strconv.Quote(module)+": a memory, a table or a variable cannot be imported")
			return
		}
		t := l.typeIndex(r)
		if r.err != nil {
			return
		}
		body := answer(module, name, l.types[t])
		if body == nil {
			r.fail(Imported, "it imports the function "+strconv.Quote(name)+" of "+strconv.Quote(module))
			return
		}
		l.functions, l.answers = append(l.functions, t), append(l.answers, body)
	}
}

func (l *loading) readTable(r *reader) {
	from := r.at
	n := r.count(1, "tables")
	if n == 0 {
		return
	}
	if r.byte() != typeFuncref {
		r.fail(Forbidden, "it has a table of something else than functions")
		return
	}
	if least, _ := limits(r); least > elementsMax {
		r.fail(TooLarge, "its table has more than 100,000 elements")
	}
	l.tables, l.hasTable = r.b[from:r.at], true
}

// limits reads how large something is, and may become.
func limits(r *reader) (least, most uint32) {
	switch r.byte() {
	case 0:
		return r.u32(), 1<<32 - 1
	case 1:
		return r.u32(), r.u32()
	}
	r.fail(Forbidden, "it has a memory or a table of another kind (shared, or of 64 bits)")
	return 0, 0
}

func (l *loading) readMemory(r *reader) {
	if r.count(1, "memories") == 0 {
		return
	}
	least, most := limits(r)
	if least > most {
		r.fail(Malformed, "its memory is larger than it may become")
	}
	if least > PagesMax {
		r.fail(TooLarge, "its memory begins with "+strconv.Itoa(int(least))+" pages, and a function has at most "+strconv.Itoa(PagesMax)+" (32 MiB)")
	}
	l.pages, l.pagesMax, l.hasMemory = least, min(most, PagesMax), true
}

func (l *loading) readGlobals(r *reader) {
	for range r.count(globalsMax, "variables") {
		from := r.at
		kind, mutable := r.byte(), r.byte()
		valueType(r, kind)
		if mutable > 1 {
			r.fail(Malformed, "a variable is neither fixed nor not")
		}
		constant(r)
		if r.err != nil {
			return
		}
		l.globals = append(l.globals, r.b[from:r.at])
		l.kinds, l.mutable = append(l.kinds, kind), append(l.mutable, mutable == 1)
	}
}

// constant passes an expression that is one constant.
func constant(r *reader) {
	switch op := r.byte(); op {
	case opI32Const:
		r.signed(5)
	case opI64Const:
		r.signed(10)
	case opF32Const:
		r.bytes(4)
	case opF64Const:
		r.bytes(8)
	default:
		r.fail(Forbidden, "a value that is there from the beginning is no constant")
	}
	if r.byte() != opEnd {
		r.fail(Forbidden, "a value that is there from the beginning is no constant")
	}
}

func (l *loading) readExports(r *reader) {
	for range r.count(exportsMax, "exports") {
		name := r.name()
		switch kind := r.byte(); {
		case kind == externFunction:
			if strings.HasPrefix(name, reserved) && name != exportAlloc {
				r.fail(Unfit, "it exports "+strconv.Quote(name)+", a name that is reserved")
			}
			l.exports = append(l.exports, export{name, l.functionIndex(r)})
		case kind <= externGlobal:
			r.u32()
			l.exportsMemory = l.exportsMemory || kind == externMemory && name == exportMemory
		default:
			r.fail(Malformed, "it exports something of an unknown kind")
		}
		if r.err != nil {
			return
		}
	}
}

func (l *loading) readElements(r *reader) {
	from, total := r.at, uint32(0)
	for range r.count(segmentsMax, "segments") {
		if segmentPlace(r, "a table is filled later, or by expressions") && r.byte() != 0 {
			r.fail(Forbidden, "a table is filled with something else than functions")
		}
		n := r.count(elementsMax, "elements of tables")
		if total += n; total > elementsMax {
			r.fail(TooLarge, "it has too many elements of tables")
		}
		for range n {
			l.functionIndex(r)
		}
		if r.err != nil {
			return
		}
	}
	l.elements = r.b[from:r.at]
}

// segmentPlace passes where a segment goes, and refuses one that goes nowhere
// at the start. It reports whether the segment names what it fills.
func segmentPlace(r *reader, refusal string) (isNamed bool) {
	switch r.u32() {
	case 0:
		constant(r)
	case 2:
		r.u32()
		constant(r)
		return true
	default:
		r.fail(Forbidden, refusal)
	}
	return false
}

func (l *loading) readData(r *reader) {
	from := r.at
	for range r.count(segmentsMax, "segments") {
		segmentPlace(r, "memory is filled later, by `memory.init`")
		r.bytes(r.u32())
		if r.err != nil {
			return
		}
	}
	l.data = r.b[from:r.at]
}

func (l *loading) readCode(r *reader) {
	size := 0
	for i := range r.count(functionsMax, "functions") {
		at := int(i) + len(l.answers)
		if at >= len(l.functions) {
			r.fail(Malformed, "it has more bodies than functions")
			return
		}
		body := r.within(r.u32())
		b := l.rewrite(body, l.types[l.functions[at]])
		if r.err == nil {
			r.err = body.err
		}
		if size += len(b); size > outputMax {
			r.fail(TooLarge, "with what counts its fuel it has more than 64 MiB")
		}
		if r.err != nil {
			return
		}
		l.bodies = append(l.bodies, b)
	}
}

// fits reports whether a function has a type.
func (l *loading) fits(e export, s signature) bool { return l.types[l.functions[e.index]] == s }

var (
	signatureAlloc = signature{string([]byte{typeI32}), string([]byte{typeI32})}
	signatureCall  = signature{string([]byte{typeI32, typeI32}), string([]byte{typeI64})}
	signatureStart = signature{}
)

// find returns the exported function of a name.
func (l *loading) find(name string) (export, bool) {
	i := slices.IndexFunc(l.exports, func(e export) bool { return e.name == name })
	if i < 0 {
		return export{}, false
	}
	return l.exports[i], true
}
