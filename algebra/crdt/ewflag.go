package crdt

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// flag is a switch with the verbs on and off, in which on wins. It is the
// observed-remove set of one element: on makes an entry and removes those it
// saw, off removes those it saw, and the flag is on while an entry is there.
//
// An on that an off had not seen is under another dot than those the off
// names, so it survives at every replica. Turning on what is on is therefore
// not idle: it makes a fresh dot, which an off that runs at the same time
// elsewhere cannot name. Reading looks only at whether any entry is there, and
// entries come and go as in the set.
//
// P. S. Almeida, A. Shoker, C. Baquero, JPDC 2018, section 7 (the enable-wins
// flag over a dot set).
type flag struct{ lights }

func newFlag() *flag { return &flag{} }

func (f *flag) Do(verb string, _ causal.ReplicaID, _ value.Value) (Delta, error) {
	seen := f.entries.items(on)
	switch verb {
	case "on":
		return Delta{Add: []string{on}, Remove: seen}, nil
	case "off":
		return Delta{Remove: seen}, nil
	}
	return Delta{}, ErrVerb
}
