package invariant

import "github.com/martinelli-lang/martinelli/plan"

// Where all writes of the program push a sum the same way, it is known from
// where it starts: all counters and sizes are 0 before anything is written.

// drift says which ways the writes of the program may push the sum of a bound.
func (j *judge) drift(l *literal) (isUp, isDown bool) {
	if l.isDrift {
		return l.isUp, l.isDown
	}
	for _, w := range j.writes {
		for i, t := range l.terms {
			raises, lowers := j.moves(w, t)
			if l.coef[i] < 0 {
				raises, lowers = lowers, raises
			}
			isUp, isDown = isUp || raises, isDown || lowers
		}
	}
	l.isDrift, l.isUp, l.isDown = true, isUp, isDown
	return isUp, isDown
}

// isStuck reports whether a sum stands at its bound from the start and each
// commit that keeps the bound leaves it there, and so does their merge: it is
// only pushed one way, or of what is never below 0 there is none.
func (j *judge) isStuck(l *literal) bool {
	isUp, isDown := j.drift(l)
	if l.symbol != nil || l.k != 0 {
		return false
	}
	return l.rel == atLeast && (!isUp || j.isNatural(l, -1)) ||
		l.rel == equal && (isUp != isDown || j.isNatural(l, 1) || j.isNatural(l, -1))
}

// isDecided reports whether no write turns a bound false, though it pushes the
// sum that way: it is false from the start and stays so, or the sum only moves
// away from where it would be false, or is never below 0.
func (j *judge) isDecided(l *literal) bool {
	isUp, isDown := j.drift(l)
	switch {
	case l.symbol != nil:
		return false
	case l.rel == atLeast:
		return l.k > 0 && !isUp || l.k <= 0 && j.isNatural(l, 1)
	case l.rel == equal:
		return l.k > 0 && !isUp || l.k < 0 && !isDown
	}
	return l.k >= 0 && !isUp || l.k <= 0 && !isDown
}

// isNatural reports whether a sum, times sign, is of what is never below 0.
func (j *judge) isNatural(l *literal, sign int64) bool {
	for i, t := range l.terms {
		isCount := t.reading == size || t.reading == number && j.p.Databases[t.dbs[0]].Lattice.Kind == plan.KindGCounter
		if l.coef[i]*sign < 0 || !isCount {
			return false
		}
	}
	return true
}

// holdsFromStart reports whether a literal holds of empty databases, whatever
// the element is. That nothing is in what the invariant ranges over is left
// out: somebody will write the handler that adds to it.
func (j *judge) holdsFromStart(l *literal) bool {
	if l.isSource {
		return false
	}
	v, known := atStart(j.p, l.expr)
	return known && v.AsBool()
}
