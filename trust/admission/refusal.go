package admission

// A Refusal is why somebody does not come in: a sentence for both sides, and a
// kind by which refusals are counted.
type Refusal struct {
	Kind Kind
	Text string
}

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Text }

func refuse(k Kind, text string) error { return &Refusal{k, text} }

// Kind is a kind of refusal. Kinds are only appended.
type Kind uint8

const (
	Malformed Kind = iota // it can't be read, or is out of turn
	Version               // another protocol
	Foreign               // a pass for another cluster
	Forged                // a signature is not good
	Expired               // the pass is
	Widened               // a pass or a speaker that takes more than was given
	Revoked               // the pass is
	Replayed              // the proof is not one of this conversation
	Self                  // both ends have one key
	Kinds
)

// String returns a word for each kind, as counters are labelled with.
func (k Kind) String() string {
	return [Kinds + 1]string{"malformed", "version", "foreign", "forged", "expired", "widened", "revoked", "replayed", "self", "unknown"}[min(k, Kinds)]
}
