package plan

import "strings"

// A Surface is what a program has at a role, as they see it who use it from
// outside: the schema that a page is told and the types that are made for its
// editor are both written from it, so they say the same.
type Surface struct {
	Databases []Member
	Views     []Member
	Events    []Raised
}

// Member is a database or a view as it is read.
type Member struct {
	Name     string
	Lattice  Type  // of a database; of a record that of each field
	Keys     []Dim // none: it has one value
	Type     Type  // what one key reads as
	IsScalar bool  // one key reads as one value, not as a collection
}

// Raised is an event that a role may raise.
type Raised struct {
	Name   string // without "on_"
	Params []Param
	Runs   Place
}

// Place is where an event takes place.
type Place uint8

const (
	AtOnce   Place = iota // the handler runs where the event is raised
	AtHome                // it runs at the home altogether
	InSerial              // it runs where it is raised, and ends with a block at its home
	InSaga                // likewise, with several blocks
)

// String returns the word for a place that pages know.
func (p Place) String() string { return [...]string{"here", "home", "serial", "saga"}[p] }

// Surface walks the program once and returns what a role has, in the program's
// order. A record of lattices, which is stored field by field, is one member
// with all its fields; where a map is among them each field is a member, as each
// has keys of its own.
func (p *Program) Surface(role string) *Surface {
	s := &Surface{}
	for i := range p.Databases {
		d := &p.Databases[i]
		if !Runs(d.At, role) || !IsLocked(d.Name) && d.Name != "users" {
			continue
		}
		m := Member{d.Name, d.Lattice, d.Dims, d.Lattice.Reading(), d.Scalar()}
		if record, _, isField := strings.Cut(d.Name, "."); isField {
			if whole, ok := p.recordOf(record); ok {
				m = whole
			}
		}
		if n := len(s.Databases); n == 0 || s.Databases[n-1].Name != m.Name {
			s.Databases = append(s.Databases, m)
		}
	}
	for i := range p.Views {
		if v := &p.Views[i]; Runs(v.At, role) && !strings.Contains(v.Name, ".") { // a field that a process fills is of its record
			t := v.Expr.Type
			if len(v.Keys) > 0 {
				t = v.Value
			}
			s.Views = append(s.Views, Member{Name: v.Name, Keys: v.Keys, Type: t, IsScalar: t.Kind != KindSet})
		}
	}
	for i := range p.Handlers {
		if h := &p.Handlers[i]; Runs(h.At, role) {
			s.Events = append(s.Events, Raised{h.Event, h.Params, h.place()})
		}
	}
	return s
}

// recordOf returns a record as one member; false where its fields do not all
// have the same keys.
func (p *Program) recordOf(name string) (m Member, ok bool) {
	m = Member{Name: name, Lattice: Type{Kind: KindRecord}, Type: Type{Kind: KindRecord}, IsScalar: true}
	for i, field := range p.Fields(name) {
		var of Member
		if at, isLeaf := p.Database(name + "." + field); isLeaf {
			d := &p.Databases[at]
			of = Member{Lattice: d.Lattice, Keys: d.Dims, Type: d.Lattice.Reading()}
		} else if of, ok = p.recordOf(name + "." + field); !ok {
			return m, false
		}
		if i > 0 && len(of.Keys) != len(m.Keys) {
			return m, false
		}
		m.Keys = of.Keys
		m.Lattice.Fields = append(m.Lattice.Fields, Field{field, of.Lattice})
		m.Type.Fields = append(m.Type.Fields, Field{field, of.Type})
	}
	return m, len(m.Type.Fields) > 0
}

// place says where a handler's event takes place.
func (h *Handler) place() Place {
	switch s, isAtomic := h.Atomic(); {
	case h.Home:
		return AtHome
	case isAtomic && s.Op == StmtSaga:
		return InSaga
	case isAtomic:
		return InSerial
	}
	return AtOnce
}
