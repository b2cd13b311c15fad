package causal

// ControlDatabase is the reserved database whose entries govern the space they
// stand in. They are entries of ordinary parts, so that order, catch-up and
// storage are the ordinary ones; who signed the part has signed them. No
// program's database has such a name.
const ControlDatabase = "@control"

// Record is a control record: Registration, Grant, Cut, Final, Checkpoint,
// Retire, Proof, Standing or Revocation.
type Record interface{ kind() recordKind }

// recordKind is the first byte of a record's key. Kinds are only appended.
type recordKind byte

const (
	recordRegistration recordKind = iota + 1
	recordGrant
	recordCut
	recordFinal
	recordCheckpoint
	recordRetire
	recordProof
	recordStanding
	recordRevocation
	recordKinds
)

// Registration says whose a replica is. By the steward. The first by stamp holds:
// a replica belongs to one user for ever.
type Registration struct {
	Replica ReplicaID
	User    string // "" for none: a trusted node
	Role    string // of the topology
}

// Grant lets somebody write where he otherwise may not. By the steward or by
// an owner of the keys. A part that makes use of it names the part that holds
// it; a part holds at most one grant.
type Grant struct {
	To     ReplicaID // this replica; zero: every replica registered to User
	User   string
	Scopes []Scope
}

// Scope is some keys of a database: those whose bytes begin with Prefix.
type Scope struct {
	Database string
	Prefix   string // of the key's canonical bytes; "" for all
}

// Cut takes away what was allowed: the parts of a replica behind After are
// void, all of them or those that name the grant. By the steward; of a grant
// also by who granted it.
type Cut struct {
	Replica ReplicaID // whose; zero with Grant: everybody's who names it
	Grant   Ref       // zero: all parts
	After   uint64    // the last seq that stays; meaningless where Replica is zero: no part that names the grant stays but final ones
}

// Final says that everything in the past of the signer's own Marker-th part in
// this space, and that part itself, is final. By the steward. A control record
// outside that past takes nothing away within it.
type Final struct {
	Marker uint64
}

// Checkpoint sums up what is final: below it nobody needs the log. By the
// steward. The signature is over CheckpointStatement, so that it can be shown
// without the steward's chain.
type Checkpoint struct {
	Marker    uint64 // as in Final
	Vector    Hash   // over the vector with its chain hashes, as in a space's digest
	Entries   Hash   // root over the live entries
	Needs     Hash   // over the parts of other spaces that are referred to
	Signature Signature
}

// Retire says that a replica will not be back: its parts behind Head are void,
// and its rights go home. By the steward.
type Retire struct {
	Replica ReplicaID
	Head    Head
}

// Revocation says who is let in no more, though somebody shows a pass or a
// certificate: this replica and every other of its key, or all nodes of a user
// whose passes were given out until then. It takes back nothing that was written;
// a Cut does. By the steward, in the shared space.
type Revocation struct {
	Replica ReplicaID // zero with User
	Public  [32]byte  // the replica's key; zero where it is not known
	User    string
	Until   Instant // of the user's passes, those given out later count
}

// Proof shows that a replica has forked: two branches that begin with
// different parts behind the same one, each up to a seal. It proves itself, so anybody
// may write it.
type Proof struct {
	Key      Key  // of the forker
	Before   Head // the last common part; zero at the beginning of the chain
	Branches [2]Branch
}

// Branch is one continuation of a chain, up to a seal.
type Branch struct {
	Headers   []Hash    // of the headers of the parts behind the last common one; at most BranchMax
	Signature Signature // of the seal over the last of them
}

// BranchMax bounds the parts of a branch. Authors seal oftener by far.
const BranchMax = 1 << 12

// Heads returns the chain at the first and at the last part of the branch.
func (b *Branch) Heads(c Chain, before Head) (first, last Head) {
	var hasher Hasher
	last = before
	for i, header := range b.Headers {
		seq := last.Seq + 1
		last = Head{seq, hasher.ChainOf(last.Hash, c.At(seq), header)}
		if i == 0 {
			first = last
		}
	}
	return first, last
}

// Replica returns who has forked.
func (p *Proof) Replica() ReplicaID { return p.Key.ID() }

// Statements returns what the two branches' seals must be signatures of for
// the proof to hold; false if the branches are none.
func (p *Proof) Statements(space SpaceID) (statements [2][]byte, ok bool) {
	c := Chain{space, p.Key.ID()}
	var first [2]Head
	for i := range p.Branches {
		b := &p.Branches[i]
		if len(b.Headers) == 0 || p.Before.Seq > seqMax {
			return statements, false
		}
		var last Head
		first[i], last = b.Heads(c, p.Before)
		statements[i] = SealStatement(c, last)
	}
	return statements, first[0] != first[1]
}

// seqMax is far beyond every seq that is ever given, and so far from the end
// of the numbers that nothing wraps.
const seqMax = 1 << 62

func (*Registration) kind() recordKind { return recordRegistration }
func (*Grant) kind() recordKind        { return recordGrant }
func (*Cut) kind() recordKind          { return recordCut }
func (*Final) kind() recordKind        { return recordFinal }
func (*Checkpoint) kind() recordKind   { return recordCheckpoint }
func (*Retire) kind() recordKind       { return recordRetire }
func (*Proof) kind() recordKind        { return recordProof }
func (*Standing) kind() recordKind     { return recordStanding }
func (*Revocation) kind() recordKind   { return recordRevocation }
