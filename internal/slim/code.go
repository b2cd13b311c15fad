package slim

import (
	"encoding/binary"
	"fmt"
)

// The code of a Go program for js/wasm says the same thing of each call in
// another way: where the call returns to, whose first half is the function's
// own number, and how many blocks the instruction stands in, that its caller
// may go to the end of them and stop. Said alike everywhere both weigh little.

// instruction is one of a function's body, from its opcode up to the next one.
type instruction struct {
	op       byte
	from, to int
}

// Opcodes of which more than their length is known here.
const (
	opBlock    = 0x02
	opReturn   = 0x0f
	opI64Const = 0x42
	opI64Add   = 0x7c
	typeI64    = 0x7e
)

// slimCode returns a code section that does the same; idle are functions that
// are never called.
func slimCode(b []byte, idle map[uint64]bool) ([]byte, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, errCut
	}
	out := append([]byte(nil), b[:n]...)
	b = b[n:]
	for i := range count {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, errCut
		}
		f := &function{number: int64(i), body: b[n : n+int(size)]}
		if err := f.read(); err != nil {
			return nil, fmt.Errorf("slim: function %d: %w", i, err)
		}
		body := f.slim()
		if idle[i] {
			body = trap
		}
		out = append(appendUint(out, uint64(len(body))), body...)
		b = b[n+int(size):]
	}
	return append(out, b...), nil
}

// function is one of the code section.
type function struct {
	number int64
	body   []byte
	locals []locals
	list   []instruction
	outer  int // the instruction that begins the last block, which all that follow stand in
}

// locals are some of one type.
type locals struct {
	count uint64
	kind  byte
}

// read takes a body apart.
func (f *function) read() error {
	groups, at := binary.Uvarint(f.body)
	if at <= 0 || groups > uint64(len(f.body)) {
		return errCut
	}
	for range groups {
		count, n := binary.Uvarint(f.body[min(at, len(f.body)):])
		if at += n + 1; n <= 0 || at > len(f.body) {
			return errCut
		}
		f.locals = append(f.locals, locals{count, f.body[at-1]})
	}
	for at < len(f.body) {
		size := length(f.body[at:])
		if size <= 0 || size > len(f.body)-at {
			return fmt.Errorf("an instruction begins with %#x: %w", f.body[at], errCut)
		}
		f.list = append(f.list, instruction{f.body[at], at, at + size})
		at += size
	}
	return f.nest()
}

// nest finds the last block that is in no other one.
func (f *function) nest() error {
	depth := 0
	for i, in := range f.list {
		switch in.op {
		case opBlock, opLoop, opIf:
			if depth == 0 {
				f.outer = i
			}
			depth++
		case opEnd:
			depth--
		}
		if depth < 0 && i < len(f.list)-1 {
			return errCut
		}
	}
	if depth != -1 {
		return errCut
	}
	return nil
}

// slim returns a body that does the same.
func (f *function) slim() []byte {
	numbered := f.isNumbered()
	out := f.declare(numbered)
	if numbered {
		out = appendInt(append(out, opI64Const), f.address())
		out = append(out, opSet, localNumbered)
	}
	leaves := f.leavesWithOne()
	depth := 0
	for i, in := range f.list {
		text := f.body[in.from:in.to]
		switch in.op {
		case opBlock, opLoop, opIf:
			depth++
		case opEnd:
			depth--
		}
		switch to := f.operand(in); {
		case leaves && in.op == opBrIf && i > f.outer && to == int64(depth-1):
			out = append(out, opIf, typeNone, opI32Const, 1, opReturn, opEnd)
		case numbered && f.isOwn(in):
			out = appendInt(append(out, opGet, localNumbered, opI64Const), to-f.address())
			out = append(out, opI64Add)
		case numbered && isLocal(in.op) && to >= localNumbered:
			out = appendUint(append(out, in.op), uint64(to+1))
		default:
			out = append(out, text...)
		}
	}
	return out
}

// localNumbered is a local that has the function's own address, before its
// own registers; local 0 says where to go on, local 1 is the stack pointer.
const localNumbered = 2

// firstAddress is the half of an address that is the first function's
// (cmd/link/internal/wasm, funcValueOffset); the other half is a place in it.
const (
	firstAddress = 0x1000
	addressShift = 16
)

// address is where the function begins.
func (f *function) address() int64 { return (firstAddress + f.number) << addressShift }

// isOwn reports whether an instruction gives an address of the function's.
func (f *function) isOwn(in instruction) bool {
	return in.op == opI64Const && f.operand(in)>>addressShift == firstAddress+f.number
}

// isNumbered reports whether the address of the function is worth a local.
func (f *function) isNumbered() bool {
	own := 0
	for _, in := range f.list {
		if f.isOwn(in) {
			own++
		}
	}
	return own > 1 && len(f.locals) > 0 && f.locals[0] == locals{1, typeI32}
}

// declare returns the declaration of locals, with one more where the function
// is numbered.
func (f *function) declare(numbered bool) []byte {
	groups := f.locals
	if numbered {
		more := []locals{groups[0], {1, typeI64}}
		if groups = groups[1:]; len(groups) > 0 && groups[0].kind == typeI64 {
			more[1].count += groups[0].count
			groups = groups[1:]
		}
		groups = append(more, groups...)
	}
	out := appendUint(nil, uint64(len(groups)))
	for _, g := range groups {
		out = append(appendUint(out, g.count), g.kind)
	}
	return out
}

// leavesWithOne reports whether the function ends with its last block, and 1
// for those who left it.
func (f *function) leavesWithOne() bool {
	n := len(f.list)
	return n > 4 && f.list[f.outer].op == opBlock && f.body[f.list[f.outer].from+1] == typeNone &&
		f.list[n-3].op == opEnd && f.list[n-2].op == opI32Const && f.operand(f.list[n-2]) == 1
}

func isLocal(op byte) bool { return op == opGet || op == opSet || op == opTee }

// operand is the first number behind an opcode that has one.
func (f *function) operand(in instruction) int64 {
	switch b := f.body[in.from+1 : in.to]; in.op {
	case opI32Const, opI64Const:
		v, _ := signed(b)
		return v
	case opBr, opBrIf, opGet, opSet, opTee:
		v, _ := binary.Uvarint(b)
		return int64(v)
	}
	return -1
}
