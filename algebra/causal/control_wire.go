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
			b = rec.Branches[i].AppendTo(b)
		}
	case *Standing:
		b = rec.appendTo(b)
	case *Revocation:
		b = append(append(b, rec.Replica[:]...), rec.Public[:]...)
		b = wire.AppendVarint(wire.AppendString(b, rec.User), int64(rec.Until))
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
			rec.Branches[i] = ReadBranch(r)
		}
		return rec
	case recordStanding:
		return readStanding(r)
	case recordRevocation:
		rec := &Revocation{Replica: ReadReplicaID(r), Public: readHash(r)}
		rec.User, rec.Until = r.String(userMax), Instant(r.Varint())
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

// AppendTo appends the branch: the count of headers, 32 bytes each, and the
// signature.
func (b *Branch) AppendTo(to []byte) []byte {
	to = wire.AppendUvarint(to, uint64(len(b.Headers)))
	for i := range b.Headers {
		to = append(to, b.Headers[i][:]...)
	}
	return append(to, b.Signature[:]...)
}

// ReadBranch reads what AppendTo wrote.
func ReadBranch(r *wire.Reader) (b Branch) {
	if n := r.Count(BranchMax, len(Hash{})); n > 0 {
		b.Headers = make([]Hash, n)
	}
	for i := range b.Headers {
		b.Headers[i] = readHash(r)
	}
	b.Signature = ReadSignature(r)
	return b
}
