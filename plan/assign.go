package plan

// Equal reports whether two types have the same structure. The declared name
// of a record is not part of it.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || len(t.Args) != len(o.Args) || len(t.Fields) != len(o.Fields) {
		return false
	}
	for i := range t.Args {
		if !t.Args[i].Equal(o.Args[i]) {
			return false
		}
	}
	for i, f := range t.Fields {
		if f.Name != o.Fields[i].Name || !f.Type.Equal(o.Fields[i].Type) {
			return false
		}
	}
	return true
}

// AssignableTo reports whether a value of type t is one of type to as it
// stands, without any conversion:
//
//   - a nat is an int, a time is an int and an int is a time: milliseconds;
//   - an id is a string and a string is an id;
//   - nil and a T are a "T or nil";
//   - lists, tuples, collections and records are assignable part by part.
//
// A value of any type that has no record inside may stand where any is asked
// for; any itself stands for any alone, since nothing is known of it. A record
// does not become any: without its type its fields would lose their names.
func (t Type) AssignableTo(to Type) bool {
	switch {
	case t.Equal(to):
		return true
	case to.Kind == KindAny:
		return !t.hasRecord()
	case to.Kind == KindMaybe:
		if t.Kind == KindMaybe {
			return t.Element().AssignableTo(to.Element())
		}
		return t.Kind == KindNil || t.AssignableTo(to.Element())
	case t.Kind == to.Kind:
		return t.partsAssignableTo(to)
	case t.isString() && to.isString():
		return true
	}
	return t.isInteger() && (to.Kind == KindInt || to.Kind == KindTime)
}

func (t Type) partsAssignableTo(to Type) bool {
	if t.IsLattice() || len(t.Args) != len(to.Args) || len(t.Fields) != len(to.Fields) {
		return false
	}
	for i := range t.Args {
		if !t.Args[i].AssignableTo(to.Args[i]) {
			return false
		}
	}
	for i, f := range t.Fields {
		if f.Name != to.Fields[i].Name || !f.Type.AssignableTo(to.Fields[i].Type) {
			return false
		}
	}
	return true
}

func (t Type) isString() bool  { return t.Kind == KindString || t.Kind == KindID }
func (t Type) isInteger() bool { return t.Kind == KindInt || t.Kind == KindNat || t.Kind == KindTime }

func (t Type) hasRecord() bool {
	if t.Kind == KindRecord {
		return true
	}
	for _, a := range t.Args {
		if a.hasRecord() {
			return true
		}
	}
	return false
}

// Unify returns the smaller of the types that both t and o are assignable to.
func (t Type) Unify(o Type) (Type, bool) {
	switch {
	case t.Kind == KindNil:
		return Maybe(o), true
	case o.Kind == KindNil:
		return Maybe(t), true
	case t.AssignableTo(o):
		return o, true
	case o.AssignableTo(t):
		return t, true
	case t.Kind == KindMaybe || o.Kind == KindMaybe:
		inner, ok := t.bare().Unify(o.bare())
		return Maybe(inner), ok
	}
	return Type{}, false
}

// bare returns t without its "or nil".
func (t Type) bare() Type {
	if t.Kind == KindMaybe {
		return t.Element()
	}
	return t
}
