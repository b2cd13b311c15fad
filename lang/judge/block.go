package judge

import (
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// blocks returns the serial block that ends a body, or the steps of its saga,
// undoings included.
func blocks(ss []*plan.Stmt) []*plan.Stmt {
	last, ok := coordination(ss)
	switch {
	case !ok:
		return nil
	case last.Op == plan.StmtSerial:
		return []*plan.Stmt{last}
	}
	var steps []*plan.Stmt
	for _, step := range last.Body {
		steps = append(steps, step, &plan.Stmt{Op: plan.StmtStep, Body: step.Else})
	}
	return steps
}

// coordination returns the serial block or saga that ends a body, if one does.
func coordination(ss []*plan.Stmt) (*plan.Stmt, bool) {
	if len(ss) == 0 {
		return nil, false
	}
	last := ss[len(ss)-1]
	return last, last.Op == plan.StmtSerial || last.Op == plan.StmtSaga
}

// serial judges a serial block: where it can run, and who can reach it there.
func (j *judge) serial(h *plan.Handler, s *plan.Stmt) (Strength, string) {
	at, cells := j.word(s), j.footprint(s.Body).homes()
	if len(cells) == 0 {
		j.write(diag.Errorf("E408", at, "this serial block touches nothing with a home").
			Way("leave `atomic :serial` out", "the handler is one causal commit").
			Way("a database without :replicated", "its home puts the blocks in order"))
		return Serial, "serial, on nothing with a home"
	}
	homes := j.homesOf(cells)
	j.mustBeThere(at, homes)
	if j.mustBeLinked(at, h, homes) {
		j.mustAnswer(at, h, s)
	}
	return j.strengthAt(cells, homes)
}

// strengthAt is the strength of what runs at the homes of cells.
func (j *judge) strengthAt(cells []cell, homes []string) (Strength, string) {
	names := j.names(cells)
	switch {
	case len(homes) > 1:
		return AcrossEntities, "serial across " + names + ": " + list(homes) + " commit in two phases"
	case severalEntities(cells):
		return AcrossEntities, "serial across entities of " + names
	}
	return Serial, "serial on one entity of " + names
}

// word is the span of the statement's first word: atomic, or step.
func (j *judge) word(s *plan.Stmt) token.Span {
	at, word := j.typed.Spans.Stmts[s], "atomic"
	if s.Op == plan.StmtStep {
		word = "step"
	}
	at.End = min(at.End, at.Start+len(word))
	return at
}

// mustBeThere refuses a home that may be away by itself.
func (j *judge) mustBeThere(at token.Span, homes []string) {
	for _, home := range homes {
		if r := j.role(home); !isSteady(r) {
			j.write(diag.Errorf("E410", at, "this runs at the home, and `%s` may be offline for %s", home, span(r.OfflineMax)).
				Way("`:quorum => true` on `"+home+"`", "a majority of its nodes decides, whichever are there").
				Way("`:at` a role that is never offline", "one round trip to it"))
		}
	}
}

// mustBeLinked refuses a block that is raised where no link leads to its home:
// a request is no part, so nobody passes it on.
func (j *judge) mustBeLinked(at token.Span, h *plan.Handler, homes []string) bool {
	ok := true
	for _, home := range homes {
		from := slices.DeleteFunc(j.roles(h.At), func(r string) bool { return j.linked(r, home) })
		if len(from) == 0 {
			continue
		}
		ok = false
		j.write(diag.Errorf("E411", at, "`on_%s` is raised at %s, which has no link to the home, `%s`", h.Event, quoted(from), home).
			Way("`link :"+from[0]+", :"+home+"`", "these nodes must reach each other").
			Way("`at` a role that has a link to `"+home+"`", "the event is raised there").
			Way("`atomic :saga`", "it starts from the outbox, which others pass on; the answer comes later"))
	}
	return ok
}

// mustAnswer refuses a block without an else where its home may be out of reach.
func (j *judge) mustAnswer(at token.Span, h *plan.Handler, s *plan.Stmt) {
	away := slices.DeleteFunc(j.roles(h.At), func(r string) bool { return !mayBeAway(j.role(r)) })
	if len(away) == 0 || len(s.Params) > 0 {
		return
	}
	j.write(diag.Errorf("E409", at, "`on_%s` is raised at %s, which may be offline, and this block has no `else`", h.Event, quoted(away)).
		Way("`else |why|`", "it runs where the event was raised, with :unreachable after 5 s", j.telling(s)...).
		Way("`at` a role that is never offline", "the event is raised there").
		Way("`atomic :saga`", "it waits in the outbox; the answer comes later"))
}

// telling writes an else that tells who raised the event why it came to nothing.
func (j *judge) telling(s *plan.Stmt) []diag.Edit {
	at := j.typed.Spans.Stmts[s]
	if at.File == nil {
		return nil
	}
	return []diag.Edit{diag.Closing(at, "else |why|", "notify(user_id, why)")}
}

// saga judges a saga, a ladder of its steps.
func (j *judge) saga(s *plan.Stmt, line *Line) {
	at := j.word(s)
	if !j.hasHome() {
		j.write(diag.Errorf("E410", at, "this saga has nowhere to run: every role of the topology comes and goes").
			Way("a role without :ambient and :offline, or with a quorum", "it runs the sagas that others begin"))
	}
	for i, step := range s.Body {
		isLast := i+1 == len(s.Body)
		if !isLast && len(step.Else) == 0 && len(j.footprint(step.Body).writes) > 0 {
			j.write(diag.Warnf("W403", j.word(step), "nothing undoes this step where a later one aborts").
				Hinting("`undo` says how; the last step of a saga needs none"))
		}
		strength := max(j.rung(step, step.Body), j.rung(step, step.Else))
		line.Steps = append(line.Steps, strength)
		line.Strength = max(line.Strength, strength)
	}
	line.Why = "a saga of " + strconv.Itoa(len(s.Body)) + " steps, each undone where a later one aborts"
}

// rung judges what a step does, or what undoes it: one commit, at the homes of
// what it touches if that has any.
func (j *judge) rung(step *plan.Stmt, ss []*plan.Stmt) Strength {
	cells := j.footprint(ss).homes()
	if len(cells) == 0 {
		return Commit
	}
	homes := j.homesOf(cells)
	j.mustBeThere(j.word(step), homes)
	strength, _ := j.strengthAt(cells, homes)
	return strength
}

// width is the strength of a commit without a home.
func (j *judge) width(f *footprint) Strength {
	if len(f.writes) > 0 && severalEntities(f.writes) {
		return Commit
	}
	return Local
}
