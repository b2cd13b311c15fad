package types

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

// outcome is what a function fills, as far as its result goes: a lattice, a
// record of outcomes, or a map of one.
type outcome struct {
	lattice plan.Type
	fields  []shaped
	key     plan.Type
	inside  *outcome
}

type shaped struct {
	name string
	*outcome
}

// outcomeOf returns the outcome for what is laid out.
func (c *checker) outcomeOf(l *layout) *outcome {
	switch {
	case l.isMap():
		return &outcome{key: l.key, inside: c.outcomeOf(l.inside)}
	case l.isLeaf():
		return &outcome{lattice: c.stored[l.index].Lattice}
	}
	s := &outcome{}
	for _, f := range l.fields {
		s.fields = append(s.fields, shaped{f.name, c.outcomeOf(f.layout)})
	}
	return s
}

// outType reads what a signature fills: a lattice's name, or a record or map of them.
func (c *checker) outType(t syntax.Type) *outcome {
	if r, ok := c.latticeRecord(t); ok && c.hasLattice(r) {
		return c.outRecord(r)
	}
	n, ok := t.(*syntax.NamedType)
	if !ok {
		c.write(diag.Errorf("E512", t.Where(), "what a function fills is a database, so this is a lattice").Hinting("write `out set<T>`"))
		return &outcome{lattice: absorbing}
	}
	if n.Name.Text == "map" && len(n.Args) == 2 {
		return &outcome{key: c.keyType(n.Args[0]), inside: c.outType(n.Args[1])}
	}
	l := c.latticeType(n)
	if !absorbs(l) && !canFill(l) {
		c.write(notFilled(l, n))
		l = absorbing
	}
	return &outcome{lattice: l}
}

func (c *checker) outRecord(r *syntax.RecordType) *outcome {
	var names []plan.Field
	inside := map[string]*outcome{}
	for _, f := range r.Fields {
		names = append(names, plan.Field{Name: f.Name.Text})
		inside[f.Name.Text] = c.outType(f.Type)
	}
	s := &outcome{}
	for _, f := range recordOf(names).Fields { // by name
		s.fields = append(s.fields, shaped{f.Name, inside[f.Name]})
	}
	return s
}

// isLeaf reports whether the outcome is one lattice.
func (s *outcome) isLeaf() bool { return s.inside == nil && len(s.fields) == 0 }

// result is what a function returns to fill the outcome: a collection, one value,
// or nil for none; of a record that of its fields, and of a map its rows.
func (s *outcome) result() plan.Type {
	switch {
	case s.inside != nil:
		return plan.SetOf(s.row())
	case s.isLeaf():
		return bare(s.lattice.Reading())
	}
	return s.part()
}

// part is what a record has for the outcome: of a collection a list, and nil for
// a register without a value.
func (s *outcome) part() plan.Type {
	t := s.lattice.Reading()
	switch {
	case s.inside != nil:
		return listOf(s.row())
	case s.isLeaf() && isCollection(t):
		return listOf(t.Element())
	case s.isLeaf():
		return t
	}
	t = plan.Type{Kind: plan.KindRecord}
	for _, f := range s.fields {
		t.Fields = append(t.Fields, plan.Field{Name: f.name, Type: f.part()})
	}
	return t
}

// row is one of a map's rows: its keys, those of maps in it, and what is there:
// of a collection an element.
func (s *outcome) row() plan.Type {
	var parts []plan.Type
	for ; s.inside != nil; s = s.inside {
		parts = append(parts, s.key)
	}
	switch t := s.lattice.Reading(); {
	case !s.isLeaf():
		parts = append(parts, s.part())
	case isCollection(t):
		parts = append(parts, t.Element())
	default:
		parts = append(parts, bare(t))
	}
	return plan.TupleOf(parts...)
}

// cells are the cells of a function in what is laid out, each with the way to
// what it takes of the result.
func (l *layout) cells(name string, way []int) []plan.Cell {
	depth := 0
	for ; l.isMap(); l = l.inside {
		depth++
	}
	if depth > 0 {
		way = append(way[:len(way):len(way)], -depth)
	}
	if l.isLeaf() {
		return []plan.Cell{{Database: l.filled.cells[name], Path: way}}
	}
	var cells []plan.Cell
	for i, f := range l.fields {
		cells = append(cells, f.cells(name, append(way[:len(way):len(way)], i))...)
	}
	return cells
}
