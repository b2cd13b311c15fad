package lattice

// Max is the lattice of counts: join is the larger, leq is <=, bottom is 0.
// What knows a count knows every smaller one, so a count is its own only piece.
type Max uint64

// Join makes m the larger of the two.
func (m *Max) Join(o *Max) (grew bool) {
	grew = *o > *m
	*m = max(*m, *o)
	return grew
}

// Leq reports whether m is at most o.
func (m *Max) Leq(o *Max) bool { return *m <= *o }

// Clone returns an independent copy.
func (m *Max) Clone() *Max {
	c := *m
	return &c
}

// Decompose returns m itself, and nothing for bottom.
func (m *Max) Decompose() []*Max {
	if *m == 0 {
		return nil
	}
	return []*Max{m.Clone()}
}

// Difference returns m if it is above o, and bottom otherwise.
func (m *Max) Difference(o *Max) *Max {
	if m.Leq(o) {
		return new(Max)
	}
	return m.Clone()
}
