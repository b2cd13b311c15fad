package plan

// Rule is one of the rules of the reference by which a program is judged
// settled or tentative, and mergeable or not. Each is used where its name
// stands in the code, so that a test can do without it and see what breaks.
type Rule uint8

const (
	R1  Rule = iota + 1 // the reading of a database has the mode of its lattice, at a key that does not move
	R2                  // map, filter, flat_map, union, product, join, intersection have the mode of their worst input
	R3                  // what a block reads counts as an input: it may add elements, and may never change one
	R4                  // a.minus(b) grows with a and falls with b
	R5                  // count, sum of nats, + and x > k follow what grows; ==, and < of what grows, do not
	R6                  // max, any and in follow what grows, min falls; avg, sort_by, top, first, last and group follow nothing
	R7                  // keys grow where all of them are held and no value shrinks to nothing
	R8                  // not swaps growing and falling; and, or keep the worst; a condition must not change
	R9                  // views and processes have no cycles; closure grows with what it closes
	R10                 // what is sealed is constant
	R11                 // a function of the host follows nothing, unless it is promised to
	R12                 // to act, guard and arguments are settled, or a home's own, or the word is said
	R13                 // a run has one stamp: now and new_id() are constants of it
)

// Without returns the modes as they would be without a rule, for tests that
// show that each is needed.
func (m Modes) Without(r Rule) Modes {
	m.off = r
	return m
}
