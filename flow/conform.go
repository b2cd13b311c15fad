package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// conforms reports whether v is a value of type t. What comes from outside (an
// argument, an entry, a result of an import) is asked this once; inside, code
// relies on it.
func conforms(v value.Value, t plan.Type) bool {
	switch t.Kind {
	case plan.KindAny:
		return true
	case plan.KindNil:
		return v.IsNil()
	case plan.KindBool:
		return v.Kind() == value.KindBool
	case plan.KindInt, plan.KindTime:
		return v.Kind() == value.KindInt
	case plan.KindNat:
		return v.Kind() == value.KindInt && 0 <= v.AsInt() && v.AsInt() <= natMax
	case plan.KindFloat:
		return v.Kind() == value.KindFloat
	case plan.KindString, plan.KindID:
		return v.Kind() == value.KindString
	case plan.KindSymbol:
		return v.Kind() == value.KindSymbol
	case plan.KindMaybe:
		return v.IsNil() || conforms(v, t.Element())
	case plan.KindList, plan.KindSet:
		return v.Kind() == value.KindList && allConform(v.Elems(), t.Element())
	case plan.KindTuple:
		return v.Kind() == value.KindTuple && eachConforms(v.Elems(), t.Args)
	case plan.KindRecord:
		return v.Kind() == value.KindRecord && fieldsConform(v.Elems(), t.Fields)
	}
	return false
}

const natMax = 1<<31 - 1

func allConform(vs []value.Value, t plan.Type) bool {
	for _, v := range vs {
		if !conforms(v, t) {
			return false
		}
	}
	return true
}

func eachConforms(vs []value.Value, ts []plan.Type) bool {
	if len(vs) != len(ts) {
		return false
	}
	for i, v := range vs {
		if !conforms(v, ts[i]) {
			return false
		}
	}
	return true
}

func fieldsConform(vs []value.Value, fields []plan.Field) bool {
	if len(vs) != len(fields) {
		return false
	}
	for i, v := range vs {
		if !conforms(v, fields[i].Type) {
			return false
		}
	}
	return true
}
