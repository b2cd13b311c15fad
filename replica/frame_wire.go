package replica

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// FramePartsMax bounds the parts of a frame, and with them what a frame
// unfolds to in memory.
const FramePartsMax = 1 << 16

// Frame packs parts for the wire. Ids stand in it once, where they are first
// needed, and are numbers from then on; seqs and stamps are differences. So a
// part that adds one entry and removes another costs about ten bytes beyond
// its key and value. docs/wire/part.md draws the bytes.
//
// The zero value is an empty frame.
type Frame struct {
	buf    []byte
	parts  int
	stamp  causal.Stamp // of the part before
	tables frameTables
}

// AppendFrame appends all parts as one frame. More than FramePartsMax are a
// bug of the caller.
func AppendFrame(b []byte, parts []*causal.Part) []byte {
	f := Frame{buf: b}
	for _, p := range parts {
		f.Append(p)
	}
	return f.buf
}

// Append adds a part. A part more than FramePartsMax panics.
func (f *Frame) Append(p *causal.Part) {
	if f.parts == FramePartsMax {
		panic("replica: a frame has at most FramePartsMax parts")
	}
	b := f.tables.appendName(f.buf, p)
	b = wire.AppendVarint(b, int64(p.Stamp-f.stamp))
	f.buf = p.AppendTo(b, &f.tables)
	f.stamp = p.Stamp
	f.parts++
}

// Parts returns how many parts the frame has, Size how many bytes.
func (f *Frame) Parts() int { return f.parts }

// Size returns the bytes of the frame so far.
func (f *Frame) Size() int { return len(f.buf) }

// Bytes returns the frame. It is invalid after the next Append.
func (f *Frame) Bytes() []byte { return f.buf }

