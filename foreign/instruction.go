package foreign

import "math"

// instruction passes one instruction on, with what its fuel and its NaNs ask for.
func (b *body) instruction() {
	r, from := b.r, b.r.at
	op := r.byte()
	b.regions[b.region].cost += cost(op)
	switch {
	case op == opBlock, op == opLoop, op == opIf:
		b.begin(op, from)
		return
	case op == opElse:
		b.otherwise()
	case op == opEnd:
		b.finish(from)
		return
	case op == opBr, op == opBrIf:
		b.target(r.u32(), false)
	case op == opBrTable:
		for range r.count(targetsMax, "targets of a br_table") {
			b.target(r.u32(), true)
		}
		b.target(r.u32(), true)
	case op == opReturn:
		b.out = appendU32(append(b.out, opBr), uint32(len(b.open)-1))
		b.dead()
		return
	case op == opCall:
		b.call(b.l.functionIndex(r), 0)
	case op == opCallIndirect:
		t := b.l.typeIndex(r)
		r.u32()
		b.apply(b.l.typeAt(t), 1)
	case op == opSelectTyped:
		for range r.count(1, "types of a select") {
			valueType(r, r.byte())
		}
		b.raise(-2)
	case op >= opLocalGet && op <= opGlobalSet:
		b.variable(op)
	case op >= 0x28 && op <= 0x3e:
		r.u32()
		r.u32()
		b.raise(height(op))
		b.canonical(op)
	case op == opMemorySize, op == opMemoryGrow:
		r.byte()
		b.raise(height(op))
		if op == opMemoryGrow {
			b.payLength(costGrow, 0)
		}
	case op == opI32Const:
		r.signed(5)
		b.raise(1)
	case op == opI64Const:
		r.signed(10)
		b.raise(1)
	case op == opF32Const:
		r.bytes(4)
		b.raise(1)
	case op == opF64Const:
		r.bytes(8)
		b.raise(1)
	case op == opMore:
		b.more()
	case op <= 0x01, op == opDrop, op == opSelect, op >= 0x45 && op <= 0xc4:
		b.raise(height(op))
		b.canonical(op)
	default:
		r.fail(Forbidden, "it uses an instruction that a function has not (references, vectors, threads, exceptions or tail calls)")
	}
	b.out = append(b.out, r.b[from:r.at]...)
	if op == opUnreachable || op == opBr || op == opBrTable {
		b.dead()
	}
}

// raise moves the height of the stack.
func (b *body) raise(by int) {
	b.height = max(b.height+by, b.open[len(b.open)-1].height)
	b.heightMax = max(b.heightMax, b.height)
}

// dead is after an instruction that does not come back: the stack is as the block began.
func (b *body) dead() { b.height = b.open[len(b.open)-1].height }

// begin opens a block.
func (b *body) begin(op byte, from int) {
	if len(b.open) > nestingMax {
		b.r.fail(TooLarge, "a function has more than 10,000 blocks inside one another")
		return
	}
	t := b.blockType()
	if op == opIf {
		b.raise(-1)
	}
	below := max(b.height-len(t.params), b.open[len(b.open)-1].height)
	b.open = append(b.open, block{op: op, region: b.region, params: len(t.params), results: len(t.results), height: below})
	b.out = append(b.out, b.r.b[from:b.r.at]...)
	if op == opLoop {
		b.pay()
	}
}

// blockType reads what a block takes and gives.
func (b *body) blockType() signature {
	n := b.r.signed(5)
	switch {
	case n >= 0:
		if n >= int64(b.l.ownTypes) {
			b.r.fail(Malformed, "there is no such type")
			return signature{}
		}
		return b.l.types[n]
	case n == -64:
		return signature{}
	}
	valueType(b.r, byte(n&0x7f))
	return signature{results: "?"}
}

// pay begins a region here.
func (b *body) pay() {
	out, at := b.appendPay(b.out)
	b.out = out
	b.region = len(b.regions)
	b.regions = append(b.regions, region{at: at, cost: costRegion})
}

