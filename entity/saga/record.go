package saga

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// The databases of a home's sagas, whose keys are names. What a saga began with
// is written once; how far it is, once a step, and takes the same few bytes
// whether the saga has three steps or a hundred thousand. docs/wire/saga.md
// draws the bytes.
const (
	Begun    = "@saga"       // with what a saga under way began
	Progress = "@saga-step"  // how far it is
	Ended    = "@saga-ended" // in one word, what came of one that has ended
)

// Bounds of what is kept.
const (
	BlockMax  = 64        // bytes of a block's hash
	KeyMax    = 64 << 10  // bytes of a key
	UserMax   = 256       // bytes of a user
	SlotsMax  = 256 << 10 // bytes of what a saga begins with
	AbortMax  = 256       // bytes of a reason
	DetailMax = 512       // bytes of the sentence beside it
)

// Name names a saga: the hash of its block's text, and its key.
type Name struct {
	Block string
	Key   string // canonical bytes
}

// Start is what a saga begins with, and for whom.
type Start struct {
	User   string           // who raised the event
	Raiser causal.ReplicaID // who waits for the outcome,
	Item   uint64           // under which number
	Since  causal.Instant   // when it began
	Slots  string           // the values its steps see, as the caller writes them
}

// phase says what a saga is doing.
type phase uint8

const (
	doing   phase = iota // its next step is to be done
	undoing              // its next step, of those that were done, is to be undone
)

// progress is how far a saga is. What is not yet tried has Tries 0.
type progress struct {
	Phase  phase
	Step   uint32         // the next one
	Tries  uint32         // that failed, of that step
	At     causal.Instant // when it goes on
	Abort  string         // undoing: why
	Detail string         // a sentence more
	Said   string         // what the last try said that failed
}

func (n Name) encode() string {
	b := wire.AppendString(nil, n.Block)
	return string(wire.AppendString(b, n.Key))
}

func decodeName(s string) (Name, error) {
	r := wire.NewReader([]byte(s))
	n := Name{Block: r.String(BlockMax), Key: r.String(KeyMax)}
	return n, r.Done()
}

func (s Start) encode() string {
	b := wire.AppendString(nil, s.User)
	b = append(b, s.Raiser[:]...)
	b = wire.AppendUvarint(b, s.Item)
	b = wire.AppendUint64(b, uint64(s.Since))
	return string(wire.AppendString(b, s.Slots))
}

func decodeStart(v string) (Start, error) {
	r := wire.NewReader([]byte(v))
	s := Start{User: r.String(UserMax)}
	copy(s.Raiser[:], r.Raw(len(s.Raiser)))
	s.Item = r.Uvarint()
	s.Since = causal.Instant(r.Uint64())
	s.Slots = r.String(SlotsMax)
	return s, r.Done()
}

func (p progress) encode() string {
	b := []byte{byte(p.Phase)}
	b = wire.AppendUint32(b, p.Step)
	b = wire.AppendUint32(b, p.Tries)
	b = wire.AppendUint64(b, uint64(p.At))
	b = wire.AppendString(b, p.Abort)
	b = wire.AppendString(b, p.Detail)
	return string(wire.AppendString(b, p.Said))
}

func decodeProgress(v string) (progress, error) {
	r := wire.NewReader([]byte(v))
	p := progress{Phase: phase(r.Byte()), Step: r.Uint32(), Tries: r.Uint32(), At: causal.Instant(r.Uint64())}
	p.Abort = r.String(AbortMax)
	p.Detail = r.String(DetailMax)
	p.Said = r.String(DetailMax)
	if p.Phase > undoing || p.Phase == doing && p.Abort+p.Detail != "" || p.Phase == undoing && p.Abort == "" {
		r.Fail(wire.ErrMalformed)
	}
	return p, r.Done()
}

// cut shortens a text for people to what is kept of it.
func cut(s string, sizeMax int) string {
	if len(s) <= sizeMax {
		return s
	}
	for sizeMax > 0 && s[sizeMax]&0xc0 == 0x80 {
		sizeMax--
	}
	return s[:sizeMax]
}
