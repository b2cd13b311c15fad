package node

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/wire"
)

// KindPull is the frames with which copies are pulled: an asking, and a page.
const KindPull = wire.KindPull

// Bounds of these frames.
const (
	pullAsksMax  = 1 << 10               // what one pull asks for
	keyMax       = 64 << 10              // bytes of a key
	itemMax      = 128 << 10             // bytes of one entry's value
	copyPageMax  = 256 << 10             // bytes of entries after which a page ends
	copyPagesMax = 256                   // of one pull: what is larger is refused
	itemMin      = 16 + 7                // bytes that an entry takes at least
	copyItemsMax = copyPageMax / itemMin // so a page has no more entries, and one
)

// asking names what is pulled: a database, or with flow.ViewMark a view, and
// the beginning of a key.
type asking struct{ Name, Key string }

// pulling asks the home for a page of what it holds.
type pulling struct {
	ID     uint64 // the asker's number of the pull, the same for all its pages
	Page   uint64 // 0: the first, of the home as it is when it is asked
	Digest []byte // page 0: of what the asker has, or nothing; otherwise of what it is reading
	Asks   []asking
}

// page is a part of what was asked for, or says why there is none.
type page struct {
	ID      uint64
	Abort   string // why there is none; "" otherwise
	Detail  string
	Same    bool   // what was asked for is what the asker has
	Digest  []byte // of all pages: what was refused, and the entries
	Page    uint64
	Pages   uint64 // how many there are
	Refused []refusal
	Entries []flow.Change
}

// refusal says that what was asked for is not given, and why.
type refusal struct{ Name, Why string }

const (
	pullAsks uint8 = iota
	pullGives
)

func (q *pulling) appendTo(b []byte) []byte {
	b = append(b, pullAsks)
	b = wire.AppendUvarint(b, q.ID)
	b = wire.AppendUvarint(b, q.Page)
	b = wire.AppendBytes(b, q.Digest)
	b = wire.AppendUvarint(b, uint64(len(q.Asks)))
	for _, a := range q.Asks {
		b = wire.AppendString(wire.AppendString(b, a.Name), a.Key)
	}
	return b
}

func decodePulling(body []byte) (pulling, error) {
	r := wire.NewReader(body)
	if r.Byte() != pullAsks {
		r.Fail(wire.ErrMalformed)
	}
	q := pulling{ID: r.Uvarint(), Page: r.Uvarint(), Digest: r.Bytes(digestMax)}
	for range r.Count(pullAsksMax, 2) {
		q.Asks = append(q.Asks, asking{r.String(nameMax), r.String(keyMax)})
	}
	return q, r.Done()
}

const digestMax = 32

func (p *page) appendTo(b []byte) []byte {
	b = append(b, pullGives)
	b = wire.AppendUvarint(b, p.ID)
	b = wire.AppendString(b, p.Abort)
	b = wire.AppendString(b, p.Detail)
	b = wire.AppendBool(b, p.Same)
	b = wire.AppendBytes(b, p.Digest)
	b = wire.AppendUvarint(b, p.Page)
	b = wire.AppendUvarint(b, p.Pages)
	b = appendRefusals(b, p.Refused)
	b = wire.AppendUvarint(b, uint64(len(p.Entries)))
	for i := range p.Entries {
		b = appendEntry(b, &p.Entries[i])
	}
	return b
}

func appendRefusals(b []byte, refused []refusal) []byte {
	b = wire.AppendUvarint(b, uint64(len(refused)))
	for _, r := range refused {
		b = wire.AppendString(wire.AppendString(b, r.Name), r.Why)
	}
	return b
}

// appendEntry appends an entry: where it is, its id and stamp, its place
// inside the key, and its bytes.
func appendEntry(b []byte, ch *flow.Change) []byte {
	it := &ch.Item
	b = wire.AppendString(b, ch.Database)
	b = wire.AppendString(b, ch.Key)
	b = append(b, it.ID.Replica[:]...)
	b = wire.AppendUvarint(b, it.ID.Seq)
	b = wire.AppendUvarint(b, uint64(it.ID.Offset))
	b = wire.AppendUvarint(b, uint64(it.Stamp))
	b = wire.AppendString(b, it.Path)
	return wire.AppendString(b, it.Value)
}

func decodePage(body []byte) (page, error) {
	r := wire.NewReader(body)
	if r.Byte() != pullGives {
		r.Fail(wire.ErrMalformed)
	}
	p := page{ID: r.Uvarint(), Abort: r.String(nameMax), Detail: r.String(detailMax), Same: r.Bool(), Digest: r.Bytes(digestMax)}
	p.Page, p.Pages = r.Uvarint(), r.Uvarint()
	for range r.Count(pullAsksMax, 2) {
		p.Refused = append(p.Refused, refusal{r.String(nameMax), r.String(detailMax)})
	}
	n := r.Count(copyItemsMax+1, itemMin)
	if n > 0 && r.Err() == nil {
		p.Entries = make([]flow.Change, 0, n)
	}
	for range n {
		p.Entries = append(p.Entries, readEntry(r))
		if r.Err() != nil {
			break
		}
	}
	if p.Pages > copyPagesMax || p.Page > 0 && p.Page >= p.Pages {
		r.Fail(wire.ErrMalformed)
	}
	return p, r.Done()
}

func readEntry(r *wire.Reader) flow.Change {
	ch := flow.Change{Database: r.String(nameMax), Key: r.String(keyMax)}
	var it crdt.Item
	it.ID.Replica = causal.ReadReplicaID(r)
	it.ID.Seq = r.Uvarint()
	offset := r.Uvarint()
	if it.ID.Offset = uint32(offset); uint64(it.ID.Offset) != offset {
		r.Fail(wire.ErrMalformed)
	}
	it.Stamp = causal.Stamp(r.Uvarint())
	it.Path, it.Value = r.String(keyMax), r.String(itemMax)
	ch.Item = it
	return ch
}
