package browser

import (
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/plan"
)

// runs is where an event takes place, as protocol.ts has it.
type runs string

const (
	runsHere   runs = "here"
	runsHome   runs = "home"
	runsSerial runs = "serial"
	runsSaga   runs = "saga"
)

// runsOf says where an event that a role may raise takes place.
func runsOf(p *plan.Program, role, event string) runs {
	for i := range p.Handlers {
		handler := &p.Handlers[i]
		if handler.Event != event || !plan.Runs(handler.At, role) {
			continue
		}
		switch stmt, isAtomic := handler.Atomic(); {
		case handler.Home:
			return runsHome
		case isAtomic && stmt.Op == plan.StmtSaga:
			return runsSaga
		case isAtomic:
			return runsSerial
		}
	}
	return runsHere
}

// appendSchema appends what the program has at a role as JSON, as protocol.ts
// describes it.
func appendSchema(b []byte, p *plan.Program, role string, params func(event string) ([]plan.Param, bool)) []byte {
	b = append(b, `{"databases":[`...)
	n := 0
	for i := range p.Databases {
		d := &p.Databases[i]
		if !plan.IsLocked(d.Name) && d.Name != "users" || !plan.Runs(d.At, role) {
			continue
		}
		b = comma(b, &n)
		b = jsonvalue.AppendString(append(b, `{"name":`...), d.Name)
		b = jsonvalue.AppendString(append(b, `,"lattice":`...), d.Lattice.String())
		b = appendForm(b, d.Dims, d.Lattice.Reading(), d.Scalar())
	}
	b, n = append(b, `],"views":[`...), 0
	for i := range p.Views {
		v := &p.Views[i]
		if !plan.Runs(v.At, role) {
			continue
		}
		t := v.Expr.Type
		if len(v.Keys) > 0 {
			t = v.Value
		}
		b = comma(b, &n)
		b = jsonvalue.AppendString(append(b, `{"name":`...), v.Name)
		b = appendForm(b, v.Keys, t, t.Kind != plan.KindSet)
	}
	b, n = append(b, `],"events":[`...), 0
	for i := range p.Handlers {
		handler := &p.Handlers[i]
		takes, ok := params(handler.Event)
		if !ok || !plan.Runs(handler.At, role) {
			continue
		}
		b = comma(b, &n)
		b = jsonvalue.AppendString(append(b, `{"name":`...), handler.Event)
		b = append(b, `,"params":[`...)
		for j, param := range takes {
			b = appendParam(b, j, param.Name, param.Type)
		}
		b = jsonvalue.AppendString(append(b, `],"runs":`...), string(runsOf(p, role, handler.Event)))
		b = append(b, '}')
	}
	return append(b, `]}`...)
}

func comma(b []byte, n *int) []byte {
	if *n++; *n > 1 {
		return append(b, ',')
	}
	return b
}

// appendForm appends how a database or a view reads, and ends its object.
func appendForm(b []byte, keys []plan.Dim, t plan.Type, isScalar bool) []byte {
	b = append(b, `,"keys":[`...)
	for i, k := range keys {
		b = appendParam(b, i, k.Name, k.Type)
	}
	b = appendType(append(b, `],"type":`...), t)
	if isScalar {
		return append(b, `,"isScalar":true}`...)
	}
	return append(b, `,"isScalar":false}`...)
}

func appendParam(b []byte, i int, name string, t plan.Type) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = jsonvalue.AppendString(append(b, `{"name":`...), name)
	return append(appendType(append(b, `,"type":`...), t), '}')
}

// plainKinds are the names of types without parts.
var plainKinds = map[plan.Kind]string{
	plan.KindNil: "nil", plan.KindBool: "bool", plan.KindInt: "int", plan.KindNat: "nat", plan.KindFloat: "float",
	plan.KindString: "string", plan.KindSymbol: "symbol", plan.KindID: "id", plan.KindTime: "time",
}

func appendType(b []byte, t plan.Type) []byte {
	switch t.Kind {
	case plan.KindList, plan.KindSet, plan.KindMaybe:
		kind := map[plan.Kind]string{plan.KindList: "list", plan.KindSet: "set", plan.KindMaybe: "maybe"}[t.Kind]
		b = appendType(append(b, `{"kind":"`+kind+`","of":`...), t.Args[0])
	case plan.KindTuple:
		b = append(b, `{"kind":"tuple","of":[`...)
		for i, of := range t.Args {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendType(b, of)
		}
		b = append(b, ']')
	case plan.KindRecord:
		b = append(b, `{"kind":"record","fields":[`...)
		for i, f := range t.Fields {
			b = appendParam(b, i, f.Name, f.Type)
		}
		b = append(b, ']')
	default:
		kind, ok := plainKinds[t.Kind]
		if !ok {
			kind = "any"
		}
		b = append(b, `{"kind":"`+kind+`"`...)
	}
	return append(b, '}')
}
