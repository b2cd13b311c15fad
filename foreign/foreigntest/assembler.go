// Package foreigntest writes WebAssembly modules for tests: small ones by hand,
// and any number of hostile ones from a die.
package foreigntest

// Code is instructions of a function, as bytes.
type Code []byte

// Join puts pieces of code one behind the other.
func Join(pieces ...Code) Code {
	var c Code
	for _, p := range pieces {
		c = append(c, p...)
	}
	return c
}

// Some instructions.
func Get(local uint32) Code   { return append(Code{0x20}, U32(local)...) }
func Set(local uint32) Code   { return append(Code{0x21}, U32(local)...) }
func Tee(local uint32) Code   { return append(Code{0x22}, U32(local)...) }
func Call(f uint32) Code      { return append(Code{0x10}, U32(f)...) }
func Br(label uint32) Code    { return append(Code{0x0c}, U32(label)...) }
func BrIf(label uint32) Code  { return append(Code{0x0d}, U32(label)...) }
func I32(n int32) Code        { return append(Code{0x41}, S64(int64(n))...) }
func I64(n int64) Code        { return append(Code{0x42}, S64(n)...) }
func Loop(body ...Code) Code  { return Join(Code{0x03, 0x40}, Join(body...), End) }
func Block(body ...Code) Code { return Join(Code{0x02, 0x40}, Join(body...), End) }

// BrTable branches to one of labels, or to the last.
func BrTable(labels ...uint32) Code {
	c := append(Code{0x0e}, U32(uint32(len(labels)-1))...)
	for _, l := range labels {
		c = append(c, U32(l)...)
	}
	return c
}

// Instructions without operands.
var (
	End         = Code{0x0b}
	Unreachable = Code{0x00}
	Return      = Code{0x0f}
	Drop        = Code{0x1a}
	Add32       = Code{0x6a}
	Sub32       = Code{0x6b}
	Mul32       = Code{0x6c}
	Div32       = Code{0x6d}
	Add64       = Code{0x7c}
	Or64        = Code{0x84}
	Shl64       = Code{0x86}
	Extend      = Code{0xad} // i64.extend_i32_u
	Wrap        = Code{0xa7}
	Grow        = Code{0x40, 0}
	Size        = Code{0x3f, 0}
	Fill        = Code{0xfc, 11, 0}
	Copy        = Code{0xfc, 10, 0, 0}
	Load8       = Code{0x2d, 0, 0}
	Load64      = Code{0x29, 0, 0}
	Store8      = Code{0x3a, 0, 0}
	Store32     = Code{0x36, 0, 0}
	Store64     = Code{0x37, 0, 0}
)

// Types of values.
const (
	TypeI32 = 0x7f
	TypeI64 = 0x7e
	TypeF32 = 0x7d
	TypeF64 = 0x7c
)

// A Func is a function of a module.
type Func struct {
	Name            string // under which it is exported; "" for none
	Params, Results []byte
	Locals          []byte // one type each
	Body            Code   // without its last end
}

// A Module is what Bytes writes.
type Module struct {
	Imports [][2]string // functions () -> (), by module and name; they come first
	Funcs   []Func
	Start   int    // of Funcs, from 1; 0: none
	Pages   uint32 // of memory
	Table   []uint32
	Globals []int32 // mutable variables
	Data    map[uint32][]byte
}

// Offering returns a module that offers one function "f" with a body from
// (ptr, len: i32) to i64 and two more locals, i32 and i64. Its martinelli_alloc
// always gives 1024. More functions may be appended; they begin at index 2.
func Offering(body ...Code) *Module {
	return &Module{Pages: 1, Funcs: []Func{
		{Name: "martinelli_alloc", Params: []byte{TypeI32}, Results: []byte{TypeI32}, Body: I32(1024)},
		{Name: "f", Params: []byte{TypeI32, TypeI32}, Results: []byte{TypeI64}, Locals: []byte{TypeI32, TypeI64}, Body: Join(body...)},
	}}
}

// Packed is the code of a result of n bytes at a place.
func Packed(at, n uint32) Code { return I64(int64(at)<<32 | int64(n)) }

// Bytes writes the module.
func (m *Module) Bytes() []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = section(b, 1, m.types())
	if len(m.Imports) > 0 {
		s := U32(uint32(len(m.Imports)))
		for _, i := range m.Imports {
			s = append(append(text(text(s, i[0]), i[1]), 0), U32(uint32(len(m.Funcs)))...)
		}
		b = section(b, 2, s)
	}
	s := U32(uint32(len(m.Funcs)))
	for i := range m.Funcs {
		s = append(s, U32(uint32(i))...)
	}
	b = section(b, 3, s)
	if len(m.Table) > 0 {
		b = section(b, 4, append([]byte{1, 0x70, 0}, U32(uint32(len(m.Table)))...))
	}
	b = section(b, 5, append([]byte{1, 0}, U32(m.Pages)...))
	s = U32(uint32(len(m.Globals)))
	for _, g := range m.Globals {
		s = append(append(append(s, TypeI32, 1), I32(g)...), End...)
	}
	b = section(b, 6, s)
	b = section(b, 7, m.exports())
	if m.Start > 0 {
		b = section(b, 8, U32(uint32(m.Start-1+len(m.Imports))))
	}
	if len(m.Table) > 0 {
		s := append([]byte{1, 0, 0x41, 0, 0x0b}, U32(uint32(len(m.Table)))...)
		for _, f := range m.Table {
			s = append(s, U32(f)...)
		}
		b = section(b, 9, s)
	}
	b = section(b, 10, m.code())
	return section(b, 11, m.data())
}

func (m *Module) types() []byte {
	s := U32(uint32(len(m.Funcs) + 1))
	for _, f := range m.Funcs {
		s = append(append(append(s, 0x60), U32(uint32(len(f.Params)))...), f.Params...)
		s = append(append(s, U32(uint32(len(f.Results)))...), f.Results...)
	}
	return append(s, 0x60, 0, 0)
}

func (m *Module) exports() []byte {
	n, s := uint32(1), append(text(nil, "memory"), 2, 0)
	for i, f := range m.Funcs {
		if f.Name != "" {
			n++
			s = append(append(text(s, f.Name), 0), U32(uint32(i+len(m.Imports)))...)
		}
	}
	return append(U32(n), s...)
}

func (m *Module) code() []byte {
	s := U32(uint32(len(m.Funcs)))
	for _, f := range m.Funcs {
		body := U32(uint32(len(f.Locals)))
		for _, t := range f.Locals {
			body = append(body, 1, t)
		}
		body = append(append(body, f.Body...), End...)
		s = append(append(s, U32(uint32(len(body)))...), body...)
	}
	return s
}

func (m *Module) data() []byte {
	s := U32(uint32(len(m.Data)))
	for at, b := range m.Data {
		s = append(append(append(s, 0), I32(int32(at))...), End...)
		s = append(append(s, U32(uint32(len(b)))...), b...)
	}
	return s
}

func section(b []byte, id byte, content []byte) []byte {
	return append(append(append(b, id), U32(uint32(len(content)))...), content...)
}

func text(b []byte, s string) []byte { return append(append(b, U32(uint32(len(s)))...), s...) }

// U32 writes an unsigned LEB128 number.
func U32(n uint32) []byte {
	var b []byte
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// S64 writes a signed LEB128 number.
func S64(n int64) []byte {
	var b []byte
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
