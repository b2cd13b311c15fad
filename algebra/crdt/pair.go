package crdt

import "github.com/martinelli-lang/martinelli/value"

// pair is the product of two lattices, at the places 0 and 1.
//
// It is the record whose fields have numbers for names, and converges as that
// does: an entry belongs to one of the two, and neither looks at the other.
// One pair is below another one if both its parts are, so neither part decides
// over the other; where the first should, that is lex.
//
// What is written to both in one commit becomes visible together, because a
// commit does; the pair adds nothing to that.
//
// B. A. Davey, H. A. Priestley, "Introduction to Lattices and Order", section
// 2.15.
type pair struct{ product }

// The places of a pair and of lex.
var (
	firstPlace  = value.Int(0)
	secondPlace = value.Int(1)
)

func newPair(first, second Type, removable bool) *pair {
	p := &pair{}
	p.add(firstPlace, first.build(removable))
	p.add(secondPlace, second.build(removable))
	return p
}

// Value returns the tuple of both readings.
func (p *pair) Value() value.Value { return value.Tuple(p.readings()...) }
