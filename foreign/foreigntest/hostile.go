package foreigntest

import "math/rand/v2"

// Hostile makes a module that means harm, from a die: its function "f" does not
// end, takes too much, or does what cannot be done, or its bytes are no module
// at all. About one in ten has a start function that does so.
func Hostile(die *rand.Rand) []byte {
	h := &hostile{die: die}
	m := Offering(h.harm(0), Packed(2048, 1))
	for range die.IntN(3) { // functions that call each other, and themselves
		m.Funcs = append(m.Funcs, Func{Body: Join(h.work(), Call(uint32(2+die.IntN(3))), h.harm(1))})
	}
	for len(m.Funcs) < 5 {
		m.Funcs = append(m.Funcs, Func{Body: h.harm(1)})
	}
	if die.IntN(8) == 0 { // nothing but recursion
		m.Funcs[1].Body = Join(h.work(), Call(2), Packed(2048, 1))
		m.Funcs[2].Body = Join(Call(2+uint32(die.IntN(2))), Call(2))
		m.Funcs[3].Body = Call(2)
	}
	if die.IntN(10) == 0 {
		m.Start = 3
	}
	switch die.IntN(12) {
	case 0:
		m.Pages = uint32(die.IntN(1 << 10))
	case 1:
		m.Funcs[2].Locals = make([]byte, 1<<die.IntN(17))
		for i := range m.Funcs[2].Locals {
			m.Funcs[2].Locals[i] = TypeI64
		}
	case 2:
		m.Data = map[uint32][]byte{die.Uint32(): make([]byte, die.IntN(1<<18))}
	case 3:
		m.Table = make([]uint32, die.IntN(1<<17))
	}
	b := m.Bytes()
	switch die.IntN(8) {
	case 0: // a byte flipped
		b[die.IntN(len(b))] ^= byte(1 << die.IntN(8))
	case 1: // cut off
		b = b[:die.IntN(len(b))]
	}
	return b
}

// hostile is a die with a taste.
type hostile struct{ die *rand.Rand }

// work is a few honest instructions.
func (h *hostile) work() Code {
	var c Code
	for range h.die.IntN(8) {
		switch h.die.IntN(4) {
		case 0:
			c = Join(c, I32(h.die.Int32()), I32(h.die.Int32()), Mul32, Drop)
		case 1:
			c = Join(c, I32(int32(h.die.IntN(66_000))), Load8, Drop)
		case 2:
			c = Join(c, I32(int32(h.die.IntN(66_000))), I64(h.die.Int64()), Store64)
		case 3:
			c = Join(c, I32(int32(h.die.Uint32())), I32(int32(h.die.IntN(8))), Div32, Drop)
		}
	}
	return c
}

// harm is code with no parameters and no results, of whatever function it stands in.
func (h *hostile) harm(depth int) Code {
	if depth > 4 {
		return h.work()
	}
	inner := func() Code { return Join(h.work(), h.harm(depth+1)) }
	switch h.die.IntN(11) {
	case 0, 1:
		return Loop(inner(), Br(0))
	case 2: // an automaton
		return Loop(Block(Block(Block(h.random(), BrTable(0, 1, 2, 3)), inner(), Br(1)), h.work()), Br(0))
	case 3:
		return Loop(I32(int32(h.die.IntN(64))), Grow, Drop, Br(0))
	case 4:
		return Loop(I32(0), I32(7), I32(int32(h.die.IntN(1<<17))), Fill, h.work(), Br(0))
	case 5:
		return Loop(I32(0), I32(64), I32(int32(h.die.IntN(1<<16))), Copy, Br(0))
	case 6:
		return Join(h.work(), Call(uint32(2+h.die.IntN(3))))
	case 7:
		return Join(h.random(), Load8, Drop)
	case 8: // through memory, where nothing is near
		return Loop(I32(8), I32(8), Load64, I64(0x5851f42d4c957f2d), Code{0x7e}, I64(1), Add64, Store64,
			I32(8), Load64, Code{0xa7}, I32(0xfff8), Code{0x71}, Load64, Drop, Br(0))
	case 9: // divisions
		return Loop(I64(-1), I32(8), Load64, I64(1), Or64, Code{0x80}, Drop, Br(0))
	}
	return Join(Block(inner(), h.random(), BrIf(0), Unreachable), h.harm(depth+1))
}

// random is a number that memory has.
func (h *hostile) random() Code {
	return Join(I32(int32(h.die.IntN(1<<12))), Load8)
}
