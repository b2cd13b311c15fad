package causal

import (
	"github.com/martinelli-lang/martinelli/wire"
)

// The bytes of a part, without its own name: a frame and the log place that
// each in its own way. docs/wire/part.md draws them.
//
//	flags     byte     which of the following there are
//	stamp              unless flagTick: then it is one more than the last
//	seen      refs     if flagSeen
//	siblings  refs     if flagSiblings
//	grants    refs     if flagGrants
//	entries   count    unless flagEntry: then there is one
//	          each     name, key, value; no name if flagSame: then it is the last
//	removed   count    if flagRemoved, unless flagRemovedOne: then there is one
//	          each     ref within the part's space, offset uvarint
//
// refs are a count and that many references, ascending and none twice. How a
// stamp, a reference and a database's name are written is up to the Tables.
// Keys and values are written as appendPacked has it.

// Tables number the ids that an encoding repeats.
type Tables interface {
	// Last returns the stamp and the database that were written last, which a
	// part need not repeat. They are zero before the first part, and always
	// where each part must be readable alone.
	Last() (Stamp, string)
	AppendStamp(b []byte, s Stamp) []byte
	AppendRef(b []byte, ref Ref) []byte
	AppendName(b []byte, name string) []byte
}

// TablesReader reads what Tables wrote. What it can't read it makes an error of r.
type TablesReader interface {
	Last() (Stamp, string)
	ReadStamp(r *wire.Reader) Stamp
	ReadRef(r *wire.Reader) Ref
	ReadName(r *wire.Reader) string
}

const (
	flagSeen = 1 << iota
	flagSiblings
	flagGrants
	flagEntry
	flagRemoved
	flagRemovedOne
	flagSame
	flagTick
)

// Bounds of a part that a decoder accepts. The bytes at hand bound it further.
const (
	NameMax     = 1 << 10 // bytes of a database's name
	ValueMax    = 1 << 20 // bytes of a key or a value
	RefsMax     = 1 << 14 // references in one list
	EntriesMax  = 1 << 17 // entries, and as many removals
	refSizeMin  = 2
	itemSizeMin = 3
)

// AppendTo appends the part's bytes.
func (p *Part) AppendTo(b []byte, t Tables) []byte {
	flags := p.flags(t.Last())
	b = append(b, flags)
	if flags&flagTick == 0 {
		b = t.AppendStamp(b, p.Stamp)
	}
	for i, refs := range [...][]Ref{p.Seen, p.Siblings, p.Grants} {
		if flags&(flagSeen<<i) != 0 {
			b = wire.AppendUvarint(b, uint64(len(refs)))
			for _, ref := range refs {
				b = t.AppendRef(b, ref)
			}
		}
	}
	if flags&flagEntry == 0 {
		b = wire.AppendUvarint(b, uint64(len(p.Entries)))
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		if flags&flagSame == 0 {
			b = t.AppendName(b, e.Database)
		}
		b = appendPacked(b, e.Key)
		b = appendPacked(b, e.Value)
	}
	if flags&(flagRemoved|flagRemovedOne) == flagRemoved {
		b = wire.AppendUvarint(b, uint64(len(p.Removed)))
	}
	for _, id := range p.Removed {
		b = t.AppendRef(b, Ref{p.Space, id.Dot})
		b = wire.AppendUvarint(b, uint64(id.Offset))
	}
	return b
}

func (p *Part) flags(last Stamp, database string) (flags byte) {
	if p.Stamp == last+1 {
		flags |= flagTick
	}
	if p.isAllOf(database) {
		flags |= flagSame
	}
	for i, n := range [...]int{len(p.Seen), len(p.Siblings), len(p.Grants)} {
		if n > 0 {
			flags |= flagSeen << i
		}
	}
	if len(p.Entries) == 1 {
		flags |= flagEntry
	}
	switch len(p.Removed) {
	case 0:
	case 1:
		flags |= flagRemoved | flagRemovedOne
	default:
		flags |= flagRemoved
	}
	return flags
}

// isAllOf reports whether there are entries, all of them of one database.
func (p *Part) isAllOf(database string) bool {
	for i := range p.Entries {
		if p.Entries[i].Database != database {
			return false
		}
	}
	return len(p.Entries) > 0
}

// Decode reads what AppendTo wrote into p, whose name is set already. Errors
// stick to r.
func (p *Part) Decode(r *wire.Reader, t TablesReader) {
	flags := r.Byte()
	if flags&(flagRemoved|flagRemovedOne) == flagRemovedOne {
		r.Fail(wire.ErrMalformed)
	}
	last, database := t.Last()
	if p.Stamp = last + 1; flags&flagTick == 0 {
		p.Stamp = t.ReadStamp(r)
	}
	for i, refs := range [...]*[]Ref{&p.Seen, &p.Siblings, &p.Grants} {
		if flags&(flagSeen<<i) != 0 {
			*refs = readRefs(r, t)
		}
	}
	p.readEntries(r, flags&flagEntry != 0, func() string {
		if flags&flagSame != 0 {
			return database
		}
		return t.ReadName(r)
	})
	if flags&flagRemoved != 0 {
		p.readRemoved(r, t, flags&flagRemovedOne != 0)
	}
}

// readCount reads a count that has a shorter form for one item, so it must not be one.
func readCount(r *wire.Reader, isOne bool) int {
	if isOne {
		return 1
	}
	n := r.Count(EntriesMax, itemSizeMin)
	if n == 1 {
		r.Fail(wire.ErrMalformed)
	}
	return n
}

func (p *Part) readEntries(r *wire.Reader, isOne bool, name func() string) {
	n := readCount(r, isOne)
	if n == 0 || r.Err() != nil {
		return
	}
	p.Entries = make([]Entry, n)
	for i := range p.Entries {
		p.Entries[i] = Entry{name(), readPacked(r), readPacked(r)}
	}
}

func (p *Part) readRemoved(r *wire.Reader, t TablesReader, isOne bool) {
	n := readCount(r, isOne)
	if n == 0 {
		r.Fail(wire.ErrMalformed)
	}
	if r.Err() != nil {
		return
	}
	p.Removed = make([]EntryID, n)
	for i := range p.Removed {
		ref, offset := t.ReadRef(r), r.Uvarint()
		if ref.Space != p.Space || offset >= EntriesMax {
			r.Fail(wire.ErrMalformed)
		}
		p.Removed[i] = EntryID{ref.Dot, uint32(offset)}
	}
}

// readRefs reads references, at least one.
func readRefs(r *wire.Reader, t TablesReader) []Ref {
	n := r.Count(RefsMax, refSizeMin)
	if n == 0 {
		r.Fail(wire.ErrMalformed)
	}
	if r.Err() != nil {
		return nil
	}
	refs := make([]Ref, n)
	for i := range refs {
		refs[i] = t.ReadRef(r)
		if i > 0 && refs[i-1].Compare(refs[i]) >= 0 {
			r.Fail(wire.ErrMalformed)
		}
	}
	return refs
}

// BodySize returns how many bytes entries and removals of a part take at most,
// whatever the tables.
func BodySize(entries []Entry, removed []EntryID) int {
	const idMax = 16 + 16 + 10 + 10 + 5 // two ids, two numbers, an offset
	size := 16 + len(removed)*idMax
	for i := range entries {
		e := &entries[i]
		size += 16 + len(e.Database) + len(e.Key) + len(e.Value)
	}
	return size
}
