package repair

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Bounds of one message. What does not fit follows in the next one or is found
// by the next exchange.
const (
	digestsMax = 1024                     // spaces in a Digests
	spacesMax  = 1024                     // spaces in a Vectors or an Ahead
	headsMax   = 2048                     // heads in a Vectors
	aheadMax   = 8192                     // heads in an Ahead
	wantsMax   = 1024                     // wants in a Wants, forks in a Parts
	partsMax   = wire.FrameMax - 256<<10  // bytes of parts
	headMin    = 16 + 1 + 32              // bytes of a head
	spaceMin   = 16                       // bytes of a space with nothing in it
	digestSize = 16 + 32                  // bytes of a space's digest
	wantMin    = 16 + 16 + 1 + 32         // bytes of a want or of a fork
	vectorMin  = spaceMin + 16 + 1 + 1    // bytes of a vector without heads
	aheadMin   = spaceMin + 1 + 1*headMin // bytes of a space with one head
)

// The first byte of a body. Tags are only appended.
const (
	tagRoot     = 1
	tagSame     = 2
	tagDigests  = 3
	tagMore     = 4
	tagVectors  = 5
	tagAhead    = 6
	tagWants    = 7
	tagParts    = 8
	tagBranch   = 9
	tagEvidence = 10
	tagBelow    = 11
	tagTake     = 12
	tagTaken    = 13
)

// Body is a message between two repair machines. Each bears the number of its
// exchange, chosen by the side that began it.
type Body interface{ AppendTo(b []byte) []byte }

// Root begins an exchange.
type Root struct {
	Exchange uint64
	Digest   causal.Hash // over all the sender's spaces
}

// Same answers a Root: the digests are equal and the exchange is over.
type Same struct{ Exchange uint64 }

// Digests answers a Root or a More with a page of the sender's spaces: all
// from From to the last one listed or, if Last, to the end.
type Digests struct {
	Exchange uint64
	From     causal.SpaceID
	Spaces   []SpaceDigest // in order
	Last     bool          // nothing follows; a page that is not the last lists something
}

// More asks for the page of Digests that begins at From.
type More struct {
	Exchange uint64
	From     causal.SpaceID
}

// Vectors shows what the sender has of spaces that differ.
type Vectors struct {
	Exchange uint64
	Turn     uint64 // the asker's, for the answer to name
	Hurry    bool   // no push is on its way: fetch at once
	Spaces   []SpaceVector
}

// SpaceVector is a stretch of a space's vector: all authors after After up to
// the last one listed or, if Last, to the end.
type SpaceVector struct {
	Space causal.SpaceID
	After causal.ReplicaID
	Heads []Head // in the order of authors
	Last  bool
}

// Ahead answers a Vectors: the sender's heads where it is ahead or on a fork.
type Ahead struct {
	Exchange uint64
	Turn     uint64
	Spaces   []SpaceHeads
}

// SpaceHeads is heads of one space.
type SpaceHeads struct {
	Space causal.SpaceID
	Heads []Head // in the order of authors, at least one
}

// Wants asks for parts.
type Wants struct {
	Exchange uint64
	Turn     uint64 // the asker's, for the answer to name
	Size     int    // about how many bytes of parts the answer may have
	Wants    []Want
}

// Parts answers a Wants.
type Parts struct {
	Exchange uint64
	Turn     uint64
	Parts    int
	Body     []byte // as Source.Parts encoded it; empty iff Parts is 0
	Forks    []Want // wants whose After is not on the sender's chain, with the sender's own hash there
}

// Branch asks for the peer's branch of a chain of which the two have different
// hashes.
type Branch struct {
	Exchange uint64 // the asker's number of the question
	Space    causal.SpaceID
	Author   causal.ReplicaID
	Heads    []causal.Head // the asker's chain at some parts, ascending
}

// Evidence answers a Branch: where the chains part, and the sender's headers
// from before that.
type Evidence struct {
	Exchange uint64
	Space    causal.SpaceID
	Author   causal.ReplicaID
	After    uint64        // the last of the asker's heads that is common; 0 for none
	Over     uint64        // the first that is not, or where to look next
	Branch   causal.Branch // behind After, up to the first seal at Over or behind; no headers: ask again with heads from between
}

// AppendTo appends the message's bytes.
func (m Root) AppendTo(b []byte) []byte {
	return append(begin(b, tagRoot, m.Exchange), m.Digest[:]...)
}

// AppendTo appends the message's bytes.
func (m Same) AppendTo(b []byte) []byte { return begin(b, tagSame, m.Exchange) }

// AppendTo appends the message's bytes.
func (m Digests) AppendTo(b []byte) []byte {
	b = append(begin(b, tagDigests, m.Exchange), m.From[:]...)
	b = wire.AppendBool(b, m.Last)
	b = wire.AppendUvarint(b, uint64(len(m.Spaces)))
	for _, s := range m.Spaces {
		b = append(append(b, s.Space[:]...), s.Digest[:]...)
	}
	return b
}

