package crdt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// of abbreviates types in tests.
func of(lattice string, args ...Type) Type { return Type{Lattice: lattice, Args: args} }

func recordOf(fields ...Field) Type { return Type{Lattice: "record", Fields: fields} }

// String writes a type as a subtest's name.
func (t Type) String() string {
	var inside []string
	for _, a := range t.Args {
		inside = append(inside, a.String())
	}
	for _, f := range t.Fields {
		inside = append(inside, f.Name+":"+f.Type.String())
	}
	if inside == nil {
		return t.Lattice
	}
	return t.Lattice + "(" + strings.Join(inside, ",") + ")"
}

// leaves are the lattices without places inside.
var leaves = []Type{
	of("gset"), of("set"), of("rset"), of("twopset"), of("gcounter"), of("counter"), of("bcounter"),
	of("once"), of("flag"), of("dwflag"), of("lww"), of("mv"), of("max"), of("min"), of("log"),
}

// nests are lattices with others inside; every leaf stands below a map somewhere.
var nests = []Type{
	of("map", of("counter")), of("map", of("set")), of("map", of("lww")), of("map", of("map", of("gcounter"))),
	of("map", recordOf(Field{"a", of("gset")}, Field{"b", of("max")}, Field{"c", of("min")}, Field{"d", of("twopset")})),
	of("map", recordOf(Field{"a", of("once")}, Field{"b", of("flag")}, Field{"c", of("dwflag")})),
	of("map", of("pair", of("rset"), of("mv"))), of("map", of("log")),
	recordOf(Field{"left", of("bcounter")}, Field{"lines", of("map", of("counter"))}, Field{"status", of("lww")}),
	of("pair", of("gset"), of("flag")),
	of("lex", of("gcounter")), of("lex", of("set")), of("lex", of("map", of("counter"))),
}

var types = slices.Concat(leaves, nests)

// call is a verb at a place inside a cell.
type call struct {
	at   []value.Value
	verb string
	arg  value.Value
}

var verbs = map[string][]string{
	"gset": {"add"}, "set": {"add", "remove"}, "rset": {"add", "remove"}, "twopset": {"add", "remove"},
	"gcounter": {"inc"}, "counter": {"inc", "dec"}, "bcounter": {"inc", "dec", "transfer"},
	"once": {"on"}, "flag": {"on", "off"}, "dwflag": {"on", "off"},
	"lww": {"set"}, "mv": {"set"}, "max": {"set"}, "min": {"set"}, "log": {"append"},
	"map": {"remove"}, "lex": {"set"},
}

// calls returns what a test does to a cell of type t, with arguments up to
// argMax: few of them, so that histories meet.
func calls(t Type, argMax int64) []call {
	var own []call
	for _, verb := range verbs[t.Lattice] {
		for n := range argMax {
			own = append(own, call{verb: verb, arg: argument(t.Lattice, verb, n+1)})
		}
	}
	switch t.Lattice {
	case "map":
		inner := calls(t.Args[0], argMax)
		for n := range max(argMax-1, 1) { // fewer keys than elements
			own = append(own, below(value.Int(n+1), inner)...)
		}
		own = append(own, slices.Repeat(own[:argMax], len(inner)/4)...) // let removals be as frequent
	case "record":
		for _, f := range t.Fields {
			own = append(own, below(value.Symbol(f.Name), calls(f.Type, argMax))...)
		}
	case "pair":
		own = append(below(value.Int(0), calls(t.Args[0], argMax)), below(value.Int(1), calls(t.Args[1], argMax))...)
	case "lex":
		own = append(own, below(value.Int(1), calls(t.Args[0], argMax))...)
	}
	return own
}

func argument(lattice, verb string, n int64) value.Value {
	switch {
	case verb == "on", verb == "off":
		return value.Nil
	case verb == "transfer":
		return value.Tuple(value.String(causal.ReplicaID{byte(n)}.String()), value.Int(1))
	}
	return value.Int(n)
}

// below returns calls as those at a place.
func below(place value.Value, inner []call) []call {
	var outer []call
	for _, c := range inner {
		c.at = append([]value.Value{place}, c.at...)
		outer = append(outer, c)
	}
	return outer
}

// op is one call as the naive model knows it.
type op struct {
	call
	key   string
	self  causal.ReplicaID
	stamp causal.Stamp
	id    causal.EntryID // of the entry it added, or would have added
	seen  causal.Vector
	index int // in the list of everything done
}

