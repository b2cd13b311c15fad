package serial

import "github.com/martinelli-lang/martinelli/algebra/causal"

// Home puts requests in an order. What is ordered is run by whoever holds the
// home's data, each in turn, and all that a run depends on beside that data is
// in what was ordered.
type Home interface {
	// Propose asks for a request to be ordered. It may be ordered twice, and it
	// may be lost: the Ledger and the raiser see to both.
	Propose(now causal.Instant, q Request)

	// Ordered returns what has been ordered since the last call.
	Ordered() []Request
}

// Sole is the Home that is one node: what is proposed is ordered.
type Sole struct{ ordered []Request }

// Propose orders q behind what was proposed before.
func (s *Sole) Propose(_ causal.Instant, q Request) { s.ordered = append(s.ordered, q) }

// Ordered returns what was proposed since the last call.
func (s *Sole) Ordered() []Request {
	ordered := s.ordered
	s.ordered = nil
	return ordered
}
