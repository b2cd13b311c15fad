package repair

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Bounds of the pages of a checkpoint.
const (
	bucketsMax = 1024    // buckets asked for at a time
	needsMax   = 1 << 20 // references of a checkpoint
	leafMin    = 16 + 1 + 1 + 32
	needMin    = 16 + 16 + 1
	keyedMin   = 16 + 1 + 32 + 32 + 1
)

// Take asks for a page of a checkpoint.
type Take struct {
	Space   causal.SpaceID
	Turn    uint64 // the asker's, for the answer to name
	Marker  uint64 // of the checkpoint; another is answered with SectionSigned
	Section Section
	At      uint64 // where the page begins; of buckets: in the first of them
	Size    int    // about how many bytes the answer may have
	Buckets []causal.BucketName
}

// Taken answers a Take.
type Taken struct {
	Space   causal.SpaceID
	Turn    uint64
	Marker  uint64
	Section Section
	At      uint64
	Next    uint64 // where the next page begins; 0 if there is none
	Body    []byte // none: nothing is to be had
}

// AppendTo appends the message's bytes.
func (m Take) AppendTo(b []byte) []byte {
	b = append(begin(b, tagTake, m.Turn), m.Space[:]...)
	b = append(wire.AppendUvarint(b, m.Marker), byte(m.Section))
	b = wire.AppendUvarint(wire.AppendUvarint(b, m.At), uint64(m.Size))
	b = wire.AppendUvarint(b, uint64(len(m.Buckets)))
	for _, n := range m.Buckets {
		b = wire.AppendUvarint(append(b, n.Replica[:]...), n.Number)
	}
	return b
}

func readTake(r *wire.Reader, turn uint64) Take {
	m := Take{Turn: turn, Space: id[causal.SpaceID](r), Marker: r.Uvarint(), Section: readSection(r), At: r.Uvarint()}
	size := r.Uvarint()
	if size > wire.FrameMax {
		r.Fail(wire.ErrLimit)
	}
	m.Size = int(size)
	for range r.Count(bucketsMax, 17) {
		m.Buckets = append(m.Buckets, causal.BucketName{Replica: id[causal.ReplicaID](r), Number: r.Uvarint()})
	}
	return m
}

// AppendTo appends the message's bytes.
func (m Taken) AppendTo(b []byte) []byte {
	b = append(begin(b, tagTaken, m.Turn), m.Space[:]...)
	b = append(wire.AppendUvarint(b, m.Marker), byte(m.Section))
	b = wire.AppendUvarint(wire.AppendUvarint(b, m.At), m.Next)
	return wire.AppendBytes(b, m.Body)
}

func readTaken(r *wire.Reader, turn uint64) Taken {
	m := Taken{Turn: turn, Space: id[causal.SpaceID](r), Marker: r.Uvarint(), Section: readSection(r), At: r.Uvarint(), Next: r.Uvarint()}
	m.Body = r.Bytes(partsMax)
	return m
}

func readSection(r *wire.Reader) Section {
	s := Section(r.Byte())
	if s >= sections {
		r.Fail(wire.ErrMalformed)
	}
	return s
}

// AppendTo appends the body of a SectionSigned.
func (o *Offer) AppendTo(b []byte) []byte {
	return wire.AppendString(o.Key.AppendTo(b), causal.EntryOf(&o.Record).Value)
}

// recordMax bounds a checkpoint's record.
const recordMax = 1 << 10

func readOffer(r *wire.Reader, space causal.SpaceID) Offer {
	o := Offer{Space: space, Key: causal.ReadKey(r)}
	entry := causal.EntryOf(&o.Record)
	entry.Value = r.String(recordMax)
	rec, err := causal.RecordOf(&entry)
	if record, ok := rec.(*causal.Checkpoint); ok && err == nil {
		o.Record = *record
	} else {
		r.Fail(wire.ErrMalformed)
	}
	return o
}

// AppendTo appends one item of a SectionHeads.
func (h *KeyedHead) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(append(b, h.Replica[:]...), h.Seq)
	return h.Key.AppendTo(append(b, h.Hash[:]...))
}

// readKeyedHeads reads a page of heads that follow those before. A key is the author's.
func readKeyedHeads(r *wire.Reader, before []KeyedHead) (heads []KeyedHead) {
	var last causal.ReplicaID
	if n := len(before); n > 0 {
		last = before[n-1].Replica
	}
	for r.Len() >= keyedMin && r.Err() == nil {
		var h KeyedHead
		h.Replica, h.Seq = id[causal.ReplicaID](r), r.Uvarint()
		h.Hash, h.Key = id[causal.Hash](r), causal.ReadKey(r)
		if h.Seq == 0 || h.Key.ID() != h.Replica || last.Compare(h.Replica) >= 0 {
			r.Fail(wire.ErrMalformed)
		}
		last = h.Replica
		heads = append(heads, h)
	}
	return heads
}

// AppendNeed appends one item of a SectionNeeds.
func AppendNeed(b []byte, ref causal.Ref) []byte {
	return wire.AppendUvarint(append(append(b, ref.Space[:]...), ref.Replica[:]...), ref.Seq)
}

func readNeeds(r *wire.Reader) (needs []causal.Ref) {
	for r.Len() >= needMin && r.Err() == nil {
		var ref causal.Ref
		ref.Space, ref.Replica, ref.Seq = id[causal.SpaceID](r), id[causal.ReplicaID](r), r.Uvarint()
		needs = append(needs, ref)
	}
	return needs
}

// AppendLeaf appends one item of a SectionLeaves.
func AppendLeaf(b []byte, l causal.Leaf) []byte {
	b = wire.AppendUvarint(append(b, l.Replica[:]...), l.Number)
	return append(wire.AppendUvarint(b, l.Size), l.Hash[:]...)
}

func readLeaves(r *wire.Reader) (leaves []causal.Leaf) {
	for r.Len() >= leafMin && r.Err() == nil {
		var l causal.Leaf
		l.Replica, l.Number, l.Size = id[causal.ReplicaID](r), r.Uvarint(), r.Uvarint()
		l.Hash = id[causal.Hash](r)
		leaves = append(leaves, l)
	}
	return leaves
}

// Below answers a Wants, beside the Parts: of these spaces the log does not
// reach back to what was asked for, and the checkpoint is to be taken.
type Below struct {
	Exchange uint64
	Spaces   []causal.SpaceID
}

// AppendTo appends the message's bytes.
func (m Below) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(begin(b, tagBelow, m.Exchange), uint64(len(m.Spaces)))
	for _, s := range m.Spaces {
		b = append(b, s[:]...)
	}
	return b
}

func readBelow(r *wire.Reader, exchange uint64) Below {
	m := Below{Exchange: exchange}
	for range r.Count(wantsMax, len(causal.SpaceID{})) {
		m.Spaces = append(m.Spaces, id[causal.SpaceID](r))
	}
	return m
}
