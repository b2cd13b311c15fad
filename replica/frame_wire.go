package replica

import (
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// FramePartsMax bounds the parts of a frame, and with them what a frame
// unfolds to in memory.
const FramePartsMax = 1 << 16

// Frame packs parcels for the wire. Ids stand in it once, where they are first
// needed, and are numbers from then on; seqs and stamps are differences. So a
// part that adds one entry and removes another costs about nine bytes beyond
// its key and value. docs/wire/part.md draws the bytes.
//
// The zero value is an empty frame.
type Frame struct {
	buf    []byte
	parts  int
	tables frameTables
}

// AppendFrame appends all parcels as one frame. More than FramePartsMax parts
// are a bug of the caller.
func AppendFrame(b []byte, parcels []causal.Parcel) []byte {
	f := Frame{buf: b}
	for i := range parcels {
		f.Append(&parcels[i])
	}
	return f.buf
}

// Append adds a parcel. It panics if the frame has more than FramePartsMax
// parts then, or if the parcel has none or more than causal.ParcelPartsMax.
func (f *Frame) Append(parcel *causal.Parcel) {
	n := len(parcel.Parts)
	if f.parts += n; f.parts > FramePartsMax || n == 0 || n > causal.ParcelPartsMax {
		panic("replica: a parcel has parts, at most ParcelPartsMax, and a frame at most FramePartsMax")
	}
	b, no := f.tables.appendChainNo(f.buf, parcel.Chain())
	b = wire.AppendVarint(b, int64(parcel.First()-f.tables.base[no]))
	b = wire.AppendUvarint(b, uint64(len(parcel.Parts))<<1|flag(parcel.Key != nil))
	if parcel.Key != nil {
		b = parcel.Key.AppendTo(b)
	}
	for _, p := range parcel.Parts {
		f.tables.base[no] = p.Seq
		b = p.AppendTo(b, &f.tables)
		f.tables.stamp = p.Stamp
	}
	f.buf = append(b, parcel.Seal.Signature[:]...)
}

func flag(isSet bool) uint64 {
	if isSet {
		return 1
	}
	return 0
}

// Parts returns how many parts the frame has.
func (f *Frame) Parts() int { return f.parts }

// Size returns the bytes of the frame so far.
func (f *Frame) Size() int { return len(f.buf) }

// Bytes returns the frame. It is invalid after the next Append.
func (f *Frame) Bytes() []byte { return f.buf }

// DecodeFrame reads a frame. Bytes it does not know the meaning of are an
// error, and then none of the frame's parcels is returned: a part that can't be
// read whole must not count as seen. A key that is not the author's, or lacks
// where a chain begins, is an error too; whether the seals are good is for
// others to find out.
func DecodeFrame(b []byte) ([]causal.Parcel, error) {
	r := wire.NewReader(b)
	f := frameDecoder{}
	var parcels []causal.Parcel
	for r.Len() > 0 && r.Err() == nil {
		parcels = append(parcels, f.parcel(r))
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return parcels, nil
}

// partSizeMin is the least that a part takes in a frame: flags, count.
const partSizeMin = 2

type frameDecoder struct {
	tables frameReader
	parts  int
}

func (f *frameDecoder) parcel(r *wire.Reader) (parcel causal.Parcel) {
	t := &f.tables
	no := t.readChain(r, r.Uvarint())
	if r.Err() != nil {
		return parcel
	}
	seq := readSeq(r, t.base[no])
	control := r.Uvarint()
	count := control >> 1
	if count == 0 || count > uint64(r.Len()/partSizeMin) || count > math.MaxInt64-seq {
		r.Fail(wire.ErrMalformed)
	}
	if count > min(causal.ParcelPartsMax, uint64(FramePartsMax-f.parts)) {
		r.Fail(wire.ErrLimit)
	}
	parcel.Key = f.key(r, control&1 == 1, t.chains[no].Replica, seq)
	if r.Err() != nil {
		return parcel
	}
	f.parts += int(count)
	parcel.Parts = make([]*causal.Part, count)
	for i := range parcel.Parts {
		parcel.Parts[i] = f.part(r, no, seq+uint64(i))
	}
	parcel.Seal = causal.Seal{Seq: seq + count - 1, Signature: causal.ReadSignature(r)}
	return parcel
}

// key reads the author's key, which must stand where a chain begins.
func (f *frameDecoder) key(r *wire.Reader, isThere bool, author causal.ReplicaID, seq uint64) *causal.Key {
	if !isThere {
		if seq == 1 {
			r.Fail(wire.ErrMalformed)
		}
		return nil
	}
	key := causal.ReadKey(r)
	if key.ID() != author {
		r.Fail(wire.ErrMalformed)
	}
	return &key
}

func (f *frameDecoder) part(r *wire.Reader, no int, seq uint64) *causal.Part {
	t := &f.tables
	t.base[no] = seq
	p := &causal.Part{Space: t.chains[no].Space, Replica: t.chains[no].Replica, Seq: seq}
	p.Decode(r, t)
	t.stamp = p.Stamp
	return p
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
	base     []uint64     // by chain: the seq of its last part, or of its first mention
	stamp    causal.Stamp // of the part before
}

// Last returns the stamp of the part before, and the database named last.
func (t *frameTables) Last() (causal.Stamp, string) { return t.stamp, t.names.last }

// AppendStamp appends a stamp as the difference from the one before.
func (t *frameTables) AppendStamp(b []byte, s causal.Stamp) []byte {
	return wire.AppendVarint(b, int64(s-t.stamp))
}

// appendChainNo appends the number of a chain, and the chain if it is new.
func (t *frameTables) appendChainNo(b []byte, c causal.Chain) ([]byte, int) {
	no, isFresh := t.chain(c)
	b = wire.AppendUvarint(b, uint64(no))
	if isFresh {
		b = t.appendChain(b, c)
	}
	return b, no
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
	stamp    causal.Stamp
	last     string // the database named last
}

func (t *frameReader) Last() (causal.Stamp, string) { return t.stamp, t.last }

// ReadStamp reads what AppendStamp wrote.
func (t *frameReader) ReadStamp(r *wire.Reader) causal.Stamp {
	return t.stamp + causal.Stamp(r.Varint())
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
	t.last = readNew(r, true, &t.names, func(r *wire.Reader) string { return r.String(causal.NameMax) })
	return t.last
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
