package causal

import (
	"github.com/martinelli-lang/martinelli/wire"
)

// A record is an entry whose key is its kind and whose value is its fields, in
// their order. Ids are whole: the entry is opaque to the tables of a frame.
// docs/wire/control.md draws them.

// Bounds of a record that a decoder accepts.
const (
	userMax   = 256
	scopesMax = 1 << 10
	branchMax = 1 << 12 // headers of a branch
)

// AppendCheckpointStatement appends what the signature of a checkpoint is over.
func AppendCheckpointStatement(b []byte, space SpaceID, steward ReplicaID, c *Checkpoint) []byte {
	b = append(b, "martinelli"...)
	b = append(b, tagCheckpoint)
	b = append(append(b, space[:]...), steward[:]...)
	b = wire.AppendUint64(b, c.Marker)
	b = append(append(b, c.Vector[:]...), c.Entries[:]...)
	return append(b, c.Needs[:]...)
}

// tagCheckpoint keeps a checkpoint's statement apart from a seal's.
const tagCheckpoint = 0x04

// EntryOf returns the entry of a record.
func EntryOf(rec Record) Entry {
	e := Entry{Database: ControlDatabase, Key: string([]byte{byte(rec.kind())})}
	var b []byte
	switch rec := rec.(type) {
	case *Registration:
		b = append(b, rec.Replica[:]...)
		b = wire.AppendString(b, rec.User)
		b = wire.AppendString(b, rec.Role)
	case *Grant:
		b = append(b, rec.To[:]...)
		b = wire.AppendString(b, rec.User)
		b = wire.AppendUvarint(b, uint64(len(rec.Scopes)))
		for _, s := range rec.Scopes {
			b = wire.AppendString(b, s.Database)
			b = wire.AppendString(b, s.Prefix)
		}
	case *Cut:
		b = append(b, rec.Replica[:]...)
		b = append(append(b, rec.Grant.Space[:]...), rec.Grant.Replica[:]...)
		b = wire.AppendUvarint(b, rec.Grant.Seq)
		b = wire.AppendUvarint(b, rec.After)
	case *Final:
		b = wire.AppendUvarint(b, rec.Marker)
	case *Checkpoint:
		b = wire.AppendUvarint(b, rec.Marker)
		b = append(append(append(b, rec.Vector[:]...), rec.Entries[:]...), rec.Needs[:]...)
		b = append(b, rec.Signature[:]...)
	case *Retire:
		b = append(b, rec.Replica[:]...)
		b = appendHead(b, rec.Head)
	case *Proof:
		b = rec.Key.AppendTo(b)
		b = appendHead(b, rec.Before)
		for i := range rec.Branches {
			b = appendBranch(b, &rec.Branches[i])
		}
	}
	e.Value = string(b)
	return e
}

// RecordOf reads the record of an entry. An entry that is none, or of a kind
// that this version does not know, is an error; such an entry governs nothing.
func RecordOf(e *Entry) (Record, error) {
	if e.Database != ControlDatabase || len(e.Key) != 1 {
		return nil, wire.ErrMalformed
	}
	r := wire.NewReader([]byte(e.Value))
	rec := readRecord(r, recordKind(e.Key[0]))
	if rec == nil {
		return nil, wire.ErrMalformed
	}
	return rec, r.Done()
}

func readRecord(r *wire.Reader, kind recordKind) Record {
	switch kind {
	case recordRegistration:
		return &Registration{Replica: ReadReplicaID(r), User: r.String(userMax), Role: r.String(userMax)}
	case recordGrant:
		return readGrant(r)
	case recordCut:
		rec := &Cut{Replica: ReadReplicaID(r)}
		copy(rec.Grant.Space[:], r.Raw(len(rec.Grant.Space)))
		rec.Grant.Replica = ReadReplicaID(r)
		rec.Grant.Seq, rec.After = r.Uvarint(), r.Uvarint()
		return rec
	case recordFinal:
		return &Final{Marker: r.Uvarint()}
	case recordCheckpoint:
		rec := &Checkpoint{Marker: r.Uvarint()}
		rec.Vector, rec.Entries, rec.Needs = readHash(r), readHash(r), readHash(r)
		rec.Signature = ReadSignature(r)
		return rec
	case recordRetire:
		return &Retire{Replica: ReadReplicaID(r), Head: readHead(r)}
	case recordProof:
		rec := &Proof{Key: ReadKey(r), Before: readHead(r)}
		for i := range rec.Branches {
			rec.Branches[i] = readBranch(r)
		}
		return rec
	}
	return nil
}

func readGrant(r *wire.Reader) *Grant {
	g := &Grant{To: ReadReplicaID(r), User: r.String(userMax)}
	n := r.Count(scopesMax, 2)
	for range n {
		g.Scopes = append(g.Scopes, Scope{r.String(NameMax), r.String(ValueMax)})
	}
	return g
}

func appendHead(b []byte, h Head) []byte {
	return append(wire.AppendUvarint(b, h.Seq), h.Hash[:]...)
}

func readHead(r *wire.Reader) Head { return Head{r.Uvarint(), readHash(r)} }

func readHash(r *wire.Reader) (h Hash) {
	copy(h[:], r.Raw(len(h)))
	return h
}

func appendBranch(b []byte, branch *Branch) []byte {
	b = wire.AppendUvarint(b, uint64(len(branch.Headers)))
	for i := range branch.Headers {
		h := &branch.Headers[i]
		b = wire.AppendUvarint(b, h.Seq)
		b = wire.AppendUint64(b, uint64(h.Stamp))
		b = appendRefs(appendRefs(appendRefs(b, h.Seen), h.Siblings), h.Grants)
		b = append(b, h.Body[:]...)
	}
	return append(b, branch.Signature[:]...)
}

// headerSizeMin is the least that a header takes: seq, stamp, three counts, hash.
const headerSizeMin = 1 + 8 + 3 + 32

func readBranch(r *wire.Reader) (branch Branch) {
	n := r.Count(branchMax, headerSizeMin)
	for range n {
		h := Header{Seq: r.Uvarint(), Stamp: Stamp(r.Uint64())}
		h.Seen, h.Siblings, h.Grants = readWholeRefs(r), readWholeRefs(r), readWholeRefs(r)
		h.Body = readHash(r)
		if r.Err() != nil {
			return branch
		}
		branch.Headers = append(branch.Headers, h)
	}
	branch.Signature = ReadSignature(r)
	return branch
}

// readWholeRefs reads what appendRefs wrote.
func readWholeRefs(r *wire.Reader) []Ref {
	n := r.Count(RefsMax, 16+16+8)
	var refs []Ref
	for range n {
		var ref Ref
		copy(ref.Space[:], r.Raw(len(ref.Space)))
		ref.Replica, ref.Seq = ReadReplicaID(r), r.Uint64()
		refs = append(refs, ref)
	}
	return refs
}
