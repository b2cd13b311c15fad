package plan

import "github.com/martinelli-lang/martinelli/value"

// MayWrite reports whether a replica of the role may write the key of the
// database on behalf of the user by the standing rules, which look at nothing
// but the key. A trusted role may write everything. Rules may permit more.
func (d *Database) MayWrite(role Role, user string, key []value.Value) bool {
	return role.Trusted() || d.stands(user, key)
}

func (d *Database) stands(user string, key []value.Value) bool {
	switch {
	case d.WriteByAll:
		return true
	case user == "" || d.WriteByKey < 0 || d.WriteByKey >= len(key):
		return false
	}
	return key[d.WriteByKey].AsString() == user
}

// MayAppend reports whether a user may append arg to every key of the database.
func (d *Database) MayAppend(verb, user string, arg value.Value) bool {
	if !d.Appends.Anyone || verb != "add" && verb != "append" {
		return false
	}
	if len(d.Appends.Field) == 0 {
		return true
	}
	for _, i := range d.Appends.Field {
		if fields := arg.Elems(); i < len(fields) {
			arg = fields[i]
			continue
		}
		return false
	}
	return user != "" && arg.Kind() == value.KindString && arg.AsString() == user
}

// HasRules reports whether somebody but the user who is the key is asked to
// decide who writes the database.
func (d *Database) HasRules() bool { return len(d.Rules) > 0 }

// OpenTo reports whether users may write anything of it at all.
func (d *Database) OpenTo() bool {
	return d.WriteByAll || d.WriteByKey >= 0 || d.HasRules() || d.Appends.Anyone
}
