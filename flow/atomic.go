package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// A handler that ends with a serial block or a saga does what stands before it
// as a commit of its own and hands the block on: its hash, and the values of
// the slots it reads. Whoever knows the hash can run the block, whatever role
// the handler stands at; the else runs where the event was raised.
//
// A local name ends with the block it stands in, so a step leaves no slots
// behind: each begins with those that were handed on.

// Handed is a serial block or saga that a run has reached, to be run elsewhere.
type Handed struct {
	Block plan.BlockHash
	Slots []value.Value // of the block's free slots, in order
	User  string        // who raised the event; "" for nobody
	Key   value.Value   // of a saga
}

// Bounds of what is handed on: a value has at most 64 KiB besides.
const (
	HandedMax     = 1 << 10   // values
	HandedSizeMax = 192 << 10 // bytes of them
)

// Words with which a block aborts, besides those of any run.
const (
	AbortUpgrade   = "upgrade"   // the program here has no such block
	AbortInvariant = "invariant" // an invariant that serial blocks keep would not hold
	AbortSealed    = "sealed"    // the key has been sealed
)

// atomic is a serial block or saga of the program. Its parts are compiled when
// they first run: most nodes run none but their own else.
type atomic struct {
	plan.Atomic
	handler   *plan.Handler
	isOwn     bool
	serial    stepFn
	otherwise stepFn
	steps     []stepFn // of a saga: what its steps do and, behind these, what undoes them; nil: they are too many to keep
}

// stepsKept is how many steps a saga may have whose code is kept: of one with
// more each step is compiled as it runs, so that memory does not grow with them.
const stepsKept = 1024

func (e *Engine) openAtomics() {
	e.atomics = map[plan.BlockHash]*atomic{}
	for _, a := range e.program.Atomics() {
		h := &e.program.Handlers[a.Handler]
		b := &atomic{Atomic: a, handler: h, isOwn: e.isOwn(h)}
		if len(a.Stmt.Body) <= stepsKept {
			b.steps = make([]stepFn, 2*len(a.Stmt.Body))
		}
		if e.atomics[a.Hash] == nil {
			e.atomics[a.Hash] = b
		}
		e.ending = append(e.ending, b)
	}
}

// Knows reports whether the program has the block.
func (e *Engine) Knows(block plan.BlockHash) bool { return e.atomics[block] != nil }

// IsSaga reports whether the block is a saga of the program.
func (e *Engine) IsSaga(block plan.BlockHash) bool {
	b := e.atomics[block]
	return b != nil && b.Stmt.Op == plan.StmtSaga
}

// HasElse reports whether the program has the block with an else.
func (e *Engine) HasElse(block plan.BlockHash) bool {
	b := e.atomics[block]
	return b != nil && len(b.Stmt.Params) > 0
}

// IsOfHome reports whether the handler that the block ends runs at the home,
// as what stands before the block, or its else, touches what lives there.
func (e *Engine) IsOfHome(block plan.BlockHash) bool {
	b := e.atomics[block]
	return b != nil && b.handler.Home
}

// RaisedAt reports whether a role raises the block: its handler stands there.
func (e *Engine) RaisedAt(block plan.BlockHash, role string) bool {
	b := e.atomics[block]
	return b != nil && plan.Runs(b.handler.At, role)
}

// EventOf names the event whose handler ends with the block; "" where the
// program has no such block.
func (e *Engine) EventOf(block plan.BlockHash) string {
	b := e.atomics[block]
	if b == nil {
		return ""
	}
	return b.handler.Event
}

// Refuses says what is wrong with what was handed on, or "".
func (e *Engine) Refuses(h *Handed) string {
	b := e.atomics[h.Block]
	if b == nil {
		return unknownBlock.Detail
	}
	return e.open(b, h, Env{User: h.User})
}

// StepsOf returns how many steps a saga has; 0 for what is none.
func (e *Engine) StepsOf(block plan.BlockHash) int {
	if !e.IsSaga(block) {
		return 0
	}
	return len(e.atomics[block].Stmt.Body)
}

// Serve runs a serial block as one commit at its home. It aborts :invariant
// where it would break an invariant that serial blocks keep, and :upgrade
// where the program has no such block.
func (e *Engine) Serve(h *Handed, env Env) Outcome {
	b := e.atomics[h.Block]
	if b == nil || b.Stmt.Op != plan.StmtSerial {
		return unknownBlock
	}
	if b.serial == nil {
		b.serial = e.part(b.Stmt.Body)
	}
	return e.play(b, h, env, b.serial)
}

// Step runs step i of a saga as Serve runs a serial block.
func (e *Engine) Step(h *Handed, i int, env Env) Outcome {
	return e.step(h, i, 0, env, func(s *plan.Stmt) []*plan.Stmt { return s.Body })
}

// Undo runs what undoes step i of a saga; nothing where nothing does.
func (e *Engine) Undo(h *Handed, i int, env Env) Outcome {
	return e.step(h, i, 1, env, func(s *plan.Stmt) []*plan.Stmt { return s.Else })
}

func (e *Engine) step(h *Handed, i, side int, env Env, of func(*plan.Stmt) []*plan.Stmt) Outcome {
	b := e.atomics[h.Block]
	if b == nil || i < 0 || i >= e.StepsOf(h.Block) {
		return unknownBlock
	}
	if b.steps == nil {
		return e.play(b, h, env, e.part(of(b.Stmt.Body[i])))
	}
	part := &b.steps[side*len(b.Stmt.Body)+i]
	if *part == nil {
		*part = e.part(of(b.Stmt.Body[i]))
	}
	return e.play(b, h, env, *part)
}

