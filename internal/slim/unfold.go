package slim

import "encoding/binary"

// folded returns what is unfolded when the module starts, behind the names:
// the columns and then their numbers.
func (p *packer) folded(names []byte) []byte {
	for (p.names+len(names))%8 != 0 {
		names = append(names, 0)
	}
	p.from = p.at(p.names + len(names))
	p.numbersAt = p.from + columnSize*uint32(len(p.columns))
	for _, c := range p.columns {
		for _, w := range []uint32{c.to, c.stride, c.rows, c.kind, c.base, c.step, c.next} {
			names = binary.LittleEndian.AppendUint32(names, w)
		}
	}
	return append(names, p.stream...)
}

// Instructions, of which one byte or two follow.
// https://webassembly.github.io/spec/core/binary/instructions.html
const (
	opLoop, opIf, opElse, opBrIf = 0x03, 0x04, 0x05, 0x0d
	opGet, opSet, opTee          = 0x20, 0x21, 0x22
	opLoad, opLoadByte, opStore  = 0x28, 0x2d, 0x36
	opEqz, opLess                = 0x45, 0x49
	opAdd, opMul, opAnd, opOr    = 0x6a, 0x6c, 0x71, 0x72
	opShl, opShr                 = 0x74, 0x76
	typeNone, typeI32            = 0x40, 0x7f
)

// Locals of the function that unfolds.
const (
	localColumn = iota
	localStream
	localTo
	localStride
	localRows
	localKind
	localBase
	localStep
	localNext
	localRow
	localNumber
	localShift
	localByte
	localCount
)

// unfold returns the body of a function that unfolds columns: those between
// two addresses, with the numbers that follow.
func unfold(from, numbersAt uint32) []byte {
	b := []byte{1, localCount, typeI32} // one group of locals
	code := func(c ...byte) { b = append(b, c...) }
	constant := func(v uint32) { b = appendInt(append(b, opI32Const), int64(int32(v))) }

	constant(from)
	code(opSet, localColumn)
	constant(numbersAt)
	code(opSet, localStream)
	code(opLoop, typeNone) // over columns
	for i := range byte(localRow - localTo) {
		code(opGet, localColumn, opLoad, 2, 4*i, opSet, localTo+i)
	}
	code(opI32Const, 0, opSet, localRow)
	code(opLoop, typeNone) // over rows

	code(opGet, localTo)
	code(opGet, localKind, opIf, typeI32) // a ramp
	code(opGet, localBase, opGet, localRow, opGet, localStep, opMul, opI32Const, rampShift, opShr, opAdd)
	code(opElse)
	readNumber(code)
	code(opGet, localStep, opEqz, opGet, localNumber, opEqz, opOr, opIf, typeI32)
	code(opGet, localBase, opGet, localNumber, opAdd)
	code(opElse)
	code(opGet, localNumber, opI32Const, 1, opShr, opGet, localStep, opMul, opSet, localShift)
	code(opGet, localNumber, opI32Const, 1, opAnd, opIf, typeI32)
	code(opGet, localShift)
	code(opElse)
	code(opGet, localNext, opGet, localNext, opGet, localShift, opAdd, opSet, localNext)
	code(opEnd, opEnd, opEnd)
	code(opStore, 2, 0)

	code(opGet, localTo, opGet, localStride, opAdd, opSet, localTo)
	code(opGet, localRow, opI32Const, 1, opAdd, opTee, localRow, opGet, localRows, opLess, opBrIf, 0, opEnd)
	code(opGet, localColumn, opI32Const, columnSize, opAdd, opTee, localColumn)
	constant(numbersAt)
	code(opLess, opBrIf, 0, opEnd)
	return append(b, opEnd)
}

// readNumber reads an unsigned LEB128 number of the stream.
func readNumber(code func(...byte)) {
	code(opI32Const, 0, opSet, localNumber, opI32Const, 0, opSet, localShift)
	code(opLoop, typeNone)
	code(opGet, localStream, opLoadByte, 0, 0, opSet, localByte)
	code(opGet, localStream, opI32Const, 1, opAdd, opSet, localStream)
	code(opGet, localNumber, opGet, localByte, opI32Const, 0xff, 0, opAnd, opGet, localShift, opShl, opOr, opSet, localNumber)
	code(opGet, localShift, opI32Const, 7, opAdd, opSet, localShift)
	code(opGet, localByte, opI32Const, 0x80, 1, opAnd, opBrIf, 0, opEnd)
}
