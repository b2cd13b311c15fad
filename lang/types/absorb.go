package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
)

// absorbing is the type of what had a letter, or is not yet known in a quiet
// pass. It fits everywhere and nothing is said of it. It never reaches a plan
// that runs, since a letter forbids that.
var absorbing = plan.Type{Kind: 255}

// absorbs reports whether t is absorbing or has it inside.
func absorbs(t plan.Type) bool {
	if t.Kind == absorbing.Kind {
		return true
	}
	for _, a := range t.Args {
		if absorbs(a) {
			return true
		}
	}
	for _, f := range t.Fields {
		if absorbs(f.Type) {
			return true
		}
	}
	return false
}

// bad is the expression that stands where a letter was written.
func bad() *plan.Expr { return &plan.Expr{Op: plan.OpConst, Type: absorbing} }

// typeSizeMax bounds how many nodes a type may have, since types are compared
// and written node by node, and declarations that use each other twice double it each time.
const typeSizeMax = 512

// size counts the nodes of t, up to a little over typeSizeMax.
func size(t plan.Type) int {
	n := 1
	for _, a := range t.Args {
		if n > typeSizeMax {
			return n
		}
		n += size(a)
	}
	for _, f := range t.Fields {
		if n > typeSizeMax {
			return n
		}
		n += size(f.Type)
	}
	return n
}

// depth counts the levels of t.
func depth(t plan.Type) int {
	n := 0
	for _, a := range t.Args {
		n = max(n, depth(a))
	}
	for _, f := range t.Fields {
		n = max(n, depth(f.Type))
	}
	return n + 1
}

func isInteger(t plan.Type) bool {
	return t.Kind == plan.KindInt || t.Kind == plan.KindNat || t.Kind == plan.KindTime
}

func isNumber(t plan.Type) bool { return isInteger(t) || t.Kind == plan.KindFloat }

func isText(t plan.Type) bool { return t.Kind == plan.KindString || t.Kind == plan.KindID }

func isCollection(t plan.Type) bool { return t.Kind == plan.KindSet }

// isPlain reports whether a value of type t may be an element or an argument.
func isPlain(t plan.Type) bool {
	if t.Kind == plan.KindSet || t.IsLattice() && t.Kind != absorbing.Kind {
		return false
	}
	for _, a := range t.Args {
		if !isPlain(a) {
			return false
		}
	}
	for _, f := range t.Fields {
		if !isPlain(f.Type) {
			return false
		}
	}
	return true
}

// widened returns t with int for nat in all its parts: what a value may be that
// is only compared with a t, or stands beside one.
func widened(t plan.Type) plan.Type {
	if t.Kind == plan.KindNat {
		return plan.Int
	}
	t.Args, t.Fields = slices.Clone(t.Args), slices.Clone(t.Fields)
	for i, a := range t.Args {
		t.Args[i] = widened(a)
	}
	for i, f := range t.Fields {
		t.Fields[i].Type = widened(f.Type)
	}
	return t
}

// bare returns t without its "or nil".
func bare(t plan.Type) plan.Type {
	if t.Kind == plan.KindMaybe {
		return t.Element()
	}
	return t
}
