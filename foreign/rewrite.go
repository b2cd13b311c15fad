package foreign

// A body is rewritten in one pass. Where control can come back to (a loop's
// head) or begins (the function itself), and where a br_table lands, what
// follows is paid for in one sum: each instruction belongs to the last such
// place before it in its block, which it cannot be reached without passing, and
// between two passages of that place it runs at most once, as only loops branch
// back. Sums are known when the block ends, so each place holds a constant of
// fixed width that is filled in later.

// body is a function on its way.
type body struct {
	l    *loading
	r    *reader
	out  []byte
	open []block

	locals uint32 // parameters and locals of the module; ours come behind
	calls  bool   // it calls functions, so it has a frame

	region  int // the place that pays for what comes next
	regions []region

	height, heightMax int
}

// region is a place that pays.
type region struct {
	at   int // of its constant in out
	cost int64
}

// block is an open block of the function.
type block struct {
	op      byte
	region  int  // that paid before it
	landing bool // a br_table can land at its end
	params  int
	results int
	height  int // of the stack below its parameters
}

// What the loader adds to a function's locals, behind its own.
const (
	localFuel = iota
	localLength
	localF32
	localF64
	localStack
	localsAdded
)

// sumWidth is how many bytes the constant of a region takes: fuel up to 2^34.
const sumWidth = 5

// rewrite makes a body that pays for what it does. The reader has the error, if any.
func (l *loading) rewrite(r *reader, t signature) []byte {
	groups, locals, ok := readLocals(r, uint32(len(t.params)))
	if !ok {
		return nil
	}
	b := &body{l: l, r: r, locals: locals, out: make([]byte, 0, 2*(r.end-r.at)+64)}
	b.regions = append(b.regions, region{})
	b.open = append(b.open, block{op: opBlock, results: len(t.results)})
	for len(b.open) > 0 && r.more() {
		b.instruction()
		if len(b.out) > outputMax {
			r.fail(TooLarge, "with what counts its fuel it has more than 64 MiB")
		}
	}
	if r.err == nil && (len(b.open) > 0 || r.at != r.end) {
		r.fail(Malformed, "the blocks of a function do not end where it does")
	}
	if r.err != nil {
		return nil
	}
	for _, g := range b.regions[1:] {
		putSum(b.out[g.at:], g.cost)
	}
	return append(b.head(groups, t), b.tail()...)
}

// head is what stands before the instructions: locals, what the function pays
// for its first region, and, where it calls others, its frame.
func (b *body) head(groups []byte, t signature) []byte {
	out := append(groups, 1, typeI64, 1, typeI32, 1, typeF32, 1, typeF64, 1, typeI64)
	out, at := b.appendPay(out)
	putSum(out[at:], b.regions[0].cost+costRegion)
	if !b.calls {
		return append(out, b.out...)
	}
	out = appendU32(append(out, opGlobalGet), b.l.stackGlobal())
	out = append(appendS64(append(out, opI64Const), b.frame()), opI64Sub)
	out = appendU32(append(out, opLocalTee), b.local(localStack))
	out = appendU32(append(out, opGlobalSet), b.l.stackGlobal())
	out = appendU32(append(out, opLocalGet), b.local(localStack))
	out = appendTrap(out)
	out = b.l.appendBlockType(append(out, opBlock), t.results)
	return append(out, b.out...)
}

// tail is what stands behind the end of the instructions, which ended the
// block around them where there is one, and the function otherwise.
func (b *body) tail() []byte {
	if !b.calls {
		return nil
	}
	out := appendU32([]byte{opGlobalGet}, b.l.stackGlobal())
	out = append(appendS64(append(out, opI64Const), b.frame()), opI64Add)
	return append(appendU32(append(out, opGlobalSet), b.l.stackGlobal()), opEnd)
}

// frame is how many slots a call of the function may take of an engine's stack.
func (b *body) frame() int64 {
	return frameSlots + int64(b.locals) + localsAdded + int64(b.heightMax)
}

func (b *body) local(i int) uint32 { return b.locals + uint32(i) }

// appendPay writes what takes a sum of the fuel and stops where there is less.
// It returns where the sum stands.
func (b *body) appendPay(out []byte) ([]byte, int) {
	out = appendU32(append(out, opGlobalGet), b.l.fuelGlobal())
	out = append(out, opI64Const)
	at := len(out)
	out = append(out, make([]byte, sumWidth)...)
	return b.appendSpend(out), at
}

// appendSpend writes what takes the number on top of the stack from the fuel below it.
func (b *body) appendSpend(out []byte) []byte {
	out = appendU32(append(out, opI64Sub, opLocalTee), b.local(localFuel))
	out = appendU32(append(out, opGlobalSet), b.l.fuelGlobal())
	out = appendU32(append(out, opLocalGet), b.local(localFuel))
	return appendTrap(out)
}

// appendTrap stops the function where the number on top of the stack is below zero.
func appendTrap(out []byte) []byte {
	return append(out, opI64Const, 0, opI64LtS, opIf, blockEmpty, opUnreachable, opEnd)
}

// readLocals reads the locals of a function and returns them with room for ours.
func readLocals(r *reader, params uint32) (groups []byte, locals uint32, ok bool) {
	locals = params
	n := r.count(localsMax, "groups of locals")
	groups = appendU32(nil, n+localsAdded)
	for range n {
		from := r.at
		count := r.u32()
		if count > localsMax || locals+count > localsMax {
			r.fail(TooLarge, "a function has more than 4,000 locals")
			return nil, 0, false
		}
		locals += count
		valueType(r, r.byte())
		if r.err != nil {
			return nil, 0, false
		}
		groups = append(groups, r.b[from:r.at]...)
	}
	return groups, locals, r.err == nil
}

// putSum fills in what a region costs.
func putSum(b []byte, n int64) {
	for i := range sumWidth {
		b[i] = byte(n>>(7*i))&0x7f | 0x80
	}
	b[sumWidth-1] &= 0x7f
}
