package crdt

// minimum keeps the smallest value ever set, with the verb set.
//
// It is max with the order turned round: the smallest of a set of values is
// the same in whatever order they are looked at, however often each is seen.
// Entries that are not the smallest contribute nothing, so a smaller value
// removes those it saw, and one that is not smaller need not be written.
//
// What a replica has read can only fall: that the value is below a bound is
// settled as soon as it is seen, that it is above one never is. As in max,
// where all may be removed, inside a map, every value set is written.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 2.2; N. Conway et al., SoCC
// 2012, lmin.
type minimum struct{ extreme }

func newMin(removable bool) *minimum {
	return &minimum{extreme{ranking{order: byValueDown}, removable}}
}

// byValueDown orders items by value, the largest first, then id.
func byValueDown(a, b Item) int { return byValue(b, a) }
