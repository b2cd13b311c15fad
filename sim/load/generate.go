package load

import (
	"math/rand/v2"
	"strconv"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Event is one raise: an event's name without "on_", and its arguments.
type Event struct {
	Name string
	Args []value.Value
}

// Generator makes events for one node from the types of the handlers it runs.
// Ids, strings and symbols come from small pools, so that nodes meet at the
// same keys and equal elements are added and removed again.
type Generator struct {
	Program *plan.Program
	Role    string // whose handlers
	User    string // who raises, where the role binds a dimension
	Die     *rand.Rand
}

// Next returns the next event; false where the role has no handler.
func (g Generator) Next() (Event, bool) {
	handlers := Handlers(g.Program, g.Role)
	if len(handlers) == 0 {
		return Event{}, false
	}
	h := handlers[g.Die.IntN(len(handlers))]
	e := Event{Name: h.Event}
	for _, p := range h.Params {
		e.Args = append(e.Args, g.argument(p))
	}
	return e, true
}

// Handlers returns the handlers that the role runs, in the program's order.
func Handlers(p *plan.Program, role string) (list []*plan.Handler) {
	for i := range p.Handlers {
		if plan.Runs(p.Handlers[i].At, role) {
			list = append(list, &p.Handlers[i])
		}
	}
	return list
}

// argument makes the value of a parameter. One that is named like the role's
// own dimension must be the user: nobody else's data is his to write.
func (g Generator) argument(p plan.Param) value.Value {
	if role, ok := g.Program.Role(g.Role); ok && !role.Trusted() && role.Ambient == p.Name {
		return value.String(g.User)
	}
	return g.Value(p.Type)
}

// The pools. Small ones make nodes collide.
const (
	poolSize = 6
	listMax  = 3
	depthMax = 6
)

// Value makes a value of a plain type.
func (g Generator) Value(t plan.Type) value.Value { return g.value(t, 0) }

func (g Generator) value(t plan.Type, depth int) value.Value {
	switch t.Kind {
	case plan.KindBool:
		return value.Bool(g.Die.IntN(2) == 1)
	case plan.KindInt:
		return value.Int(g.integer())
	case plan.KindNat:
		return value.Int(g.Die.Int64N(10))
	case plan.KindTime:
		return value.Int(g.Die.Int64N(1 << 40))
	case plan.KindFloat:
		return value.Float(float64(g.Die.IntN(64)-32) / 4) // quarters are exact everywhere
	case plan.KindString:
		return value.String(g.word("s"))
	case plan.KindSymbol:
		return value.Symbol(g.word("k"))
	case plan.KindID:
		return value.String(g.word("a"))
	case plan.KindMaybe:
		if g.Die.IntN(4) == 0 {
			return value.Nil
		}
		return g.value(t.Element(), depth+1)
	case plan.KindList:
		return value.List(g.list(t.Element(), depth)...)
	case plan.KindTuple:
		return value.Tuple(g.all(t.Args, depth)...)
	case plan.KindRecord:
		return value.Record(g.fields(t.Fields, depth)...)
	case plan.KindAny:
		return g.value(plain[g.Die.IntN(len(plain))], depth)
	}
	return value.Nil
}

// plain is what a parameter of any type is given.
var plain = []plan.Type{plan.Bool, plan.Int, plan.Float, plan.String}

// integer is small, and now and then at the edge of its range.
func (g Generator) integer() int64 {
	switch g.Die.IntN(64) {
	case 0:
		return 1<<63 - 1
	case 1:
		return -1 << 63
	}
	return g.Die.Int64N(21) - 10
}

func (g Generator) word(prefix string) string {
	return prefix + strconv.Itoa(1+g.Die.IntN(poolSize))
}

func (g Generator) list(t plan.Type, depth int) []value.Value {
	if depth > depthMax {
		return nil
	}
	elems := make([]value.Value, g.Die.IntN(listMax+1))
	for i := range elems {
		elems[i] = g.value(t, depth+1)
	}
	return elems
}

func (g Generator) all(types []plan.Type, depth int) []value.Value {
	elems := make([]value.Value, len(types))
	for i, t := range types {
		elems[i] = g.value(t, depth+1)
	}
	return elems
}

func (g Generator) fields(fields []plan.Field, depth int) []value.Value {
	elems := make([]value.Value, len(fields))
	for i, f := range fields {
		elems[i] = g.value(f.Type, depth+1)
	}
	return elems
}