// DecodeFrame reads a frame. Bytes it does not know the meaning of are an
// error, and then none of the frame's parts is returned: a part that can't be
// read whole must not count as seen.
func DecodeFrame(b []byte) ([]*causal.Part, error) {
	r := wire.NewReader(b)
	t := frameReader{}
	var parts []*causal.Part
	var stamp causal.Stamp
	for r.Len() > 0 && r.Err() == nil {
		if len(parts) == FramePartsMax {
			return nil, wire.ErrLimit
		}
		p := t.readName(r)
		stamp += causal.Stamp(r.Varint())
		p.Stamp = stamp
		p.Decode(r, &t)
		parts = append(parts, p)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return parts, nil
}

// numbers gives things numbers 0, 1, 2 in the order they are first asked for.
// The first few are found without the map, as most tokens and many frames have
// no more; so is the one asked for last, as most are asked for in a row.
type numbers[T comparable] struct {
	few     [4]T
	byThing map[T]int // those behind the few
	size    int
	last    T
	lastNo  int
}

func (n *numbers[T]) of(thing T) (no int, isFresh bool) {
	if n.size > 0 && thing == n.last {
		return n.lastNo, false
	}
	no, isKnown := n.find(thing)
	if !isKnown {
		no = n.size
		n.add(thing)
	}
	n.last, n.lastNo = thing, no
	return no, !isKnown
}

func (n *numbers[T]) find(thing T) (no int, isKnown bool) {
	for i := range min(n.size, len(n.few)) {
		if n.few[i] == thing {
			return i, true
		}
	}
	no, isKnown = n.byThing[thing]
	return no, isKnown
}

func (n *numbers[T]) add(thing T) {
	switch {
	case n.size < len(n.few):
		n.few[n.size] = thing
	case n.byThing == nil:
		n.byThing = map[T]int{thing: n.size}
	default:
		n.byThing[thing] = n.size
	}
	n.size++
}

// frameTables number what a frame repeats. A number equal to how many there
// are is new, and what it stands for follows.
type frameTables struct {
	spaces   numbers[causal.SpaceID]
	replicas numbers[causal.ReplicaID]
	names    numbers[string]
	chains   numbers[causal.Chain]
	base     []uint64 // by chain: the seq of its last part, or of its first mention
}

// appendName appends chain and seq of a part: a number whose low bit says that
// the seq is the next one.
func (t *frameTables) appendName(b []byte, p *causal.Part) []byte {
	no, isFresh := t.chain(p.Chain())
	isNext := p.Seq == t.base[no]+1
	control := uint64(no) << 1
	if isNext {
		control |= 1
	}
	b = wire.AppendUvarint(b, control)
	if isFresh {
		b = t.appendChain(b, p.Chain())
	}
	if !isNext {
		b = wire.AppendVarint(b, int64(p.Seq-t.base[no]))
	}
	t.base[no] = p.Seq
	return b
}

// AppendRef appends chain and seq of a reference.
func (t *frameTables) AppendRef(b []byte, ref causal.Ref) []byte {
	no, isFresh := t.chain(ref.Chain())
	b = wire.AppendUvarint(b, uint64(no))
	if isFresh {
		b = t.appendChain(b, ref.Chain())
	}
	b = wire.AppendVarint(b, int64(ref.Seq-t.base[no]))
	if isFresh {
		t.base[no] = ref.Seq
	}
	return b
}

func (t *frameTables) chain(c causal.Chain) (no int, isFresh bool) {
	no, isFresh = t.chains.of(c)
	if isFresh {
		t.base = append(t.base, 0)
	}
	return no, isFresh
}

func (t *frameTables) appendChain(b []byte, c causal.Chain) []byte {
	space, isFresh := t.spaces.of(c.Space)
	b = wire.AppendUvarint(b, uint64(space))
	if isFresh {
		b = append(b, c.Space[:]...)
	}
	replica, isFresh := t.replicas.of(c.Replica)
	b = wire.AppendUvarint(b, uint64(replica))
	if isFresh {
		b = append(b, c.Replica[:]...)
	}
	return b
}

// AppendName appends the name of a database.
func (t *frameTables) AppendName(b []byte, name string) []byte {
	no, isFresh := t.names.of(name)
	b = wire.AppendUvarint(b, uint64(no))
	if isFresh {
		b = wire.AppendString(b, name)
	}
	return b
}

// frameReader is frameTables as seen from the other side.
type frameReader struct {
	spaces   []causal.SpaceID
	replicas []causal.ReplicaID
	names    []string
	chains   []causal.Chain
	base     []uint64
	known    map[causal.Chain]struct{} // a chain has one number
}

func (t *frameReader) readName(r *wire.Reader) *causal.Part {
	control := r.Uvarint()
	no, isNext := t.readChain(r, control>>1), control&1 == 1
	if r.Err() != nil {
		return &causal.Part{}
	}
	seq := t.base[no] + 1
	if !isNext {
		if seq = readSeq(r, t.base[no]); seq == t.base[no]+1 {
			r.Fail(wire.ErrMalformed)
		}
	}
	if seq > math.MaxInt64 {
		r.Fail(wire.ErrMalformed)
	}
	t.base[no] = seq
	return &causal.Part{Space: t.chains[no].Space, Replica: t.chains[no].Replica, Seq: seq}
}

// ReadRef reads what AppendRef wrote.
func (t *frameReader) ReadRef(r *wire.Reader) causal.Ref {
	known := len(t.chains)
	no := t.readChain(r, r.Uvarint())
	if r.Err() != nil {
		return causal.Ref{}
	}
	seq := readSeq(r, t.base[no])
	if no == known {
		t.base[no] = seq
	}
	return t.chains[no].At(seq)
}

// readSeq reads a seq as the difference from base.
func readSeq(r *wire.Reader, base uint64) uint64 {
	seq := int64(base) + r.Varint() // base is at most MaxInt64; a sum beyond turns negative
	if seq <= 0 {
		r.Fail(wire.ErrMalformed)
		return 0
	}
	return uint64(seq)
}

// readChain returns the index of chain number no, which is read if it is new.
func (t *frameReader) readChain(r *wire.Reader, no uint64) int {
	if no < uint64(len(t.chains)) {
		return int(no)
	}
	space := readNew(r, no == uint64(len(t.chains)), &t.spaces, readID[causal.SpaceID])
	replica := readNew(r, true, &t.replicas, readID[causal.ReplicaID])
	c := causal.Chain{Space: space, Replica: replica}
	if _, isKnown := t.known[c]; isKnown {
		r.Fail(wire.ErrMalformed)
	}
	if r.Err() != nil {
		return 0
	}
	if t.known == nil {
		t.known = map[causal.Chain]struct{}{}
	}
	t.known[c] = struct{}{}
	t.chains, t.base = append(t.chains, c), append(t.base, 0)
	return len(t.chains) - 1
}

// ReadName reads what AppendName wrote.
func (t *frameReader) ReadName(r *wire.Reader) string {
	return readNew(r, true, &t.names, func(r *wire.Reader) string { return r.String(causal.NameMax) })
}

// readNew reads a number into known, and what it stands for if it is new.
func readNew[T any](r *wire.Reader, isValid bool, known *[]T, read func(*wire.Reader) T) (thing T) {
	no := r.Uvarint()
	switch {
	case !isValid, no > uint64(len(*known)):
		r.Fail(wire.ErrMalformed)
	case no < uint64(len(*known)):
		return (*known)[no]
	}
	if thing = read(r); r.Err() == nil {
		*known = append(*known, thing)
	}
	return thing
}

func readID[T ~[16]byte](r *wire.Reader) (id T) {
	copy(id[:], r.Raw(len(id)))
	return id
}
