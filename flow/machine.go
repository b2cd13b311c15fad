package flow

import (
	"github.com/martinelli-lang/martinelli/value"
)

// machine is what compiled code runs on. Compiled code is a closure from a
// machine to a value; local variables are slots of the machine, so a predicate
// over ints and strings allocates nothing.
//
// Code can't fail: it is total. What stops it (fuel, a failing import) is
// noted in abort, after which it goes on with zero values to the next check;
// whoever started it looks at abort and drops the result.
type machine struct {
	engine *Engine
	slots  []value.Value // of the body being run
	stack  []value.Value // the slots of all bodies being run, one window after another
	fuel   int64         // steps left
	abort  string        // why the evaluation has no result; "" while it has one
	detail string
	buf    []byte // scratch for keys; no code holds it across a call of other code

	run   *run          // under way; nil in views
	env   *Env          // of the run; nil in views
	reads *[]string     // where a run notes the spaces it reads; nil in views
	asked int           // calls so far, of a run with a name
	asks  bool          // functions of the host are called by who runs the engine, as env.Returned has it
	calls []Call        // that the run waits for
	deps  *[]dependency // where a tracked evaluation notes what it read; nil in runs
}

// begin readies m for a body with n slots.
func (m *machine) begin(n int, fuel int64) {
	m.stack = grow(m.stack[:0], n)
	m.slots = m.stack
	m.fuel, m.abort, m.detail = fuel, "", ""
	m.asks, m.calls, m.asked = false, nil, 0
}

// grow returns s longer by n zero values.
func grow(s []value.Value, n int) []value.Value {
	for range n {
		s = append(s, value.Nil)
	}
	return s
}

// spend takes n steps of fuel and reports whether there were enough.
func (m *machine) spend(n int64) bool {
	m.fuel -= n
	if m.fuel >= 0 {
		return true
	}
	m.stop(AbortFuel, "the run took more steps than it may")
	return false
}

// stop notes the first reason to stop.
func (m *machine) stop(why, detail string) {
	if m.abort == "" {
		m.abort, m.detail = why, detail
	}
	m.fuel = min(m.fuel, 0)
}

// bind puts an element into the slots of a block: whole into one, destructured into several.
func (m *machine) bind(params []int, v value.Value) {
	if len(params) == 1 {
		m.slots[params[0]] = v
		return
	}
	parts := v.Elems()
	for i, slot := range params {
		if i < len(parts) {
			m.slots[slot] = parts[i]
		}
	}
}

// call runs body in a window of n slots of which the first are args.
func (m *machine) call(n int, args []valueFn, body valueFn) value.Value {
	if !m.spend(1) {
		return value.Nil
	}
	// The window is reserved before the arguments are computed, so that a
	// call among them takes the window behind it. If the stack moves
	// meanwhile, this window stays where it was.
	base := len(m.stack)
	m.stack = grow(m.stack, n)
	window := m.stack[base:]
	for i, arg := range args {
		window[i] = arg(m)
	}
	caller := m.slots
	m.slots = window
	result := body(m)
	m.slots = caller
	m.stack = m.stack[:base]
	return result
}

// link calls a function of the host, which is linked as cfg.Funcs[link]. Its
// error or panic stops the machine.
func (m *machine) link(name, link string, f Func, args []value.Value) (result value.Value) {
	if !m.spend(1) {
		return value.Nil
	}
	if m.asks {
		return m.ask(Call{Func: link, Name: name, Args: args})
	}
	defer func() {
		if why := recover(); why != nil {
			m.stop(AbortImport, name+" panicked"+sentence(why))
			result = value.Nil
		}
	}()
	result, err := f(args)
	if err != nil {
		m.stop(AbortImport, name+": "+err.Error())
		return value.Nil
	}
	return result
}

// sentence is what a panic says for itself, if it says it in words.
func sentence(why any) string {
	switch why := why.(type) {
	case error:
		return ": " + why.Error()
	case string:
		return ": " + why
	}
	return ""
}
