package plan

import "github.com/martinelli-lang/martinelli/value"

// A database may read the entries of another as its own: programs before this
// one write that, under another name and with a type that is read as this
// one's. No entry is rewritten; see docs/why/was.md.

// heirs are the lattices of which another reads the entries, beside itself.
var heirs = map[Kind][]Kind{
	KindGSet: {KindORSet}, KindGCounter: {KindCounter}, KindOnce: {KindFlag}, KindLWW: {KindMV}, KindMV: {KindLWW},
}

// WhyNotHeir says why a database can't read the entries of another as its
// own, or "" where it can: then both have the same keys in the same spaces.
func WhyNotHeir(d, old *Database) string {
	now, was := d.stored(), old.stored()
	switch {
	case now.Dims != was.Dims:
		return "they have other dimensions"
	case now.Placement != was.Placement:
		return "they lie in other spaces"
	case d.Removable != old.Removable:
		return "one of them stands below a map"
	case d.Lattice.Kind != old.Lattice.Kind && !among(d.Lattice.Kind, heirs[old.Lattice.Kind]):
		return "a " + d.Lattice.word() + " does not read what a " + old.Lattice.word() + " keeps"
	case len(d.Lattice.Args) == 1 && !d.Lattice.Args[0].Grows(old.Lattice.Args[0]):
		return "`" + old.Lattice.Args[0].Label() + "` is no `" + d.Lattice.Args[0].Label() + "`, not even with fields added"
	}
	return ""
}

func among(k Kind, kinds []Kind) bool {
	for _, other := range kinds {
		if k == other {
			return true
		}
	}
	return false
}

// Grows reports whether a value of type old is one of type t as it stands, or
// once its records have the fields that t has more.
func (t Type) Grows(old Type) bool {
	switch {
	case old.AssignableTo(t):
		return true
	case t.Kind == KindRecord && old.Kind == KindRecord:
		return t.hasFieldsOf(old)
	case t.Kind == KindMaybe:
		return t.Element().Grows(old.bare())
	case t.Kind == KindList && old.Kind == KindList:
		return t.Element().Grows(old.Element())
	}
	return false
}

func (t Type) hasFieldsOf(old Type) bool {
	i := 0
	for _, f := range t.Fields {
		if i < len(old.Fields) && old.Fields[i].Name == f.Name {
			if !f.Type.Grows(old.Fields[i].Type) {
				return false
			}
			i++
		}
	}
	return i == len(old.Fields)
}

// Grow makes a value of type old one of type t, which grows it: a field that
// is added has its type's zero.
func (t Type) Grow(v value.Value, old Type) value.Value {
	switch {
	case v.IsNil() || old.AssignableTo(t):
		return v
	case t.Kind == KindMaybe:
		return t.Element().Grow(v, old.bare())
	case t.Kind == KindList:
		elems := make([]value.Value, 0, len(v.Elems()))
		for _, e := range v.Elems() {
			elems = append(elems, t.Element().Grow(e, old.Element()))
		}
		return value.List(elems...)
	}
	fields, from, i := make([]value.Value, len(t.Fields)), v.Elems(), 0
	for j, f := range t.Fields {
		if i < len(old.Fields) && old.Fields[i].Name == f.Name {
			fields[j] = f.Type.Grow(from[i], old.Fields[i].Type)
			i++
		} else {
			fields[j] = f.Type.Zero()
		}
	}
	return value.Record(fields...)
}

// Zero is the value that an added field has: nil where the type has it, else
// false, 0, the empty text or list, and a record or tuple of these.
func (t Type) Zero() value.Value {
	switch t.Kind {
	case KindBool:
		return value.Bool(false)
	case KindInt, KindNat, KindTime:
		return value.Int(0)
	case KindFloat:
		return value.Float(0)
	case KindString, KindID:
		return value.String("")
	case KindSymbol:
		return value.Symbol("")
	case KindList, KindSet:
		return value.List()
	case KindTuple:
		zeros := make([]value.Value, len(t.Args))
		for i, a := range t.Args {
			zeros[i] = a.Zero()
		}
		return value.Tuple(zeros...)
	case KindRecord:
		zeros := make([]value.Value, len(t.Fields))
		for i, f := range t.Fields {
			zeros[i] = f.Type.Zero()
		}
		return value.Record(zeros...)
	}
	return value.Nil
}

// isHeir reports whether what a database says of its old form holds.
func (v *validator) isHeir(d *Database) bool {
	if d.Was == "" {
		return true
	}
	i, ok := v.p.Database(d.Was)
	return ok && v.p.Databases[i].Was == "" && v.p.Databases[i].Name != d.Name && WhyNotHeir(d, &v.p.Databases[i]) == ""
}
