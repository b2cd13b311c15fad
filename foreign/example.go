package foreign

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Values of a type, small and of few kinds, so that two of them often have
// something in common.

// exampleMax is how many elements an example has.
const exampleMax = 5

// letters are what texts are made of.
var letters = []string{"", "a", "b", "c", "ab", "ba", "é"}

// generate makes a value of a type that can be given to a function.
func generate(die *rand.Rand, t plan.Type) value.Value {
	switch t.Kind {
	case plan.KindBool:
		return value.Bool(die.IntN(2) == 0)
	case plan.KindInt, plan.KindTime:
		return value.Int(someNumber(die))
	case plan.KindNat:
		return value.Int(max(someNumber(die), 0))
	case plan.KindFloat:
		return value.Float(float64(someNumber(die)) / 2)
	case plan.KindString, plan.KindID:
		return value.String(letters[die.IntN(len(letters))])
	case plan.KindSymbol:
		return value.Symbol(letters[1+die.IntN(3)])
	case plan.KindMaybe:
		if die.IntN(4) == 0 {
			return value.Nil
		}
		return generate(die, t.Element())
	case plan.KindList:
		return value.List(several(die, t.Element())...)
	case plan.KindSet:
		return setOf(several(die, t.Element()))
	case plan.KindTuple:
		return value.Tuple(each(die, t.Args)...)
	case plan.KindRecord:
		return value.Record(each(die, typesOf(t.Fields))...)
	case plan.KindAny:
		return generate(die, []plan.Type{plan.Int, plan.String, plan.Bool}[die.IntN(3)])
	}
	return value.Nil
}

// someNumber is most often near zero, and then and now as large as a limit in a program.
func someNumber(die *rand.Rand) int64 {
	switch die.IntN(8) {
	case 0:
		return int64(die.IntN(200_000)) - 100_000
	case 1:
		return int64(die.IntN(400)) - 200
	}
	return int64(die.IntN(10)) - 3
}

func several(die *rand.Rand, t plan.Type) []value.Value {
	vs := make([]value.Value, die.IntN(exampleMax+1))
	for i := range vs {
		vs[i] = generate(die, t)
	}
	return vs
}

func each(die *rand.Rand, ts []plan.Type) []value.Value {
	vs := make([]value.Value, len(ts))
	for i, t := range ts {
		vs[i] = generate(die, t)
	}
	return vs
}

func typesOf(fields []plan.Field) []plan.Type {
	ts := make([]plan.Type, len(fields))
	for i, f := range fields {
		ts[i] = f.Type
	}
	return ts
}

// setOf is the collection of elements: ascending, each once.
func setOf(vs []value.Value) value.Value {
	vs = slices.Clone(vs)
	order.Sort(vs, value.Compare)
	return value.List(slices.CompactFunc(vs, value.Equal)...)
}

// within reports whether b is a or more, as plan.Type.Ordered has it; of a type
// without an order, whether they are the same.
func within(t plan.Type, a, b value.Value) bool {
	switch {
	case a.IsNil() || b.IsNil():
		return a.IsNil()
	case t.Kind == plan.KindSet:
		return value.Equal(join(t, a, b), b)
	case t.Ordered():
		return value.Compare(a, b) <= 0
	}
	return value.Equal(a, b)
}

// join is the least that is a and b or more, of a type with an order.
func join(t plan.Type, a, b value.Value) value.Value {
	switch {
	case a.IsNil():
		return b
	case b.IsNil():
		return a
	case t.Kind == plan.KindSet:
		return setOf(append(slices.Clone(a.Elems()), b.Elems()...))
	case value.Compare(a, b) < 0:
		return b
	}
	return a
}

// reduced lists values of a type that are smaller than v, the smallest first.
func reduced(t plan.Type, v value.Value) []value.Value {
	if t.Kind == plan.KindMaybe && !v.IsNil() {
		return append([]value.Value{value.Nil}, reduced(t.Element(), v)...)
	}
	switch v.Kind() {
	case value.KindNil:
		return nil
	case value.KindBool:
		if v.AsBool() {
			return []value.Value{value.Bool(false)}
		}
		return nil
	case value.KindInt:
		return smallerInts(v.AsInt())
	case value.KindFloat:
		if v.AsFloat() != 0 {
			return []value.Value{value.Float(0)}
		}
		return nil
	case value.KindString, value.KindSymbol:
		return nil
	}
	return reducedElems(t, v)
}

