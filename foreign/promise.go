package foreign

import (
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// What a program promises of a function is tried out on examples, before
// anything relies on it. None that breaks it proves nothing; one that does is
// shown, as small as it was found to be (property-based testing: K. Claessen
// and J. Hughes, "QuickCheck", ICFP 2000; of promises about distributed
// functions: G. Zakhour et al., "Type-Checking CRDT Convergence", PLDI 2023).

// Promises, as a program writes them.
const (
	Monotone   = "monotone"   // where each argument grows or stays, so does the result
	Mergeable  = "mergeable"  // of an argument that is joined of two, the result is joined of their results
	Idempotent = "idempotent" // asked twice, it answers the same
)

// Bounds of a Trial.
const (
	examplesMax = 150 // of one promise
	shrinksMax  = 300 // examples that are tried to make a witness smaller
)

// Trial is a function on trial: Call calls it, which must have no effect. More
// is asked before each example, and ends the trial; nil: never.
type Trial struct {
	Import *plan.Import
	Call   func(args []value.Value) (value.Value, error)
	More   func() bool
}

// Broken is a promise that does not hold, and what shows it: a sentence.
type Broken struct{ Promise, Witness string }

func (b *Broken) Error() string {
	return "it is promised to be :" + b.Promise + ", and is not: " + b.Witness
}

// Test looks for a promise of the function, among those named, that does not
// hold; nil: none was found. A call that fails, or gives no value of its type,
// shows nothing, but where the same call gives a value. The same function has
// the same examples everywhere: at most 150 for each promise, of at most three
// calls, and twice that to make the one that is shown small.
func (t Trial) Test(promises ...string) *Broken {
	for _, promise := range t.Import.Promises {
		for _, p := range promises {
			if p != promise {
				continue
			}
			if witness := t.test(promise); witness != "" {
				return &Broken{promise, witness}
			}
		}
	}
	return nil
}

// example is arguments that a promise is tried on. a and b are alike but at
// the place at; of a promise about growing they may differ everywhere.
type example struct {
	a, b []value.Value
	at   int
}

func (t Trial) test(promise string) string {
	die := rand.New(rand.NewPCG(11, uint64(len(t.Import.Params))))
	for n := range examplesMax {
		if !t.more() {
			return ""
		}
		x, ok := t.example(die, promise, n)
		if !ok {
			return ""
		}
		if witness := t.breaks(promise, x); witness != "" {
			return t.shrunk(promise, x, witness)
		}
	}
	return ""
}

func (t Trial) more() bool { return t.More == nil || t.More() }

// example makes the n-th example; there is none where no argument can be joined.
func (t Trial) example(die *rand.Rand, promise string, n int) (x example, ok bool) {
	var places []int
	for i, p := range t.Import.Params {
		x.a = append(x.a, generate(die, p.Type))
		if p.Type.Ordered() {
			places = append(places, i)
		}
	}
	x.b = append(x.b, x.a...)
	switch {
	case promise == Idempotent:
		return x, true
	case len(places) == 0:
		return x, false
	}
	x.at = places[n%len(places)]
	if promise == Mergeable {
		x.b[x.at] = generate(die, t.Import.Params[x.at].Type)
		return x, true
	}
	for _, i := range places {
		if i == x.at || die.IntN(3) == 0 {
			x.b[i] = join(t.Import.Params[i].Type, x.a[i], generate(die, t.Import.Params[i].Type))
		}
	}
	return x, true
}

// breaks says in which way an example breaks a promise; "" where it does not.
func (t Trial) breaks(promise string, x example) string {
	a, isThere := t.give(x.a)
	if promise == Idempotent {
		again, isAgain := t.give(x.a)
		if isThere == isAgain && value.Equal(a, again) {
			return ""
		}
		return t.said(x.a, a, isThere) + ", and asked again " + t.shown(again, isAgain)
	}
	b, isOther := t.give(x.b)
	if !isThere || !isOther {
		return ""
	}
	result := t.Import.Result
	if promise == Monotone {
		if within(result, a, b) {
			return ""
		}
		return t.said(x.a, a, true) + ", and " + t.said(x.b, b, true) + ", which is not as much or more" + unordered(result)
	}
	both := append([]value.Value(nil), x.a...)
	both[x.at] = join(t.Import.Params[x.at].Type, x.a[x.at], x.b[x.at])
	c, isJoined := t.give(both)
	switch {
	case !isJoined:
		return ""
	case !result.Ordered() && value.Equal(a, b) && value.Equal(b, c):
		return ""
	case result.Ordered() && value.Equal(join(result, a, b), c):
		return ""
	}
	return t.said(x.a, a, true) + ", " + t.said(x.b, b, true) + ", and of both " + t.said(both, c, true) + t.instead(a, b)
}

// instead says what the result of what was joined should have been.
func (t Trial) instead(a, b value.Value) string {
	if !t.Import.Result.Ordered() {
		return unordered(t.Import.Result)
	}
	return " instead of " + show(t.Import.Result, join(t.Import.Result, a, b))
}

func unordered(t plan.Type) string {
	if t.Ordered() {
		return ""
	}
	return " (" + t.Label() + " has no order: it can only stay the same)"
}

// give calls the function. A collection comes back ascending, each element once.
func (t Trial) give(args []value.Value) (v value.Value, ok bool) {
	v, err := t.Call(args)
	if err != nil || !v.IsNil() && !t.Import.Result.Takes(v) {
		return value.Nil, false
	}
	if t.Import.Result.Kind == plan.KindSet {
		return setOf(v.Elems()), true
	}
	return v, true
}

// shrunk makes the example that broke a promise smaller while it breaks it,
// and returns its witness.
func (t Trial) shrunk(promise string, x example, witness string) string {
	left := shrinksMax
	for next := true; next; {
		next = false
		for _, y := range t.smaller(promise, x) {
			if left--; left < 0 || !t.more() {
				return witness
			}
			if w := t.breaks(promise, y); w != "" {
				x, witness, next = y, w, true
				break
			}
		}
	}
	return witness
}

// smaller lists examples for a promise that are smaller in one value.
func (t Trial) smaller(promise string, x example) []example {
	var list []example
	for i, p := range t.Import.Params {
		isOne := value.Equal(x.a[i], x.b[i])
		for _, v := range reduced(p.Type, x.a[i]) {
			switch {
			case isOne:
				list = append(list, example{replaced(x.a, i, v), replaced(x.b, i, v), x.at})
			case promise != Monotone || within(p.Type, v, x.b[i]):
				list = append(list, example{replaced(x.a, i, v), x.b, x.at})
			}
		}
		if isOne {
			continue
		}
		for _, v := range reducedTogether(p.Type, x.a[i], x.b[i]) {
			list = append(list, example{replaced(x.a, i, v[0]), replaced(x.b, i, v[1]), x.at})
		}
		for _, v := range reduced(p.Type, x.b[i]) {
			if promise != Monotone || within(p.Type, x.a[i], v) {
				list = append(list, example{x.a, replaced(x.b, i, v), x.at})
			}
		}
	}
	return list
}

func replaced(vs []value.Value, i int, v value.Value) []value.Value {
	vs = append([]value.Value(nil), vs...)
	vs[i] = v
	return vs
}

// said writes a call and what came of it.
func (t Trial) said(args []value.Value, v value.Value, isThere bool) string {
	text := t.Import.Name + "("
	for i, arg := range args {
		if i > 0 {
			text += ", "
		}
		text += show(t.Import.Params[i].Type, arg)
	}
	return text + ") is " + t.shown(v, isThere)
}

func (t Trial) shown(v value.Value, isThere bool) string {
	if !isThere {
		return "no value"
	}
	return show(t.Import.Result, v)
}