// saw reports whether o knew of a when it ran: a's part was there, or a ran
// before it in the same part.
func (o op) saw(a op) bool {
	return o.seen.Contains(a.id.Dot) || a.id.Dot == o.id.Dot && a.index < o.index
}

func (o op) item() Item { return Item{ID: o.id, Stamp: o.stamp} }

// model reads a cell of type t from the list of everything that was done to
// it, and says whether there is anything to see. Each lattice is a sentence.
func model(t Type, ops []op) (v value.Value, there bool) {
	switch t.Lattice {
	case "gset": // everything that was ever added
		return elementsWhere(ops, func(op, []op) bool { return true })
	case "set": // an element is in if some add of it was seen by no removal of it
		return elementsWhere(ops, func(add op, same []op) bool {
			return !slices.ContainsFunc(same, func(o op) bool { return o.verb == "remove" && o.saw(add) })
		})
	case "rset": // an element is in if every removal of it was seen by some add
		return elementsWhere(ops, func(_ op, same []op) bool { return allSeen(same, "remove", "add") })
	case "twopset": // an element is in unless it was ever removed
		return elementsWhere(ops, func(_ op, same []op) bool { return !slices.ContainsFunc(same, is("remove")) })
	case "gcounter", "counter", "bcounter": // all increments less all decrements
		return total(ops)
	case "once": // whether anyone ever turned it on
		return reads(len(ops) > 0)
	case "flag": // on if some on was seen by no off
		return reads(slices.ContainsFunc(ops, func(on op) bool {
			return on.verb == "on" && !slices.ContainsFunc(ops, func(o op) bool { return o.verb == "off" && o.saw(on) })
		}))
	case "dwflag": // on if it was turned on, and every off was seen by some on
		return reads(slices.ContainsFunc(ops, is("on")) && allSeen(ops, "off", "on"))
	case "lww", "mv": // of the values that no other set saw, the one with the largest stamp, then dot
		return latest(ops)
	case "max": // the largest that was ever set
		return best(ops, func(a, b value.Value) bool { return value.Compare(a, b) > 0 })
	case "min": // the smallest that was ever set
		return best(ops, func(a, b value.Value) bool { return value.Compare(a, b) < 0 })
	case "log": // everything in the order of stamps, then dots
		return appended(ops)
	}
	return modelOfNest(t, ops)
}

func modelOfNest(t Type, ops []op) (value.Value, bool) {
	switch t.Lattice {
	case "map": // at each key its lattice, of what no removal of the key saw
		return modelOfMap(t.Args[0], ops)
	case "record":
		var names []value.Value
		var ts []Type
		for _, f := range t.Fields {
			names, ts = append(names, value.Symbol(f.Name)), append(ts, f.Type)
		}
		vs, there := modelOfPlaces(names, ts, ops)
		return value.Record(vs...), there
	case "pair":
		vs, there := modelOfPlaces([]value.Value{value.Int(0), value.Int(1)}, t.Args, ops)
		return value.Tuple(vs...), there
	}
	// lex: the largest first part, and of the second part what was done by
	// those who had seen it and no larger one.
	sets := func(o op) bool { return len(o.at) == 0 }
	first, isSet := largestSet(ops, sets)
	second, there := model(t.Args[0], inner(ops, value.Int(1), func(o op) bool {
		under, _ := largestSet(ops, func(s op) bool { return sets(s) && o.saw(s) })
		return value.Equal(under, first)
	}))
	return value.Tuple(first, second), isSet || there
}

func largestSet(ops []op, counts func(op) bool) (value.Value, bool) {
	var which []op
	for _, o := range ops {
		if counts(o) {
			which = append(which, o)
		}
	}
	return best(which, func(a, b value.Value) bool { return value.Compare(a, b) > 0 })
}

func modelOfPlaces(names []value.Value, ts []Type, ops []op) (vs []value.Value, there bool) {
	for i, name := range names {
		v, isThere := model(ts[i], inner(ops, name, func(op) bool { return true }))
		vs, there = append(vs, v), there || isThere
	}
	return vs, there
}

func modelOfMap(t Type, ops []op) (value.Value, bool) {
	var pairs []value.Value
	for n := range int64(9) {
		key := value.Int(n)
		survivors := inner(ops, key, func(o op) bool {
			return !slices.ContainsFunc(ops, func(r op) bool { return len(r.at) == 0 && value.Equal(r.arg, key) && r.saw(o) })
		})
		if v, there := model(t, survivors); there {
			pairs = append(pairs, value.Tuple(key, v))
		}
	}
	return value.List(pairs...), len(pairs) > 0
}

