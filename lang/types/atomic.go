package types

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// A serial block or a saga ends its handler, since what follows it could not
// wait for it: the answer may come from far away, or never. What precedes it
// is a commit of its own and stays. Its `else` runs at the raiser, as a new
// commit, where nothing is left to abort.

// section is the part of a handler that a statement stands in, and so what it
// may do there.
type section uint8

const (
	inCommit section = iota // the handler's own commit
	inSerial                // a serial block
	inStep                  // a step of a saga
	inUndo                  // what undoes a step
	inElse                  // the else of a serial block or saga
)

// within types statements that stand in a section of their own.
func (c *checker) within(s section, ss []syntax.Stmt) []*plan.Stmt {
	outer := c.body.section
	c.body.section = s
	defer func() { c.body.section = outer }()
	return c.stmts(ss)
}

// atomic types `atomic :serial` and `atomic :saga`.
func (c *checker) atomic(s *syntax.Command) *plan.Stmt {
	switch {
	case c.body.kind != inHandler:
		c.write(diag.Errorf("E203", s.Span, "`atomic` acts, and %s only computes", kindNames[c.body.kind]).
			Hinting("it ends a handler"))
		return nil
	case s.Block == nil:
		c.write(diag.Errorf("E107", s.Span, "`atomic` takes a block, as in `atomic :serial do ... end`"))
		return nil
	}
	kind := ""
	if len(s.Args) > 0 {
		if how, ok := s.Args[0].(*syntax.Symbol); ok && len(s.Args) == 1 {
			kind = how.Name
		}
	}
	var st *plan.Stmt
	switch kind {
	case "serial":
		st = c.serial(s)
	case "saga":
		st = c.saga(s)
	default:
		c.write(diag.Errorf("E402", s.Span, "`atomic` says how: `:serial` or `:saga`").
			Way("leave `atomic` out", "a handler is one causal commit already; works offline", unwrapped(s)...).
			Way("`atomic :serial do`", "one after another at the home; one round trip; refuses offline", saying(s, ":serial")).Leading("E401", "E408", "E409").
			Way("`atomic :saga, :key => e do`", "steps, each with its undo; the answer comes later"))
		c.within(inSerial, s.Block.Body)
		return nil
	}
	c.mustEnd(s, kind)
	return st
}

// unwrapped leaves of a command what stands in its block.
func unwrapped(s *syntax.Command) []diag.Edit {
	body := s.Block.Body
	if len(body) == 0 || s.Block.Else != nil {
		return nil
	}
	return []diag.Edit{diag.Unwrap(s.Span, body[0].Where().To(body[len(body)-1].Where()))}
}

// saying writes how an atomic is meant, in the place of what it says now.
func saying(s *syntax.Command, how string) diag.Edit {
	between := token.Span{File: s.File, Start: s.Word.End, End: s.Block.Start}
	return diag.Replace(between, " "+how+" ")
}

// mustEnd refuses a serial block or saga that is not the end of its handler.
func (c *checker) mustEnd(s *syntax.Command, kind string) {
	if c.body.last == syntax.Stmt(s) {
		return
	}
	c.write(diag.Errorf("E401", s.Word.Span, "`atomic :%s` is not the last statement of its handler", kind).
		Way("put the rest before it, or its condition inside", "what stands before is a commit of its own, and stays if the block aborts").
		Way("put the rest into it", "done with the block, or not at all").
		Way("`else |why|`", "only where it aborts"))
}

func (c *checker) serial(s *syntax.Command) *plan.Stmt {
	for _, o := range s.Options {
		c.write(diag.Errorf("E107", o.Span, "a serial block has no option `:%s`", o.Name.Text))
	}
	c.noBlockParams(s)
	st := &plan.Stmt{Op: plan.StmtSerial, Body: c.within(inSerial, s.Block.Body)}
	c.otherwise(st, s.Block.Else)
	return st
}

// otherwise types the `else |why|` of a serial block or saga.
func (c *checker) otherwise(st *plan.Stmt, e *syntax.Clause) {
	if e == nil {
		return
	}
	defer c.body.scoped()()
	c.noSources(e.Params)
	for i := range e.Params {
		p := &e.Params[i]
		slot := c.body.bind(c.prog.Params[p], c.paramType(p, plan.Symbol))
		st.Params = append(st.Params, slot)
	}
	switch {
	case len(e.Params) == 0: // the reason goes into a slot that nothing reads
		st.Params = []int{c.body.slots}
		c.body.slots++
	case len(e.Params) > 1:
		c.write(diag.Errorf("E107", e.Params[1].Span, "this `else` takes one parameter, the reason"))
		st.Params = st.Params[:1]
	}
	st.Else = c.within(inElse, e.Body)
}

func (c *checker) noBlockParams(s *syntax.Command) {
	if s.Block != nil && len(s.Block.Params) > 0 {
		c.write(diag.Errorf("E107", s.Block.Params[0].Span, "the block of `%s` takes no parameters", s.Word.Text))
	}
}

