package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// The names of the spaces that do not depend on a key.
const (
	HomeSpace   = "home"
	SharedSpace = "shared"
)

// SpaceName returns the name of the space that holds the key of the database:
// "home", "shared", "shared by client,server", or the dimension that names the
// space with its value, as "user_id=ann". Two keys have the same name iff they
// are in the same space.
func (d *Database) SpaceName(key []value.Value) string {
	switch d.Placement {
	case Home:
		return HomeSpace
	case Shared:
		return sharedBy(d.Roles)
	}
	dim := d.Dims[d.Space]
	return dim.Name + "=" + spaceValue(dim.Type, key[d.Space])
}

const sharedOf = SharedSpace + " by "

// sharedBy names the space that some roles share, or all.
func sharedBy(roles []string) string {
	if len(roles) == 0 {
		return SharedSpace
	}
	return sharedOf + strings.Join(roles, ",")
}

// IsCommon reports whether every node holds all of the database.
func (d *Database) IsCommon() bool { return d.Placement == Shared && len(d.Roles) == 0 }

// SpacesOfRoles returns the spaces that some roles alone share, and these.
func (p *Program) SpacesOfRoles() map[string][]string {
	spaces := map[string][]string{}
	for i := range p.Databases {
		if d := &p.Databases[i]; d.Placement == Shared && len(d.Roles) > 0 {
			spaces[d.SpaceName(nil)] = d.Roles
		}
	}
	return spaces
}

// spaceValue writes v so that different values of type t have different texts.
func spaceValue(t Type, v value.Value) string {
	switch {
	case t.isString():
		return v.AsString()
	case t.isInteger():
		return strconv.FormatInt(v.AsInt(), 10)
	case t.Kind == KindSymbol:
		return v.AsString()
	}
	return wire.Hex([]byte(value.Encode(v)))
}

// Scalar reports whether one key of the database reads as one value, not as a collection.
func (d *Database) Scalar() bool { return d.Lattice.Reading().Kind != KindSet }

// Rows returns the element type of the whole database as a collection: the
// key's values and then the element or value, or that alone without dimensions.
// A register that is unset has no row, so the value of a row is never nil.
func (d *Database) Rows() Type {
	last := d.Lattice.Reading().bare()
	if last.Kind == KindSet {
		last = last.Element()
	}
	if len(d.Dims) == 0 {
		return last
	}
	parts := make([]Type, 0, len(d.Dims)+1)
	for _, dim := range d.Dims {
		parts = append(parts, dim.Type)
	}
	return TupleOf(append(parts, last)...)
}

// KeyType returns the type of one element of the database's keys: the value of
// the one dimension, or a tuple of several.
func (d *Database) KeyType() Type {
	if len(d.Dims) == 1 {
		return d.Dims[0].Type
	}
	parts := make([]Type, len(d.Dims))
	for i, dim := range d.Dims {
		parts[i] = dim.Type
	}
	return TupleOf(parts...)
}

// Database returns the index of the database of that name.
func (p *Program) Database(name string) (int, bool) {
	for i := range p.Databases {
		if p.Databases[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// Fields returns the names of the fields of the database of that name, if it
// is a record of lattices: its fields are stored as databases of their own,
// called by the record's name, a point and the field's. Ascending, each once;
// none if there is no such record.
func (p *Program) Fields(name string) []string {
	var fields []string
	for i := range p.Databases {
		rest, isBelow := strings.CutPrefix(p.Databases[i].Name, name+".")
		field, _, _ := strings.Cut(rest, ".")
		field, _, _ = strings.Cut(field, "@") // what stands beside a field that a process fills
		if isBelow && !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// View returns the index of the view of that name.
func (p *Program) View(name string) (int, bool) {
	for i := range p.Views {
		if p.Views[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// Keys returns by what a database or view of that name is read, and whether
// there is one. A view may stand for a database of its name: then it is meant.
func (p *Program) Keys(name string) ([]Dim, bool) {
	if i, ok := p.View(name); ok {
		return p.Views[i].Keys, true
	}
	if i, ok := p.Database(name); ok {
		return p.Databases[i].Dims, true
	}
	return nil, false
}

// Role returns the role of that name.
func (p *Program) Role(name string) (Role, bool) {
	for _, r := range p.Roles {
		if r.Name == name {
			return r, true
		}
	}
	return Role{}, false
}

// Trusted reports whether the role binds no user: a server.
func (r Role) Trusted() bool { return r.Ambient == "" }

// TrustedAlone reports whether what stands at the given roles runs at trusted
// roles and nowhere else.
func (p *Program) TrustedAlone(at []string) bool {
	for _, name := range at {
		if role, ok := p.Role(name); ok && !role.Trusted() {
			return false
		}
	}
	return len(at) > 0
}

// Runs reports whether something placed at the given roles exists at role: it
// does where no role is named.
func Runs(at []string, role string) bool {
	for _, name := range at {
		if name == role {
			return true
		}
	}
	return len(at) == 0
}

// SpaceValue returns the value of the dimension that names the database's
// spaces in a space of that name; false where it is no space of the database,
// or its value is not written as people write it.
func (d *Database) SpaceValue(name string) (of value.Value, ok bool) {
	if d.Placement != ByValue {
		return of, false
	}
	dim := d.Dims[d.Space]
	text, ok := strings.CutPrefix(name, dim.Name+"=")
	switch t := dim.Type; {
	case !ok:
	case t.isString():
		return value.String(text), true
	case t.isInteger():
		i, err := strconv.ParseInt(text, 10, 64)
		return value.Int(i), err == nil && strconv.FormatInt(i, 10) == text
	}
	return of, false
}
