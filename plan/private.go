package plan

// IsPrivate reports whether users' nodes keep no space of another user: every
// database with a space for each value of a dimension has one for each user,
// and no rule lets others read it. Where a program mixes these with other
// dimensions or rules, whose a space is cannot be told from its handle, and
// every node keeps all.
func (p *Program) IsPrivate() bool {
	isAny := false
	for i := range p.Databases {
		d := &p.Databases[i]
		if d.Placement != ByValue {
			continue
		}
		if isAny = true; !p.isOfUsers(d) || p.hasReadRule(i) {
			return false
		}
	}
	return isAny
}

// isOfUsers reports whether the dimension that names the database's spaces is a user.
func (p *Program) isOfUsers(d *Database) bool {
	if d.Users {
		return true
	}
	for _, r := range p.Roles {
		if r.Ambient != "" && r.Ambient == d.Dims[d.Space].Name {
			return true
		}
	}
	return false
}

func (p *Program) hasReadRule(database int) bool {
	for i := range p.Allows {
		if a := &p.Allows[i]; a.Verb == "read" && a.Database == database {
			return true
		}
	}
	return false
}
