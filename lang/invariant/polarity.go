package invariant

import (
	"slices"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Fault is a wrong polarity that a test plants, to see that the oracle finds it.
type Fault uint8

// The faults, one per rule.
const (
	NoFault        Fault = iota
	DecRaises            // a dec is taken for an inc
	IncLowers            // an inc is taken for a dec
	AddKeepsSize         // an add leaves the size of a set as it was
	RemoveKeeps          // a removal takes nothing away
	OffKeeps             // an off turns nothing off
	EqualMayGrow         // an equality bears an inc
	SumsMayPart          // a transfer may be written in two commits
	TwinsMayPart         // two equal registers may be set apart
	ChosenIsUnique       // what users choose is unique
	BothMayTurn          // two literals of a clause may turn false at once
	BoundsMerge          // two sums within a bound merge to one within it
	SetIsHarmless        // a set of a register changes nothing
)

// judge decides of one invariant.
type judge struct {
	p      *plan.Program
	writes []*write
	fault  Fault
	isMany bool // the invariant ranges over elements: a sum that none of them has is not kept
}

// moves says how a write may change a term: up, down, or both.
func (j *judge) moves(w *write, t *term) (raises, lowers bool) {
	if !w.mayMeet(t) {
		return false, false
	}
	if w.verb == "" {
		return t.reading == number || t.reading == register, true
	}
	if t.field >= 0 && (j.fault == ChosenIsUnique && w.verb == "add" || t.field < len(w.isFresh) && w.isFresh[t.field]) {
		return false, false // an element whose value nobody else has
	}
	if j.fault == AddKeepsSize && t.reading == size && w.verb == "add" {
		return false, false
	}
	switch w.verb {
	case "inc":
		return j.fault != IncLowers || t.isKeys, j.fault == IncLowers && !t.isKeys
	case "dec":
		isUp := t.isKeys || j.fault == DecRaises
		return isUp, !isUp
	case "add", "append", "on":
		return true, false
	case "remove":
		return false, j.fault != RemoveKeeps
	case "off":
		return false, j.fault != OffKeeps
	case "set":
		is := j.fault != SetIsHarmless
		return is, is && !t.isKeys
	}
	return true, true
}

// mayBreak reports whether a write may turn a literal false.
func (j *judge) mayBreak(w *write, l *literal) bool {
	switch l.sort {
	case constant:
		return false
	case truth:
		raises, lowers := j.moves(w, l.terms[0])
		return l.isNot && raises || !l.isNot && lowers
	case predicate:
		return j.changes(w, l.terms[0]) && !j.staysTrue(w, l)
	case twins:
		return (j.changes(w, l.terms[0]) || j.changes(w, l.terms[1])) && j.fault != TwinsMayPart && !j.isTwinned(w.group, l)
	case bound:
		return j.pushes(w, l) && !j.isBalanced(w.group, l) && !j.isDecided(l)
	}
	return true
}

func (j *judge) changes(w *write, t *term) bool {
	raises, lowers := j.moves(w, t)
	return raises || lowers
}

// staysTrue reports whether a predicate holds of what a write leaves, for certain.
func (j *judge) staysTrue(w *write, l *literal) bool {
	v := value.Nil
	if w.stmt == nil {
		return false
	}
	if w.arg != nil {
		constant, ok := fold(w.arg, nil)
		if !ok {
			return false
		}
		v = constant
	}
	is, ok := l.of(v)
	return ok && is
}

// of computes a predicate where its register is v.
func (l *literal) of(v value.Value) (is, ok bool) {
	got, ok := fold(l.expr, func(e *plan.Expr) (value.Value, bool) { return v, same(e, l.terms[0].expr) })
	return got.AsBool(), ok
}

// pushes reports whether a write alone may push a sum the wrong way.
func (j *judge) pushes(w *write, l *literal) bool {
	for i, t := range l.terms {
		raises, lowers := j.moves(w, t)
		if j.fault == EqualMayGrow && l.rel != atLeast {
			raises = false
		}
		if l.coef[i] < 0 {
			raises, lowers = lowers, raises
		}
		if lowers || raises && l.rel != atLeast {
			return true
		}
	}
	return false
}

// closed reports whether a literal that holds at two replicas holds after
// their merge, as far as it can be told by itself.
func (j *judge) closed(l *literal) bool {
	switch l.sort {
	case truth: // what adds is checked, where removals win too: an addition that a merge shows was shown where it was made
		return l.isNot
	case predicate: // the merge reads what one of the two reads
		return !slices.ContainsFunc(j.writes, func(w *write) bool { return w.verb == "" && w.mayMeet(l.terms[0]) })
	case bound:
		return j.fault == BoundsMerge || !j.isMany && j.isStuck(l)
	}
	return false
}

// moving lists the literals of a clause that some write may turn false.
func (j *judge) moving(c clause) []*literal {
	var ls []*literal
	for _, l := range c {
		if slices.ContainsFunc(j.writes, func(w *write) bool { return j.mayBreak(w, l) }) {
			ls = append(ls, l)
		}
	}
	return ls
}

// free decides whether a clause holds at every replica where each checks its
// own writes alone: a literal that no write turns false keeps it once it
// holds, and if only one other can turn, that one was checked on both sides of
// every merge. It returns the literal that is to be checked, nil if none is.
func (j *judge) free(c clause) (watched *literal, ok bool) {
	moving := j.moving(c)
	switch {
	case len(moving) == 0, slices.ContainsFunc(c, func(l *literal) bool { return j.holdsFromStart(l) && !slices.Contains(moving, l) }):
		return nil, true
	case slices.ContainsFunc(j.writes, func(w *write) bool {
		return w.stmt == nil && slices.ContainsFunc(moving, func(l *literal) bool { return j.mayBreak(w, l) })
	}):
		return nil, false // who could check it?
	case len(moving) == 1 && j.closed(moving[0]):
		return moving[0], true
	case j.fault == BothMayTurn && len(moving) == 2 && j.closed(moving[0]) && j.closed(moving[1]):
		return moving[0], true
	}
	return nil, false
}

// isBalanced reports whether the writes of a block together push a sum the
// right way, or for an equality not at all, at every key. It looks for equal
// amounts at equal keys.
func (j *judge) isBalanced(g *group, l *literal) bool {
	var at []*balance
	for _, w := range g.writes {
		for i, t := range l.terms {
			if !w.mayMeet(t) {
				continue
			}
			by := l.coef[i]
			switch {
			case t.reading != number || w.stmt == nil || w.verb == "" || !j.isSure(w, t, l):
				return false
			case w.verb == "dec" && j.fault != DecRaises:
				by = -by
			}
			keys := w.keys
			if !l.hasOneKey() {
				keys = nil // all of them are constants
			}
			at = put(at, keys, w.arg, by)
		}
	}
	for _, b := range at {
		if j.fault != SumsMayPart && !b.holds(l.rel) {
			return false
		}
	}
	return true
}

// isSure reports whether a write is at the term's key for certain, where it is
// at any instance of the invariant: all terms have one key, or all keys are constants.
func (j *judge) isSure(w *write, t *term, l *literal) bool {
	return l.hasOneKey() || !slices.ContainsFunc(pairs(t.keys, w.keys), func(p [2]*plan.Expr) bool {
		a, okA := fold(p[0], nil)
		b, okB := fold(p[1], nil)
		return !okA || !okB || !value.Equal(a, b)
	})
}

// hasOneKey reports whether all terms have the same key, each in a database of its own.
func (l *literal) hasOneKey() bool {
	for i, t := range l.terms {
		if !sameAll(t.keys, l.terms[0].keys) || slices.ContainsFunc(l.terms[:i], func(o *term) bool { return o.dbs[0] == t.dbs[0] }) {
			return false
		}
	}
	return true
}

func sameAll(a, b []*plan.Expr) bool {
	return slices.EqualFunc(a, b, same)
}

// balance sums up what a block does at one key: a constant, and amounts that
// are only known to be equal or not.
type balance struct {
	keys    []*plan.Expr
	known   int64
	amounts []*plan.Expr
	by      []int64 // beside amounts
}

// put adds by times an amount to the balance of a key.
func put(at []*balance, keys []*plan.Expr, amount *plan.Expr, by int64) []*balance {
	i := slices.IndexFunc(at, func(b *balance) bool { return sameAll(b.keys, keys) && !slices.ContainsFunc(b.keys, isMoving) })
	if i < 0 {
		i, at = len(at), append(at, &balance{keys: keys})
	}
	b := at[i]
	if v, ok := fold(amount, nil); ok {
		b.known += by * v.AsInt()
		return at
	}
	k := slices.IndexFunc(b.amounts, func(a *plan.Expr) bool { return isStill(a) && same(a, amount) })
	if k < 0 {
		k, b.amounts, b.by = len(b.amounts), append(b.amounts, amount), append(b.by, 0)
	}
	b.by[k] += by
	return at
}

// isStill reports whether an expression is the same each time a run computes it.
func isStill(e *plan.Expr) bool {
	switch e.Op {
	case plan.OpCell, plan.OpDatabase, plan.OpKeys, plan.OpView, plan.OpImport, plan.OpNewID:
		return false
	}
	return !slices.ContainsFunc(e.Args, func(a *plan.Expr) bool { return !isStill(a) }) && (e.Block == nil || isStill(e.Block.Expr))
}

func isMoving(e *plan.Expr) bool { return !isStill(e) }

func (b *balance) holds(rel relation) bool {
	if rel != atLeast {
		return b.known == 0 && !slices.ContainsFunc(b.by, func(n int64) bool { return n != 0 })
	}
	return b.known >= 0 && !slices.ContainsFunc(b.by, func(n int64) bool { return n < 0 })
}

// isTwinned reports whether a block that sets one of two registers sets both,
// at the same keys, to the same.
func (j *judge) isTwinned(g *group, l *literal) bool {
	var sets [2][]*write
	for _, w := range g.writes {
		for i, t := range l.terms {
			if w.mayMeet(t) {
				if w.verb != "set" || !j.isSure(w, t, l) {
					return false
				}
				sets[i] = append(sets[i], w)
			}
		}
	}
	if len(sets[0]) != 1 || len(sets[1]) != 1 {
		return false
	}
	a, b := sets[0][0], sets[1][0]
	return (!l.hasOneKey() || sameAll(a.keys, b.keys)) && !slices.ContainsFunc(a.keys, isMoving) && isStill(a.arg) && same(a.arg, b.arg)
}