// inner returns the ops at a place, as the cell there knows them.
func inner(ops []op, place value.Value, counts func(op) bool) []op {
	var in []op
	for _, o := range ops {
		if len(o.at) > 0 && value.Equal(o.at[0], place) && counts(o) {
			o.at = o.at[1:]
			in = append(in, o)
		}
	}
	return in
}

func is(verb string) func(op) bool { return func(o op) bool { return o.verb == verb } }

// allSeen reports whether every op of one verb was seen by some op of the other.
func allSeen(ops []op, verb, by string) bool {
	for _, o := range ops {
		if o.verb == verb && !slices.ContainsFunc(ops, func(p op) bool { return p.verb == by && p.saw(o) }) {
			return false
		}
	}
	return true
}

// elementsWhere returns the elements of which some add is in, given all ops on
// the element.
func elementsWhere(ops []op, in func(add op, same []op) bool) (value.Value, bool) {
	byElem := map[string][]op{}
	for _, o := range ops {
		byElem[value.Encode(o.arg)] = append(byElem[value.Encode(o.arg)], o)
	}
	var list []value.Value
	for _, same := range byElem {
		if slices.ContainsFunc(same, func(o op) bool { return o.verb == "add" && in(o, same) }) {
			list = append(list, same[0].arg)
		}
	}
	slices.SortFunc(list, value.Compare)
	return value.List(list...), len(list) > 0
}

func total(ops []op) (value.Value, bool) {
	var sum int64
	for _, o := range ops {
		switch o.verb {
		case "dec":
			sum -= o.arg.AsInt()
		case "inc":
			sum += o.arg.AsInt()
		}
	}
	return value.Int(sum), len(ops) > 0
}

func reads(on bool) (value.Value, bool) { return value.Bool(on), on }

func latest(ops []op) (value.Value, bool) {
	var last *op
	for i, o := range ops {
		overwritten := slices.ContainsFunc(ops, func(p op) bool { return p.saw(o) })
		if !overwritten && (last == nil || o.item().Compare(last.item()) > 0) {
			last = &ops[i]
		}
	}
	if last == nil {
		return value.Nil, false
	}
	return last.arg, true
}

func best(ops []op, better func(a, b value.Value) bool) (value.Value, bool) {
	if len(ops) == 0 {
		return value.Nil, false
	}
	top := ops[0].arg
	for _, o := range ops {
		if better(o.arg, top) {
			top = o.arg
		}
	}
	return top, true
}

func appended(ops []op) (value.Value, bool) {
	inOrder := slices.SortedFunc(slices.Values(ops), func(a, b op) int { return a.item().Compare(b.item()) })
	var list []value.Value
	for _, o := range inOrder {
		list = append(list, o.arg)
	}
	return value.List(list...), len(list) > 0
}

// describe writes all that a cell holds; equal cells have equal descriptions.
func describe(c Cell) string {
	switch c := c.(type) {
	case *root:
		return describe(c.nested)
	case *gcounter:
		return describeTally(&c.tally)
	case *counter:
		return describeTally(&c.tally)
	case *bcounter:
		books := map[string]account{}
		for f, a := range c.books {
			books[fmt.Sprint(f)] = *a
		}
		return fmt.Sprintf("%+v %+v %+v", c.sum, c.rights, books)
	case *mapOf:
		return fmt.Sprintf("%d %v", c.size, describeCells(c.cells))
	case *lex:
		return fmt.Sprintf("%q %v", c.firsts, describeCells(c.reigns))
	case *record:
		return describeProduct(&c.product)
	case *pair:
		return describeProduct(&c.product)
	}
	return fmt.Sprintf("%+v", c)
}

func describeTally(t *tally) string {
	accounts := map[causal.ReplicaID]account{}
	for author, a := range t.authors {
		accounts[author] = *a
	}
	return fmt.Sprintf("%+v %+v", t.sum, accounts)
}

func describeCells(cells map[string]Cell) map[string]string {
	all := map[string]string{}
	for key, c := range cells {
		all[key] = describe(c)
	}
	return all
}

func describeProduct(p *product) string {
	var all []string
	for _, in := range p.places {
		all = append(all, in.name+describe(in.cell))
	}
	return fmt.Sprintf("%q", all)
}
