package flow

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
)

// A record of lattices is stored field by field, each a database of its own.
// Watched by its own name it is the collection of its keys with their records.

// record returns the expression that stands for a record; false where name is
// none. A map among its fields has keys of its own, and is watched by itself.
func (e *Engine) record(name string) (x *plan.Expr, ok bool, err error) {
	leaves := e.leaves(name)
	if len(leaves) == 0 {
		return nil, false, nil
	}
	dims := e.databases[leaves[0]].decl.Dims
	var keys []*plan.Expr
	var params []int
	for i, d := range dims {
		keys, params = append(keys, &plan.Expr{Op: plan.OpLocal, Index: i, Type: d.Type}), append(params, i)
	}
	for _, i := range leaves {
		if d := e.databases[i].decl; len(d.Dims) != len(dims) {
			return nil, true, Error(name + " is a record with a map in it, whose fields are watched each by itself: " + d.Name)
		}
	}
	row := e.fieldAt(name, keys)
	if len(dims) == 0 {
		return row, true, nil
	}
	types := make([]plan.Type, 0, len(dims)+1)
	for _, d := range dims {
		types = append(types, d.Type)
	}
	row = &plan.Expr{Op: plan.OpTuple, Type: plan.TupleOf(append(types, row.Type)...), Args: append(slices.Clone(keys), row)}
	return &plan.Expr{
		Op: plan.OpMap, Type: plan.SetOf(row.Type), Args: []*plan.Expr{e.keysOf(leaves)},
		Block: &plan.Block{Params: params, Expr: row},
	}, true, nil
}

// leaves returns the databases of a record's fields, and of those of records in it.
func (e *Engine) leaves(name string) (leaves []int) {
	for _, f := range e.program.Fields(name) {
		if i, ok := e.program.Database(name + "." + f); ok {
			leaves = append(leaves, i)
		} else {
			leaves = append(leaves, e.leaves(name+"."+f)...)
		}
	}
	return leaves
}

// fieldAt reads a field at a key: what is stored, or a record of fields.
func (e *Engine) fieldAt(name string, keys []*plan.Expr) *plan.Expr {
	if i, ok := e.program.Database(name); ok {
		return &plan.Expr{Op: plan.OpCell, Index: i, Type: e.program.Databases[i].Lattice.Reading(), Args: keys}
	}
	x := &plan.Expr{Op: plan.OpRecord, Type: plan.Type{Kind: plan.KindRecord}}
	for _, f := range e.program.Fields(name) {
		field := e.fieldAt(name+"."+f, keys)
		x.Type.Fields = append(x.Type.Fields, plan.Field{Name: f, Type: field.Type})
		x.Args = append(x.Args, field)
	}
	return x
}

// keysOf is the collection of the keys that any of the databases has.
func (e *Engine) keysOf(databases []int) (x *plan.Expr) {
	for _, i := range databases {
		keys := &plan.Expr{Op: plan.OpKeys, Index: i, Type: plan.SetOf(e.program.Databases[i].KeyType())}
		if x == nil {
			x = keys
			continue
		}
		x = &plan.Expr{Op: plan.OpUnion, Type: keys.Type, Args: []*plan.Expr{x, keys}}
	}
	return x
}
