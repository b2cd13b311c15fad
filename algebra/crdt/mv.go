package crdt

import (
	"slices"

	"github.com/martinelli-lang/martinelli/value"
)

// mv is the multi-value register, with the verb set: it reads as lww does, and
// tells what else was written at the same time.
//
// A set adds an entry and removes those it saw, so the live entries are the
// values that nobody has knowingly overwritten: more than one only if they
// were written without knowing of each other. That is the whole of them at
// every replica that holds the same entries, in whatever order they came.
//
// Of these the one with the largest stamp, then dot, is read, and Conflicts
// are the others. So lww and mv are one store under two readings, and a
// database may change from the one to the other without touching an entry.
// The next set has seen the conflicts and removes them: writing resolves.
//
// M. Shapiro et al., INRIA RR-7506, 2011, section 3.2.2; G. DeCandia et al.,
// "Dynamo", SOSP 2007, section 4.4.
type mv struct{ lww }

func newMV() *mv { return &mv{lww{ranking{order: Item.Compare}}} }

// Conflicted is a cell that may hold values beside the one it reads as.
type Conflicted interface {
	// Conflicts returns the other values that were written without knowing of
	// the one that is read, or of which it did not know: the latest first,
	// each once. O(k log k).
	Conflicts() []value.Value
}

func (r *mv) Conflicts() []value.Value {
	top, _ := r.top()
	told := map[string]bool{top: true}
	var others []value.Value
	for _, it := range slices.Backward(r.items) {
		if !told[it.Value] {
			told[it.Value] = true
			v, _ := value.DecodeAll(it.Value) // Insert let only valid bytes in
			others = append(others, v)
		}
	}
	return others
}

var _ Conflicted = (*mv)(nil)
