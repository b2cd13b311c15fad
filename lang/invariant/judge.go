package invariant

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Kind says what keeps an invariant.
type Kind uint8

// What keeps an invariant.
const (
	Free   Kind = iota // its verbs: every replica checks by itself, and nobody waits
	Escrow             // rights that are handed out beforehand
	Serial             // serial blocks at the home of its terms
	Repair             // nothing: it is repaired
	Open               // nothing: the program is refused
)

func (k Kind) String() string { return [...]string{"free", "escrow", "serial", "repair", "open"}[k] }

// Verdict is what was decided of one invariant.
type Verdict struct {
	Index          int // in the program's Invariants
	Kind           Kind
	Shape          string // of the catalogue; "" where it has none
	Why            string
	Database       int        // of Escrow: which of the program's it keeps
	Bound          plan.Bound // of Escrow: within what
	Counterexample string     // two replicas that break what no coordination keeps; "" if none was found
}

// Judgement is what was decided of a program's invariants.
type Judgement struct {
	Verdicts []Verdict
	Letters  []diag.Diagnostic

	typed  *types.Typed
	checks []check
	bounds map[int]plan.Bound // by database: those kept by escrow
}

// check is a literal that the writes of a free invariant may break, and that
// each of them therefore checks.
type check struct {
	index  int
	writes []*write
	normal *normal
	lit    *literal
}

// Judge decides of every invariant of a program that types found no error in.
// Cost: linear in the program for each invariant, and for one that is not free a
// search of at most three times workMax steps.
func Judge(typed *types.Typed) *Judgement { return judgeWith(typed, NoFault) }

// JudgeWith is Judge with a planted fault, for tests that show that it is found.
func JudgeWith(typed *types.Typed, fault Fault) *Judgement { return judgeWith(typed, fault) }

func judgeWith(typed *types.Typed, fault Fault) *Judgement {
	o := &Judgement{typed: typed, bounds: map[int]plan.Bound{}}
	if len(typed.Program.Invariants) == 0 {
		return o
	}
	writes := everyWrite(typed.Program)
	modes := plan.ModesOf(typed.Program)
	for i := range typed.Program.Invariants {
		inv := &typed.Program.Invariants[i]
		c := &opinion{
			judge: judge{p: typed.Program, writes: writes, fault: fault, isMany: inv.Source != nil},
			all:   o, index: i, inv: inv, modes: modes,
			normal: &normal{p: typed.Program, spans: typed.Spans.Exprs},
		}
		o.Verdicts = append(o.Verdicts, c.decide())
	}
	return o
}

// opinion is the deciding of one invariant.
type opinion struct {
	judge
	all     *Judgement
	index   int
	inv     *plan.Invariant
	modes   plan.Modes
	normal  *normal
	clauses []clause // without the literal of the source
	failing clause   // the first that is not free, with the literal of the source
	lists   bool     // whether failing has it
}

func (o *opinion) write(d diag.Diagnostic) { o.all.Letters = append(o.all.Letters, d) }

func (o *opinion) decide() Verdict {
	o.clauses = o.normal.normalize(o.inv)
	v := Verdict{Index: o.index, Shape: o.shape()}
	isFree, checks := o.isFree()
	apart := o.apart()
	switch {
	case o.expires():
		v.Kind, v.Why = Open, "what it speaks of expires"
		return v
	case len(o.inv.Repair) > 0:
		v.Kind, v.Why = Repair, "its repair runs wherever it is seen broken"
		o.judgeRepair()
		return v
	case o.startsBroken():
		v.Kind, v.Why = Open, "it does not hold of empty databases"
		o.write(diag.Errorf("E302", o.at(), "`%s` is broken from the start", o.text()).
			Hinting("it does not hold of empty databases: say for which elements it holds, `|x in xs|`, or how it is repaired, `else ...`"))
		return v
	case apart:
		v.Kind, v.Why = Open, "its terms live in several spaces"
		return v
	case isFree:
		v.Kind, v.Why = Free, o.whyFree(checks)
		o.all.checks = append(o.all.checks, checks...)
		return v
	}
	v.Counterexample = o.search()
	v.Why = o.whyNot()
	switch o.inv.Keep {
	case plan.KeepEscrow:
		v.Kind = Escrow
		if o.judgeEscrow(); o.isRights() {
			v.Database, v.Bound = o.terms()[0].dbs[0], o.boundOfRights()
		}
	case plan.KeepSerial:
		v.Kind = Serial
		o.judgeSerial()
	default:
		v.Kind = Open
		o.writeOpen(v)
	}
	return v
}

// expires writes the letter about an invariant over what goes by itself.
func (o *opinion) expires() bool {
	for _, i := range o.reads() {
		if db := &o.p.Databases[i]; db.Expires > 0 {
			o.write(diag.Errorf("E309", o.at(), "no invariant keeps what expires").
				Since(token.Span{}, "a key of `%s` is emptied when nobody has written it for a time, whatever a rule says", db.Name).
				Hinting("keep what the rule speaks of in a database without `:expires`"))
			return true
		}
	}
	return false
}

