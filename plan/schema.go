package plan

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Schema says how the databases of a program are stored, ascending by name.
// Nodes compare it before they exchange anything.
type Schema []Stored

// Stored is one database of a Schema, as text, so that nodes of different
// versions can still show each other what they mean.
type Stored struct {
	Name      string
	Dims      string // "user_id: id, day: int"; "" without dimensions
	Lattice   string // "set<{ id: id, image: string }>"
	Placement string // "home", "shared", or "by user_id"
}

// Schema returns the program's schema.
func (p *Program) Schema() Schema {
	s := make(Schema, len(p.Databases))
	for i := range p.Databases {
		s[i] = p.Databases[i].stored()
	}
	order.Sort(s, func(a, b Stored) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func (d *Database) stored() Stored {
	s := Stored{Name: d.Name, Dims: d.dims(), Lattice: d.Lattice.String(), Placement: d.placement()}
	if d.Removable {
		s.Lattice = "removable " + s.Lattice
	}
	if d.Bound.Side != Unbounded {
		s.Lattice += " in escrow " + d.Bound.String()
	}
	return s
}

func (d *Database) dims() string {
	parts := make([]string, len(d.Dims))
	for i, dim := range d.Dims {
		parts[i] = dim.Name + ": " + dim.Type.String()
	}
	return strings.Join(parts, ", ")
}

func (d *Database) placement() string {
	switch d.Placement {
	case Shared:
		return sharedBy(d.Roles)
	case ByValue:
		return "by " + d.Dims[d.Space].Name
	}
	return HomeSpace
}

// String writes the stored form as a declaration would.
func (s Stored) String() string {
	text := s.Lattice
	if s.Dims != "" {
		text += " by (" + s.Dims + ")"
	}
	return text + ", " + s.Placement
}

// CompareSchema names the databases that both schemas know with another form,
// in one sentence that says what to do; "" if there is none. A database that
// only one of them knows is fine: the other stores and relays it unread.
func CompareSchema(mine, theirs Schema) string {
	var clashes []string
	for _, m := range mine {
		i, known := slices.BinarySearchFunc(theirs, m.Name, func(s Stored, name string) int { return strings.Compare(s.Name, name) })
		if known && theirs[i] != m {
			clashes = append(clashes, "database "+m.Name+" is "+m.String()+" here and "+theirs[i].String()+" there")
		}
	}
	if len(clashes) == 0 {
		return ""
	}
	return strings.Join(clashes, "; ") + ": run the same program on both nodes, or give the changed database a new name and keep the old one"
}

// MergeSchema returns every database of either schema, with the form in mine
// where both know it: what a store that has held both must remember.
func MergeSchema(mine, theirs Schema) Schema {
	merged := slices.Clone(mine)
	for _, t := range theirs {
		if !slices.ContainsFunc(mine, func(m Stored) bool { return m.Name == t.Name }) {
			merged = append(merged, t)
		}
	}
	order.Sort(merged, func(a, b Stored) int { return strings.Compare(a.Name, b.Name) })
	return merged
}