// AppendTo appends the message's bytes.
func (m More) AppendTo(b []byte) []byte {
	return append(begin(b, tagMore, m.Exchange), m.From[:]...)
}

// AppendTo appends the message's bytes.
func (m Vectors) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(begin(b, tagVectors, m.Exchange), m.Turn)
	b = wire.AppendBool(b, m.Hurry)
	b = wire.AppendUvarint(b, uint64(len(m.Spaces)))
	for _, v := range m.Spaces {
		b = append(append(b, v.Space[:]...), v.After[:]...)
		b = appendHeads(wire.AppendBool(b, v.Last), v.Heads)
	}
	return b
}

// AppendTo appends the message's bytes.
func (m Ahead) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(begin(b, tagAhead, m.Exchange), m.Turn)
	b = wire.AppendUvarint(b, uint64(len(m.Spaces)))
	for _, s := range m.Spaces {
		b = appendHeads(append(b, s.Space[:]...), s.Heads)
	}
	return b
}

// AppendTo appends the message's bytes.
func (m Wants) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(begin(b, tagWants, m.Exchange), m.Turn)
	return appendWants(wire.AppendUvarint(b, uint64(m.Size)), m.Wants)
}

// AppendTo appends the message's bytes.
func (m Parts) AppendTo(b []byte) []byte {
	b = wire.AppendUvarint(begin(b, tagParts, m.Exchange), m.Turn)
	b = appendWants(b, m.Forks)
	b = wire.AppendUvarint(b, uint64(m.Parts))
	return wire.AppendBytes(b, m.Body)
}

// AppendTo appends the message's bytes.
func (m Branch) AppendTo(b []byte) []byte {
	b = append(append(begin(b, tagBranch, m.Exchange), m.Space[:]...), m.Author[:]...)
	b = wire.AppendUvarint(b, uint64(len(m.Heads)))
	for _, h := range m.Heads {
		b = append(wire.AppendUvarint(b, h.Seq), h.Hash[:]...)
	}
	return b
}

// AppendTo appends the message's bytes.
func (m Evidence) AppendTo(b []byte) []byte {
	b = append(append(begin(b, tagEvidence, m.Exchange), m.Space[:]...), m.Author[:]...)
	b = wire.AppendUvarint(wire.AppendUvarint(b, m.After), m.Over)
	return m.Branch.AppendTo(b)
}

func begin(b []byte, tag byte, exchange uint64) []byte {
	return wire.AppendUint64(append(b, tag), exchange)
}

func appendHeads(b []byte, heads []Head) []byte {
	b = wire.AppendUvarint(b, uint64(len(heads)))
	for _, h := range heads {
		b = append(b, h.Author[:]...)
		b = append(wire.AppendUvarint(b, h.Seq), h.Hash[:]...)
	}
	return b
}

func appendWants(b []byte, wants []Want) []byte {
	b = wire.AppendUvarint(b, uint64(len(wants)))
	for _, w := range wants {
		b = append(append(b, w.Space[:]...), w.Author[:]...)
		b = append(wire.AppendUvarint(b, w.After.Seq), w.After.Hash[:]...)
	}
	return b
}

