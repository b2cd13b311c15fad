package plan

// Without returns the modes as they would be without a rule.
func (m Modes) Without(r Rule) Modes {
	m.off = r
	return m
}
