package plan

import "github.com/martinelli-lang/martinelli/value"

// Takes reports whether v is a value of the type. What comes from outside (an
// argument, an entry, a result of an import) is asked this once; inside, code
// relies on it. It costs a walk of the value.
func (t Type) Takes(v value.Value) bool {
	switch t.Kind {
	case KindAny:
		return true
	case KindNil:
		return v.IsNil()
	case KindBool:
		return v.Kind() == value.KindBool
	case KindInt, KindTime:
		return v.Kind() == value.KindInt
	case KindNat:
		return v.Kind() == value.KindInt && 0 <= v.AsInt() && v.AsInt() <= natMax
	case KindFloat:
		return v.Kind() == value.KindFloat
	case KindString, KindID:
		return v.Kind() == value.KindString
	case KindSymbol:
		return v.Kind() == value.KindSymbol
	case KindMaybe:
		return v.IsNil() || t.Element().Takes(v)
	case KindList, KindSet:
		return v.Kind() == value.KindList && takesAll(v.Elems(), t.Element())
	case KindTuple:
		return v.Kind() == value.KindTuple && takesEach(v.Elems(), t.Args)
	case KindRecord:
		return v.Kind() == value.KindRecord && takesFields(v.Elems(), t.Fields)
	}
	return false
}

const natMax = 1<<31 - 1

func takesAll(vs []value.Value, t Type) bool {
	for _, v := range vs {
		if !t.Takes(v) {
			return false
		}
	}
	return true
}

func takesEach(vs []value.Value, ts []Type) bool {
	if len(vs) != len(ts) {
		return false
	}
	for i, v := range vs {
		if !ts[i].Takes(v) {
			return false
		}
	}
	return true
}

func takesFields(vs []value.Value, fields []Field) bool {
	if len(vs) != len(fields) {
		return false
	}
	for i, v := range vs {
		if !fields[i].Type.Takes(v) {
			return false
		}
	}
	return true
}
