package plan

// Reach says on which users' nodes a space for a value of a dimension is kept.
// A trusted node keeps them all.
type Reach uint8

const (
	ReachAll   Reach = iota // on everybody's
	ReachOwner              // on those of the user who is the value
	ReachRuled              // and on those of whom the program's rules about reading hold
)

// Reach returns where the spaces of a database are kept: the narrowest of what
// is said of the databases that share them. One that has no rule about reading
// is for the user it names, or for everybody where it names none.
func (p *Program) Reach(database int) Reach {
	reach := ReachAll
	for i := range p.Databases {
		if !p.SharesSpaces(i, database) {
			continue
		}
		switch one := p.reachOf(i); {
		case one == ReachOwner:
			return ReachOwner
		case one == ReachRuled:
			reach = ReachRuled
		}
	}
	return reach
}

// SharesSpaces reports whether two databases stand in the same spaces, one for
// each value of a dimension; a database does with itself, if it has such.
func (p *Program) SharesSpaces(a, b int) bool {
	x, y := &p.Databases[a], &p.Databases[b]
	return x.Placement == ByValue && y.Placement == ByValue && x.Dims[x.Space].Name == y.Dims[y.Space].Name
}

func (p *Program) reachOf(database int) Reach {
	isRuled, isOpen := false, true
	for i := range p.Allows {
		if a := &p.Allows[i]; a.Verb == "read" && a.Database == database {
			isRuled = true
			isOpen = isOpen && a.Cond.Op == OpConst && a.Cond.Const.AsBool()
		}
	}
	switch {
	case !isRuled && p.IsOfUsers(database):
		return ReachOwner
	case isRuled && !isOpen:
		return ReachRuled
	}
	return ReachAll
}

// IsOpen reports whether every node keeps all spaces that are exchanged.
func (p *Program) IsOpen() bool {
	for i := range p.Databases {
		if p.Databases[i].Placement == ByValue && p.Reach(i) != ReachAll {
			return false
		}
	}
	return true
}

// IsPrivate reports whether users' nodes keep no space of another user: every
// database with a space for each value of a dimension has one for each user,
// and no rule lets others read it.
func (p *Program) IsPrivate() bool {
	isAny := false
	for i := range p.Databases {
		if p.Databases[i].Placement != ByValue {
			continue
		}
		if isAny = true; p.Reach(i) != ReachOwner {
			return false
		}
	}
	return isAny
}

// IsOfUsers reports whether the dimension that names the database's spaces is a user.
func (p *Program) IsOfUsers(database int) bool {
	d := &p.Databases[database]
	if d.Users > 0 && d.Users-1 == d.Space {
		return true
	}
	for _, r := range p.Roles {
		if r.Ambient != "" && d.Placement == ByValue && r.Ambient == d.Dims[d.Space].Name {
			return true
		}
	}
	return false
}