// Otherwise runs the else of a block that aborted, as one commit at the node
// that raised it. It does nothing where the block has none.
func (e *Engine) Otherwise(h *Handed, why string, env Env) Outcome {
	b := e.atomics[h.Block]
	if b == nil {
		return unknownBlock
	}
	if b.otherwise == nil {
		b.otherwise = e.part(b.Stmt.Else)
	}
	env.User = h.User
	if refused := e.open(b, h, env); refused != "" {
		return Outcome{Abort: AbortArgument, Detail: refused}
	}
	for _, slot := range b.Stmt.Params {
		e.machine.slots[slot] = value.Symbol(why)
	}
	return e.execute(b.otherwise)
}

var unknownBlock = Outcome{Abort: AbortUpgrade, Detail: "the program here has no such block: run the same version at the home and where the event is raised"}

// part compiles statements of a block.
func (e *Engine) part(ss []*plan.Stmt) stepFn {
	c := compiler{engine: e}
	return c.statements(ss)
}

// play runs a part of a block where it is ordered, and holds it to the
// invariants that serial blocks keep.
func (e *Engine) play(b *atomic, h *Handed, env Env, part stepFn) Outcome {
	env.User = h.User
	e.startKept()
	if refused := e.open(b, h, env); refused != "" {
		return Outcome{Abort: AbortArgument, Detail: refused}
	}
	e.run.isServed = true
	e.machine.asks = env.Returned != nil
	return e.execute(part)
}

// open begins a run with what was handed on, or says what is wrong with it.
// Values come from elsewhere and code relies on their types, so they are asked
// for them; and who the user is, is not the raiser's to say.
func (e *Engine) open(b *atomic, h *Handed, env Env) string {
	if len(h.Slots) != len(b.Free) {
		return "the number of values is not that of what the block reads"
	}
	m, r := &e.machine, &e.run
	m.begin(b.handler.Slots, e.cfg.FuelMax)
	r.beginAs(env, env.User)
	r.isOwn = b.isOwn
	for i, free := range b.Free {
		v := h.Slots[i]
		if free.IsUser {
			v = value.String(h.User)
		}
		switch {
		case !free.Type.Takes(v):
			return "a value that the block reads is not of type " + free.Type.Label()
		case free.IsOwn && h.User != "" && v.AsString() != h.User:
			return "a value that names the raiser names another user"
		}
		m.slots[free.Slot] = v
	}
	return ""
}

// handing compiles what comes before a block, which it then hands on.
func (c *compiler) handing(b *atomic) stepFn {
	before := c.statements(b.handler.Body[:len(b.handler.Body)-1])
	key := c.values(b.Stmt.Args)
	return func(m *machine) bool {
		if !before(m) {
			return false
		}
		h := &Handed{Block: b.Hash, User: m.run.env.User, Slots: make([]value.Value, len(b.Free))}
		size := 0
		for i, free := range b.Free {
			h.Slots[i] = m.slots[free.Slot]
			bytes, err := value.EncodeBounded(h.Slots[i])
			if size += len(bytes); err != nil || size > HandedSizeMax || len(b.Free) > HandedMax {
				m.stop(AbortSize, "the block reads more of its handler than a request may hold")
				return false
			}
		}
		for _, f := range key {
			h.Key = f(m)
		}
		m.run.handed = h
		return m.abort == "" && m.run.mayHand(m, h)
	}
}

// mayHand asks whether what is handed on is taken.
func (r *run) mayHand(m *machine, h *Handed) bool {
	if r.env.Hands == nil {
		return true
	}
	size, abort, detail := r.env.Hands(h)
	if r.size += size; abort == "" && r.size > WriteSizeMax {
		abort, detail = AbortSize, "the run writes more, with what it hands on, than a part may hold"
	}
	if abort != "" {
		m.stop(abort, detail)
	}
	return abort == ""
}

// mayRun refuses a plan in which what coordinates stands where it cannot run.
// The compiler never writes one; a plan from elsewhere may be.
func (e *Engine) mayRun() error {
	for i := range e.program.Handlers {
		h := &e.program.Handlers[i]
		body := h.Body
		isWell := true
		if s, ok := h.Atomic(); ok {
			body = body[:len(body)-1]
			isWell = !coordinates(s.Else) && (s.Op == plan.StmtSaga && areSteps(s.Body) || s.Op == plan.StmtSerial && !nests(s.Body))
		}
		if !isWell || coordinates(body) {
			return Error("on_" + h.Event + " has a serial block, a saga, a step or a seal where it can't stand")
		}
	}
	return nil
}

func areSteps(ss []*plan.Stmt) bool {
	for _, s := range ss {
		if s.Op != plan.StmtStep || nests(s.Body) || nests(s.Else) {
			return false
		}
	}
	return true
}

// nests reports whether a block or step stands in statements.
func nests(ss []*plan.Stmt) bool {
	for _, s := range ss {
		if s.Op == plan.StmtSerial || s.Op == plan.StmtSaga || s.Op == plan.StmtStep || nests(s.Body) || nests(s.Else) {
			return true
		}
	}
	return false
}

// coordinates reports whether statements ask for more than a commit.
func coordinates(ss []*plan.Stmt) bool {
	for _, s := range ss {
		if s.Op == plan.StmtSeal || coordinates(s.Body) || coordinates(s.Else) {
			return true
		}
	}
	return nests(ss)
}