// otherwise turns to the other half of an if.
func (b *body) otherwise() {
	top := &b.open[len(b.open)-1]
	if top.op != opIf {
		b.r.fail(Malformed, "an else without its if")
		return
	}
	top.op = opElse
	b.region = top.region
	b.height = top.height
	b.raise(top.params)
}

// finish closes a block. Where a br_table lands behind it, that is paid for.
func (b *body) finish(from int) {
	top := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	b.out = append(b.out, b.r.b[from:b.r.at]...)
	b.region, b.height = top.region, top.height
	if len(b.open) == 0 {
		return
	}
	b.raise(top.results)
	if top.landing && top.op != opLoop {
		b.pay()
	}
}

// target is a label that something branches to.
func (b *body) target(label uint32, isTable bool) {
	if int(label) >= len(b.open) {
		b.r.fail(Malformed, "a branch leads out of its function")
		return
	}
	if isTable {
		b.open[len(b.open)-1-int(label)].landing = true
	}
}

func (b *body) call(function uint32, operands int) {
	if b.r.err == nil {
		b.apply(b.l.types[b.l.functions[function]], operands)
	}
}

// apply takes a function's parameters, and so many operands more, and gives its results.
func (b *body) apply(t signature, operands int) {
	b.calls = true
	b.raise(-len(t.params) - operands)
	b.raise(len(t.results))
}

// variable is an access to a local or global, of the module's own.
func (b *body) variable(op byte) {
	n := b.r.u32()
	if op <= opLocalTee && n >= b.locals || op > opLocalTee && int(n) >= len(b.l.globals) {
		b.r.fail(Malformed, "there is no such variable")
	}
	b.raise(height(op))
}

// more is an instruction with a second opcode.
func (b *body) more() {
	switch op := b.r.u32(); {
	case op <= 7: // floats to integers, saturating
		b.regions[b.region].cost += costPlain
	case op == moreCopy, op == moreFill:
		b.r.byte()
		if op == moreCopy {
			b.r.byte()
		}
		b.payLength(1, 2)
		b.raise(-3)
	default:
		b.r.fail(Forbidden, "it uses an instruction that a function has not (memory.init, or one that changes a table)")
	}
}

// payLength takes the number on top of the stack, times or shifted, from the fuel.
func (b *body) payLength(times, shift int64) {
	out := appendU32(append(b.out, opLocalTee), b.local(localLength))
	out = appendU32(append(out, opGlobalGet), b.l.fuelGlobal())
	out = append(appendU32(append(out, opLocalGet), b.local(localLength)), opI64ExtendI32)
	if shift > 0 {
		out = append(appendS64(append(out, opI64Const), shift), opI64ShrU)
	} else {
		out = append(appendS64(append(out, opI64Const), times), opI64Mul)
	}
	out = b.appendSpend(out)
	b.out = appendU32(append(out, opLocalGet), b.local(localLength))
	b.out = append(b.out, opDrop)
}

// canonical makes a NaN on top of the stack the one NaN, before its bits can
// be seen: where a float is stored, turned into an integer's bits, or gives
// its sign. Everything else about floats is the same on every engine
// (WebAssembly core specification, 4.3.3).
func (b *body) canonical(op byte) {
	switch op {
	case opF32Store, opI32Bits, opF32Copysign:
		out := appendU32(append(b.out, opLocalTee), b.local(localF32))
		bits := math.Float32bits(float32(math.NaN())) &^ (1 << 31)
		out = append(out, opF32Const, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		b.out = b.appendSelf(out, localF32, opF32Eq)
	case opF64Store, opI64Bits, opF64Copysign:
		out := appendU32(append(b.out, opLocalTee), b.local(localF64))
		out = append(out, opF64Const, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
		b.out = b.appendSelf(out, localF64, opF64Eq)
	}
}

// appendSelf chooses the float where it equals itself.
func (b *body) appendSelf(out []byte, local int, eq byte) []byte {
	for range 2 {
		out = appendU32(append(out, opLocalGet), b.local(local))
	}
	return append(out, eq, opSelect)
}