// Decode reads a body. Parts alias it. Its errors are those of wire.Reader.
func Decode(body []byte) (Body, error) {
	r := wire.NewReader(body)
	tag, exchange := r.Byte(), r.Uint64()
	var m Body
	switch tag {
	case tagRoot:
		m = Root{exchange, id[causal.Hash](r)}
	case tagSame:
		m = Same{exchange}
	case tagDigests:
		m = readDigests(r, exchange)
	case tagMore:
		m = More{exchange, id[causal.SpaceID](r)}
	case tagVectors:
		m = readVectors(r, exchange)
	case tagAhead:
		m = readAhead(r, exchange)
	case tagWants:
		m = Wants{exchange, r.Uvarint(), readSize(r), readWants(r)}
	case tagParts:
		m = readParts(r, exchange)
	case tagBranch:
		m = readBranch(r, exchange)
	case tagEvidence:
		m = readEvidence(r, exchange)
	case tagBelow:
		m = readBelow(r, exchange)
	case tagTake:
		m = readTake(r, exchange)
	case tagTaken:
		m = readTaken(r, exchange)
	default:
		r.Fail(wire.ErrMalformed)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return m, nil
}

func readDigests(r *wire.Reader, exchange uint64) Digests {
	m := Digests{Exchange: exchange, From: id[causal.SpaceID](r), Last: r.Bool()}
	for range r.Count(digestsMax, digestSize) {
		s := SpaceDigest{id[causal.SpaceID](r), id[causal.Hash](r)}
		if n := len(m.Spaces); s.Space.Compare(m.From) < 0 || n > 0 && s.Space.Compare(m.Spaces[n-1].Space) <= 0 {
			r.Fail(wire.ErrMalformed)
		}
		m.Spaces = append(m.Spaces, s)
	}
	if !m.Last && len(m.Spaces) == 0 {
		r.Fail(wire.ErrMalformed)
	}
	return m
}

func readVectors(r *wire.Reader, exchange uint64) Vectors {
	m := Vectors{Exchange: exchange, Turn: r.Uvarint(), Hurry: r.Bool()}
	room := headsMax
	for range r.Count(spacesMax, vectorMin) {
		v := SpaceVector{Space: id[causal.SpaceID](r), After: id[causal.ReplicaID](r), Last: r.Bool()}
		v.Heads = readHeads(r, room)
		if len(v.Heads) > 0 && v.Heads[0].Author.Compare(v.After) <= 0 || len(v.Heads) == 0 && !v.Last {
			r.Fail(wire.ErrMalformed)
		}
		room -= len(v.Heads)
		m.Spaces = append(m.Spaces, v)
	}
	return m
}

func readAhead(r *wire.Reader, exchange uint64) Ahead {
	m := Ahead{Exchange: exchange, Turn: r.Uvarint()}
	room := aheadMax
	for range r.Count(spacesMax, aheadMin) {
		s := SpaceHeads{id[causal.SpaceID](r), readHeads(r, room)}
		if len(s.Heads) == 0 {
			r.Fail(wire.ErrMalformed)
		}
		room -= len(s.Heads)
		m.Spaces = append(m.Spaces, s)
	}
	return m
}

func readHeads(r *wire.Reader, countMax int) []Head {
	var heads []Head
	for range r.Count(countMax, headMin) {
		h := Head{id[causal.ReplicaID](r), causal.Head{Seq: r.Uvarint(), Hash: id[causal.Hash](r)}}
		if n := len(heads); h.Seq == 0 || n > 0 && h.Author.Compare(heads[n-1].Author) <= 0 {
			r.Fail(wire.ErrMalformed)
		}
		heads = append(heads, h)
	}
	return heads
}

func readWants(r *wire.Reader) []Want {
	var wants []Want
	for range r.Count(wantsMax, wantMin) {
		wants = append(wants, Want{
			Space:  id[causal.SpaceID](r),
			Author: id[causal.ReplicaID](r),
			After:  causal.Head{Seq: r.Uvarint(), Hash: id[causal.Hash](r)},
		})
	}
	return wants
}

// readSize reads how many bytes of parts are asked for; more than a frame holds
// is as good as that.
func readSize(r *wire.Reader) int { return int(min(r.Uvarint(), wire.FrameMax)) }

func readParts(r *wire.Reader, exchange uint64) Parts {
	m := Parts{Exchange: exchange, Turn: r.Uvarint(), Forks: readWants(r)}
	parts := r.Uvarint()
	m.Body = r.Bytes(partsMax)
	if parts > uint64(len(m.Body)) || (parts == 0) != (len(m.Body) == 0) {
		r.Fail(wire.ErrMalformed)
	}
	m.Parts = int(parts)
	return m
}

func readBranch(r *wire.Reader, exchange uint64) Branch {
	m := Branch{Exchange: exchange, Space: id[causal.SpaceID](r), Author: id[causal.ReplicaID](r)}
	for range r.Count(hashesMax, 1+32) {
		h := causal.Head{Seq: r.Uvarint(), Hash: id[causal.Hash](r)}
		if n := len(m.Heads); h.Seq == 0 || n > 0 && h.Seq <= m.Heads[n-1].Seq {
			r.Fail(wire.ErrMalformed)
		}
		m.Heads = append(m.Heads, h)
	}
	return m
}

func readEvidence(r *wire.Reader, exchange uint64) Evidence {
	m := Evidence{Exchange: exchange, Space: id[causal.SpaceID](r), Author: id[causal.ReplicaID](r)}
	m.After, m.Over = r.Uvarint(), r.Uvarint()
	if m.Branch = causal.ReadBranch(r); m.After >= m.Over {
		r.Fail(wire.ErrMalformed)
	}
	return m
}

// id reads a fixed number of bytes: an id or a hash.
func id[T causal.SpaceID | causal.ReplicaID | causal.Hash](r *wire.Reader) (v T) {
	switch p := any(&v).(type) {
	case *causal.SpaceID:
		copy(p[:], r.Raw(len(p)))
	case *causal.ReplicaID:
		copy(p[:], r.Raw(len(p)))
	case *causal.Hash:
		copy(p[:], r.Raw(len(p)))
	}
	return v
}
