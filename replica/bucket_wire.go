package replica

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/wire"
)

// AppendBucket appends the binary form of a bucket, whose entries are in the
// order of their ids. Equal entries have equal bytes. Seqs and stamps are
// differences; a database's name stands where it is first needed and is a
// number from then on.
func AppendBucket(b []byte, name causal.BucketName, entries []crdt.Live) []byte {
	seq := name.First()
	var stamp causal.Stamp
	var names numbers[string]
	for i := range entries {
		e := &entries[i]
		b = wire.AppendUvarint(b, e.ID.Seq-seq)
		b = wire.AppendUvarint(b, uint64(e.ID.Offset))
		b = wire.AppendVarint(b, int64(e.Stamp-stamp))
		no, isFresh := names.of(e.Database)
		b = wire.AppendUvarint(b, uint64(no))
		if isFresh {
			b = wire.AppendString(b, e.Database)
		}
		b = wire.AppendString(b, e.Key)
		b = wire.AppendString(b, e.Value)
		seq, stamp = e.ID.Seq, e.Stamp
	}
	return b
}

// DecodeBucket reads what AppendBucket wrote. Entries that are not in order, or
// not of the bucket, are an error.
func DecodeBucket(name causal.BucketName, body []byte) ([]crdt.Live, error) {
	r := wire.NewReader(body)
	seq, stamp := name.First(), causal.Stamp(0)
	end := seq + causal.BucketParts
	var names []string
	var entries []crdt.Live
	for r.Len() > 0 && r.Err() == nil {
		var e crdt.Live
		ahead, offset := r.Uvarint(), r.Uvarint()
		if ahead >= end-seq || offset >= 1<<32 {
			r.Fail(wire.ErrMalformed)
			break
		}
		seq += ahead
		stamp += causal.Stamp(r.Varint())
		e.ID = causal.EntryID{Dot: causal.Dot{Replica: name.Replica, Seq: seq}, Offset: uint32(offset)}
		e.Stamp = stamp
		e.Database = readNew(r, true, &names, func(r *wire.Reader) string { return r.String(causal.NameMax) })
		e.Key, e.Value = r.String(causal.ValueMax), r.String(causal.ValueMax)
		if n := len(entries); n > 0 && entries[n-1].ID.Compare(e.ID) >= 0 {
			r.Fail(wire.ErrMalformed)
		}
		entries = append(entries, e)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return entries, nil
}
