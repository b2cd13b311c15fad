package causal

// Entry is one fact a part adds: a value under the part's dot, at a key path
// of a database. The replica room never looks inside Value; the lattice of the
// database says how entries are read together.
type Entry struct {
	Database string
	Key      string // canonical bytes of the key values, one after another
	Value    string // canonical bytes, read by the lattice of the database
}

// Part is a commit's share in one space.
//
// The chain hash of a part is a hash over the chain hash of its predecessor
// and the part's header; so equal chain hashes mean equal chains up to there.
type Part struct {
	Space   SpaceID
	Replica ReplicaID // the author
	Seq     uint64    // counts the author's parts in this space from 1, without gaps
	Stamp   Stamp     // the same in all parts of the commit

	// Seen names the maximal parts the author's session had read or written,
	// in this space and in others, and the heads of this space. What the
	// author's previous part in this space already implies is left out.
	Seen []Ref

	// Siblings names the other parts of the same commit, in order.
	Siblings []Ref

	// Grants names the parts whose control entries permit this part.
	Grants []Ref

	Entries []Entry   // entry i has the id (Replica, Seq, i)
	Removed []EntryID // entries of this space the author saw and removed
}

// Dot returns the part's name within its space.
func (p *Part) Dot() Dot { return Dot{p.Replica, p.Seq} }

// Ref returns the part's name from outside its space.
func (p *Part) Ref() Ref { return Ref{p.Space, p.Dot()} }

// EntryID returns the id of entry i.
func (p *Part) EntryID(i int) EntryID { return EntryID{p.Dot(), uint32(i)} }

// Head is the end of a replica's chain: how long it is, and the chain hash there.
type Head struct {
	Seq  uint64
	Hash Hash
}
