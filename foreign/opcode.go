package foreign

// Opcodes that mean more to the loader than their length.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI64Load      = 0x29
	opF32Store     = 0x38
	opF64Store     = 0x39
	opI64Store     = 0x37
	opI32Store     = 0x36
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI64LtS       = 0x53
	opF32Eq        = 0x5b
	opF64Eq        = 0x61
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Mul       = 0x7e
	opI64Or        = 0x84
	opI64ShrU      = 0x88
	opF32Copysign  = 0x98
	opF64Copysign  = 0xa6
	opI64ExtendI32 = 0xad // unsigned
	opI32Bits      = 0xbc // i32.reinterpret_f32
	opI64Bits      = 0xbd // i64.reinterpret_f64
	opMore         = 0xfc
	moreCopy       = 10
	moreFill       = 11
	blockEmpty     = 0x40
)

// cost is what an instruction without more to it takes.
func cost(op byte) int64 {
	switch {
	case op >= 0x28 && op <= 0x3f:
		return costMemory
	case op >= 0x6d && op <= 0x70, op >= 0x7f && op <= 0x82, // integer division
		op == 0x91, op == 0x95, op == 0x9f, op == 0xa3: // square roots and division of floats
		return costDivision
	case op >= 0x8d && op <= 0x90, op >= 0x9b && op <= 0x9e, // rounding
		op >= 0xa8 && op <= 0xab, op >= 0xae && op <= 0xb1: // floats to integers
		return 2 * costPlain
	case op == opCall || op == opCallIndirect:
		return costCall
	case op == opBrTable:
		return costMemory
	case op == opBlock || op == opLoop || op == opElse || op == opEnd || op == 0x01:
		return 0
	}
	return costPlain
}

// height is by how much a plain instruction raises the stack of operands: less
// than 0 where it takes more than it gives.
func height(op byte) int {
	switch {
	case op == opLocalGet, op == opGlobalGet, op == opMemorySize, op >= opI32Const && op <= opF64Const:
		return 1
	case op == opDrop, op == opLocalSet, op == opGlobalSet:
		return -1
	case op == opSelect, op == opSelectTyped, op >= opI32Store && op <= 0x3e:
		return -2
	case op == 0x45, op == 0x50: // eqz
		return 0
	case op >= 0x46 && op <= 0x66: // comparisons
		return -1
	case op >= 0x67 && op <= 0x69, op >= 0x79 && op <= 0x7b: // clz, ctz, popcnt
		return 0
	case op >= 0x6a && op <= 0x8a: // arithmetic of integers
		return -1
	case op >= 0x8b && op <= 0x91, op >= 0x99 && op <= 0x9f: // of one float
		return 0
	case op >= 0x92 && op <= 0xa6: // of two
		return -1
	}
	return 0 // loads, conversions, tee, grow
}