// smallerInts are nearer to zero, or not negative.
func smallerInts(n int64) []value.Value {
	switch {
	case n == 0:
		return nil
	case n < 0:
		return []value.Value{value.Int(0), value.Int(-n), value.Int(n / 2), value.Int(n + 1)}
	}
	return []value.Value{value.Int(0), value.Int(n / 2), value.Int(n - 1)}
}

// reducedTogether makes two collections smaller by one or two elements that both have.
func reducedTogether(t plan.Type, a, b value.Value) (list [][2]value.Value) {
	if t.Kind != plan.KindSet {
		return nil
	}
	common := slices.DeleteFunc(slices.Clone(a.Elems()), func(e value.Value) bool { return !has(b.Elems(), e) })
	for _, gone := range oneOrTwo(common) {
		list = append(list, [2]value.Value{without(a, gone), without(b, gone)})
	}
	return list
}

// oneOrTwo lists the choices of one element or two: what depends on whether a
// number is even stays as it is when two leave.
func oneOrTwo(elems []value.Value) (list [][]value.Value) {
	for i := range elems {
		list = append(list, elems[i:i+1])
	}
	for i, e := range elems {
		for _, f := range elems[:i] {
			list = append(list, []value.Value{e, f})
		}
	}
	return list
}

func has(vs []value.Value, v value.Value) bool {
	return slices.ContainsFunc(vs, func(other value.Value) bool { return value.Equal(v, other) })
}

func without(list value.Value, gone []value.Value) value.Value {
	return value.List(slices.DeleteFunc(slices.Clone(list.Elems()), func(e value.Value) bool { return has(gone, e) })...)
}

// reducedElems leaves out elements of a list, or makes one smaller.
func reducedElems(t plan.Type, v value.Value) []value.Value {
	var list []value.Value
	elems := v.Elems()
	if t.Kind == plan.KindList || t.Kind == plan.KindSet {
		for _, gone := range oneOrTwo(elems) {
			list = append(list, without(v, gone))
		}
	}
	for i, e := range elems {
		for _, smaller := range reduced(elementType(t, i), e) {
			list = append(list, rebuilt(t, replaced(elems, i, smaller)))
		}
	}
	return list
}

func elementType(t plan.Type, i int) plan.Type {
	switch t.Kind {
	case plan.KindTuple:
		return t.Args[i]
	case plan.KindRecord:
		return t.Fields[i].Type
	}
	return t.Element()
}

func rebuilt(t plan.Type, elems []value.Value) value.Value {
	switch t.Kind {
	case plan.KindTuple:
		return value.Tuple(elems...)
	case plan.KindRecord:
		return value.Record(elems...)
	case plan.KindSet:
		return setOf(elems)
	}
	return value.List(elems...)
}

// show writes a value of a type, as a program would.
func show(t plan.Type, v value.Value) string {
	if t.Kind == plan.KindMaybe {
		t = t.Element()
	}
	switch v.Kind() {
	case value.KindNil:
		return "nil"
	case value.KindBool:
		return strconv.FormatBool(v.AsBool())
	case value.KindInt:
		return strconv.FormatInt(v.AsInt(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.AsFloat(), 'g', -1, 64)
	case value.KindString:
		return strconv.Quote(v.AsString())
	case value.KindSymbol:
		return ":" + v.AsString()
	}
	text, opening, closing := "", "[", "]"
	switch t.Kind {
	case plan.KindTuple:
		opening, closing = "(", ")"
	case plan.KindRecord:
		opening, closing = "{ ", " }"
	}
	for i, e := range v.Elems() {
		if i > 0 {
			text += ", "
		}
		if t.Kind == plan.KindRecord {
			text += t.Fields[i].Name + ": "
		}
		text += show(elementType(t, i), e)
	}
	return opening + text + closing
}
