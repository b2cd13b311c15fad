package slim

import "encoding/binary"

// Opcodes of instructions that are not as long as most.
const (
	opUnreachable  = 0x00
	opBr           = 0x0c
	opBrTable      = 0x0e
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opGetGlobal    = 0x23
	opSetGlobal    = 0x24
	opStoreLast    = 0x3e // loads and stores are opLoad to here
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opF32Const     = 0x43
	opF64Const     = 0x44
	opNumberFirst  = 0x45 // instructions that take all of the stack are this to opNumberLast
	opNumberLast   = 0xc4
	opMore         = 0xfc // a number follows: more instructions
	moreTruncLast  = 7
	moreCopy       = 10
	moreFill       = 11
)

// length is that of the instruction at the front of code, 0 where it is cut off
// or none that Go writes.
// https://webassembly.github.io/spec/core/binary/instructions.html
func length(code []byte) int {
	switch op := code[0]; {
	case op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == opDrop, op == opSelect, op >= opNumberFirst && op <= opNumberLast:
		return 1
	case op >= opBlock && op <= opIf, op == opMemorySize, op == opMemoryGrow:
		return 2
	case op == opF32Const:
		return 5
	case op == opF64Const:
		return 9
	case op == opBr, op == opBrIf, op == opCall, op >= opGet && op <= opSetGlobal, op == opI32Const, op == opI64Const:
		return behind(code, 1, 1)
	case op == opCallIndirect, op >= opLoad && op <= opStoreLast:
		return behind(code, 1, 2)
	case op == opBrTable:
		count, n := binary.Uvarint(code[1:])
		if n <= 0 || count > uint64(len(code)) {
			return 0
		}
		return behind(code, 1+n, int(count)+1)
	case op == opMore:
		return lengthMore(code)
	}
	return 0
}

func lengthMore(code []byte) int {
	if len(code) < 2 {
		return 0
	}
	switch more := code[1]; {
	case more <= moreTruncLast:
		return 2
	case more == moreFill:
		return 3
	case more == moreCopy:
		return 4
	}
	return 0
}

// behind returns where some LEB128 numbers end that begin at a place.
func behind(code []byte, at, count int) int {
	for ; count > 0; at++ {
		if at >= len(code) {
			return 0
		}
		if code[at] < 0x80 {
			count--
		}
	}
	return at
}
