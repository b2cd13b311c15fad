package invariant

func (o *opinion) search() string { return "" }
