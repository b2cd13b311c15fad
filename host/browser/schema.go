package browser

import (
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/plan"
)

// appendSchema appends what the program has at a role as JSON, as protocol.ts
// describes it.
func appendSchema(b []byte, of *plan.Surface) []byte {
	b = append(b, `{"databases":[`...)
	for i := range of.Databases {
		d := &of.Databases[i]
		b = appendName(b, i, d.Name)
		b = jsonvalue.AppendString(append(b, `,"lattice":`...), d.Lattice.String())
		b = appendForm(b, d)
	}
	b = append(b, `],"views":[`...)
	for i := range of.Views {
		b = appendForm(appendName(b, i, of.Views[i].Name), &of.Views[i])
	}
	b = append(b, `],"events":[`...)
	for i, e := range of.Events {
		b = append(appendName(b, i, e.Name), `,"params":[`...)
		for j, param := range e.Params {
			b = appendParam(b, j, param.Name, param.Type)
		}
		b = append(jsonvalue.AppendString(append(b, `],"runs":`...), e.Runs.String()), '}')
	}
	return append(b, `]}`...)
}

// appendName begins the object of what has a name.
func appendName(b []byte, i int, name string) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return jsonvalue.AppendString(append(b, `{"name":`...), name)
}

// appendForm appends how a database or a view reads, and ends its object.
func appendForm(b []byte, m *plan.Member) []byte {
	b = append(b, `,"keys":[`...)
	for i, k := range m.Keys {
		b = appendParam(b, i, k.Name, k.Type)
	}
	b = appendType(append(b, `],"type":`...), m.Type)
	if m.IsScalar {
		return append(b, `,"isScalar":true}`...)
	}
	return append(b, `,"isScalar":false}`...)
}

func appendParam(b []byte, i int, name string, t plan.Type) []byte {
	b = appendName(b, i, name)
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
