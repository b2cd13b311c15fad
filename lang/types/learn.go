package types

import (
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// learned is what the uses of a database say about the types nobody wrote.
type learned struct {
	elem  plan.Type // what is put into it, if hasElem
	dims  []plan.Type
	known []bool // beside dims: whether a use said something

	hasElem bool
	misfit  token.Span // what is put into it and does not fit the type that is locked
}

// learnElement notes that a value of type t is put into the database.
func (c *checker) learnElement(db int, t plan.Type) {
	l := &c.learned[db]
	if absorbs(t) || !isPlain(t) {
		return
	}
	if !l.hasElem {
		l.elem, l.hasElem = t, true
		return
	}
	if u, ok := l.elem.Unify(t); ok {
		l.elem = u
	}
}

// learnDim notes that the database is asked for with a key of type t. Types
// that do not go together keep the first; the last pass writes the letter.
func (c *checker) learnDim(db, dim int, t plan.Type) {
	l := &c.learned[db]
	if absorbs(t) || !isPlain(t) {
		return
	}
	if !l.known[dim] {
		l.dims[dim], l.known[dim] = t, true
		return
	}
	if u, ok := l.dims[dim].Unify(t); ok {
		l.dims[dim] = u
	}
}

// adopt moves what was learned into the databases and reports whether that
// changed anything.
func (c *checker) adopt() bool {
	changed := false
	set := func(t *plan.Type, to plan.Type) {
		if !t.Equal(to) {
			*t, changed = to, true
		}
	}
	for i := range c.stored {
		db, l := &c.stored[i], c.learned[i]
		if l.hasElem && c.untyped(i) {
			set(&db.Lattice.Args[0], l.elem)
		}
		for j := range db.Dims {
			if l.known[j] {
				set(&db.Dims[j].Type, l.dims[j])
			}
		}
	}
	for _, f := range c.filled {
		c.likeOwn(f)
	}
	return changed
}

// untyped reports whether the database's element type is to be learned.
func (c *checker) untyped(db int) bool {
	return c.owners[db].Decl.Type == nil && !c.hidden[db] && len(c.stored[db].Lattice.Args) == 1
}

// settle gives what no use told: an element is any, and a key is an id.
func (c *checker) settle() {
	for i := range c.stored {
		db := &c.stored[i]
		c.keepBefore(i)
		if c.untyped(i) && absorbs(db.Lattice.Args[0]) {
			db.Lattice.Args[0] = plan.Any
		}
		for j := range db.Dims {
			if absorbs(db.Dims[j].Type) {
				db.Dims[j].Type = plan.ID
			}
		}
	}
	for _, f := range c.filled {
		c.likeOwn(f)
	}
}
