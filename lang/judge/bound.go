package judge

// Bound is how far an invariant that is repaired may be overshot.
type Bound struct {
	Applies bool
}

func (b Bound) String() string { return "" }