func (c *checker) saga(s *syntax.Command) *plan.Stmt {
	c.noBlockParams(s)
	st := &plan.Stmt{Op: plan.StmtSaga, Args: []*plan.Expr{c.sagaKey(s)}}
	for _, in := range s.Block.Body {
		step, ok := in.(*syntax.Command)
		if !ok || step.Word.Text != "step" {
			c.write(diag.Errorf("E403", in.Where(), "a saga is made of steps, and this is none").
				Hinting("`step do ... undo ... end`; what comes before all steps stands before the saga"))
			continue
		}
		next := c.step(step)
		c.stands(next, step.Span)
		st.Body = append(st.Body, next)
	}
	if len(s.Block.Body) == 0 {
		c.write(diag.Errorf("E403", s.Span, "this saga has no step"))
	}
	c.otherwise(st, s.Block.Else)
	return st
}

// sagaKey types the key of a saga, under which its outcome is remembered.
func (c *checker) sagaKey(s *syntax.Command) *plan.Expr {
	i := slices.IndexFunc(s.Options, func(o syntax.Option) bool { return o.Name.Text == "key" })
	for j, o := range s.Options {
		if j != i {
			c.write(diag.Errorf("E107", o.Span, "a saga has no option `:%s`", o.Name.Text))
		}
	}
	if i < 0 {
		c.write(diag.Errorf("E407", s.Word.Span, "this saga has no key").
			Hinting("`atomic :saga, :key => e do`: the same key again answers the first outcome, so that nothing is done twice"))
		return bad()
	}
	return c.keyValue(s.Options[i].Value)
}

func (c *checker) step(s *syntax.Command) *plan.Stmt {
	st := &plan.Stmt{Op: plan.StmtStep}
	if s.Block == nil || len(s.Args) > 0 || len(s.Options) > 0 {
		c.write(diag.Errorf("E107", s.Span, "`step` takes a block alone, as in `step do ... undo ... end`"))
		return st
	}
	c.noBlockParams(s)
	st.Body = c.within(inStep, s.Block.Body)
	if u := s.Block.Undo; u != nil {
		if len(u.Params) > 0 {
			c.write(diag.Errorf("E107", u.Params[0].Span, "`undo` takes no parameters"))
		}
		st.Else = c.within(inUndo, u.Body)
	}
	return st
}

// tentatively types a block that acts on what may change.
func (c *checker) tentatively(s *syntax.Command) *plan.Stmt {
	switch {
	case c.body.kind != inHandler:
		c.write(diag.Errorf("E203", s.Span, "`tentatively` is about acting, and %s only computes", kindNames[c.body.kind]))
		return nil
	case s.Block == nil || len(s.Args) > 0 || len(s.Options) > 0:
		c.write(diag.Errorf("E107", s.Span, "`tentatively` takes a block alone, as in `tentatively do ... end`"))
		return nil
	}
	c.noBlockParams(s)
	return &plan.Stmt{Op: plan.StmtTentatively, Body: c.stmts(s.Block.Body)}
}

// mayAbort refuses an abort where nothing is left to abort.
func (c *checker) mayAbort(s *syntax.Command) {
	switch c.body.section {
	case inElse:
		c.write(diag.Errorf("E404", s.Span, "an `else` of a serial block or saga does not abort").
			Hinting("the answer is given: what stands here only tells, or writes it down"))
	case inUndo:
		c.write(diag.Errorf("E404", s.Span, "an `undo` does not abort").
			Hinting("a saga that aborts undoes what its earlier steps did, so that must always succeed"))
	}
}

// seal types "x.seal()".
func (c *checker) seal(p place, m *syntax.Member, call *syntax.Call) *plan.Stmt {
	keys, ok := c.keys(p, m)
	if !ok || !c.noArguments(m, call) {
		return nil
	}
	d := diag.Errorf("E406", m.Name.Span, "`seal` stands in a serial block")
	switch {
	case c.stored[p.layout.index].Placement != plan.Home:
		c.write(diag.Errorf("E406", m.Name.Span, "`%s` is replicated, and cannot be sealed", p.db.Name).
			There(p.db.Decl.Name.Span, "it is declared here").
			Since(token.Span{}, "replicas that have not heard of the seal would go on writing").
			Way("leave out its :replicated", "its home says no; one round trip for every change; refuses offline", p.db.Decl.Unreplicated()...).Leading("E408", "E409").
			Way("a `once` that handlers look at, and `tentatively`", "who has not heard of it goes on for a while"))
		return nil
	case c.body.kind != inHandler || c.body.section != inSerial:
		c.write(d.Hinting("its home decides what was written before it: `atomic :serial do %s.seal() end`", m.X.Where().Text()))
		return nil
	}
	return &plan.Stmt{Op: plan.StmtSeal, Index: p.layout.index, Keys: len(keys), Args: keys}
}
