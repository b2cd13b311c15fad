package member

// String returns the word for people.
func (k EventKind) String() string {
	return [...]string{"learned of", "linked with", "suspects", "hears again from", "lost", "refused to remember"}[min(k, Refused)]
}
