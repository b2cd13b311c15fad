package soundness

import "slices"

// Shrink leaves out declarations, and statements of handlers, as long as fails
// still holds of what is left.
func Shrink(text Program, fails func(Program) bool) Program {
	for {
		smaller := pass(text, fails)
		if len(smaller.String()) == len(text.String()) {
			return text
		}
		text = smaller
	}
}

// pass tries once to leave out each declaration and each statement, from the
// end, since what stands there reads what stands before.
func pass(text Program, fails func(Program) bool) Program {
	for i := len(text) - 1; i >= 0; i-- {
		if less := slices.Delete(slices.Clone(text), i, i+1); fails(less) {
			text = less
			continue
		}
		for k := len(text[i].Parts) - 1; k >= 0; k-- {
			less := slices.Clone(text)
			less[i].Parts = slices.Delete(slices.Clone(text[i].Parts), k, k+1)
			if fails(less) {
				text = less
			}
		}
	}
	return text
}