// isFree judges every clause. The literal of the source may be left out where
// the condition holds at the start: then it holds of all that might be there.
func (o *opinion) isFree() (bool, []check) {
	start, known := atStart(o.p, o.condition())
	mayDrop := known && start.AsBool()
	var checks []check
	for _, c := range o.clauses {
		watched, ok := (*literal)(nil), false
		o.failing, o.lists = c, false
		if o.normal.source == nil || mayDrop {
			watched, ok = o.free(c)
			ok = ok && (watched == nil || o.normal.source == nil || o.checksAnyKey(watched))
		}
		if !ok && o.normal.source != nil {
			o.failing, o.lists = append(clause{o.normal.source}, c...), true
			watched, ok = o.free(o.failing)
		}
		if !ok || watched != nil && o.normal.source != nil && o.normal.source.sort == other {
			return false, nil
		}
		if watched != nil {
			checks = append(checks, o.checkOf(watched))
		}
	}
	return true, checks
}

// checksAnyKey reports whether a write that may break l checks the key that it
// writes, whether the invariant ranges over that or not.
func (o *opinion) checksAnyKey(l *literal) bool {
	op := o.inv.Source.Op
	return (op == plan.OpKeys || op == plan.OpUnion) && len(l.terms) > 0 && sameAll(l.terms[0].keys, o.normal.params)
}

// condition returns the condition with lets and functions put in their places.
func (o *opinion) condition() *plan.Expr {
	n := *o.normal
	n.nodes = 0
	return n.expand(o.inv.Cond, nil)
}

func (o *opinion) checkOf(l *literal) check {
	c := check{index: o.index, normal: o.normal, lit: l}
	for _, w := range o.writes {
		if o.mayBreak(w, l) {
			c.writes = append(c.writes, w)
		}
	}
	return c
}

// startsBroken reports whether an invariant without elements does not hold
// before anything is written.
func (o *opinion) startsBroken() bool {
	holds, known := atStart(o.p, o.condition())
	return o.inv.Source == nil && known && !holds.AsBool()
}

// shape names the row of the catalogue.
func (o *opinion) shape() string {
	var names []string
	for _, c := range o.clauses {
		if s := o.shapeOf(c); s != "" && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return strings.Join(names, ", ")
}

// shapeOf names the row of one clause.
func (o *opinion) shapeOf(c clause) string {
	var of []*literal
	for _, l := range c {
		switch l.sort {
		case other:
			return ""
		case constant:
		default:
			of = append(of, l)
		}
	}
	switch {
	case len(of) == 0 && o.normal.source == nil, o.normal.source != nil && o.normal.source.sort == other:
		return ""
	case len(of) == 0:
		return "predicate of one element"
	case len(of) > 1:
		return implication(of)
	}
	switch l := of[0]; l.sort {
	case predicate:
		return "predicate of one register"
	case twins:
		return "two registers equal"
	case truth:
		return o.shapeOfTruth(l)
	default:
		return shapeOfBound(l)
	}
}

func implication(of []*literal) string {
	if !slices.ContainsFunc(of, func(l *literal) bool { return !isAbsence(l) }) {
		return "not (p and q)"
	}
	return "p implies q"
}

// isAbsence reports whether a literal says that something is not.
func isAbsence(l *literal) bool {
	return l.sort == truth && l.isNot || l.sort == predicate && (l.expr.Op == plan.OpNot || l.expr.Op == plan.OpNe)
}

func (o *opinion) shapeOfTruth(l *literal) string {
	switch {
	case o.normal.source != nil && !l.isNot:
		return "foreign key"
	case l.isNot:
		return "not (p and q)"
	}
	return "x in s"
}

func shapeOfBound(l *literal) string {
	sizes := 0
	for _, t := range l.terms {
		if t.field >= 0 {
			return "unique"
		}
		if t.reading == size {
			sizes++
		}
	}
	switch {
	case sizes > 0 && sizes < len(l.terms):
		return "a total kept by hand beside a set"
	case len(l.terms) == 1 && l.rel == equal:
		return "c == k"
	case l.rel == unequal:
		return "c != k"
	case l.rel == equal:
		return "x + y == const"
	case len(l.terms) > 1:
		return "x <= y"
	case sizes > 0 && l.coef[0] > 0:
		return "s.count >= k"
	case sizes > 0:
		return "s.count <= k"
	case l.coef[0] > 0:
		return "c >= k"
	}
	return "c <= k"
}

func (o *opinion) whyFree(checks []check) string {
	n := 0
	for _, c := range checks {
		n += len(c.writes)
	}
	if n == 0 {
		return "no verb of the program breaks it"
	}
	return plural(n, "write") + " could break it alone, and each checks it: a run that would aborts :" + o.inv.Name
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func (o *opinion) whyNot() string {
	if o.isUnknown() {
		return "its form is not in the catalogue"
	}
	return "replicas that each keep it may break it when they meet"
}

func (o *opinion) isUnknown() bool {
	return slices.ContainsFunc(o.failing, func(l *literal) bool { return l.sort == other })
}
