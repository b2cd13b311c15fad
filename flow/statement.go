package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// stepFn is a statement. It reports whether the run goes on.
type stepFn func(m *machine) bool

// statements compiles statements one after another.
func (c *compiler) statements(stmts []*plan.Stmt) stepFn {
	steps := make([]stepFn, len(stmts))
	for i, s := range stmts {
		steps[i] = c.statement(s)
	}
	if len(steps) == 1 {
		return steps[0]
	}
	return func(m *machine) bool {
		for _, step := range steps {
			if !step(m) {
				return false
			}
		}
		return true
	}
}

// statement compiles one statement. What its expressions stopped is seen here:
// nothing is written with a value that could not be computed.
func (c *compiler) statement(s *plan.Stmt) stepFn {
	switch s.Op {
	case plan.StmtLet:
		slot, f := s.Index, c.value(s.Args[0])
		return func(m *machine) bool {
			m.slots[slot] = f(m)
			return m.abort == ""
		}
	case plan.StmtIf:
		return c.branch(s)
	case plan.StmtEach:
		return c.loop(s)
	case plan.StmtWrite:
		return c.write(s)
	case plan.StmtClear:
		return c.clear(s)
	case plan.StmtTentatively:
		return c.statements(s.Body)
	case plan.StmtNotify:
		return c.notify(s)
	case plan.StmtUpload:
		return c.upload(s)
	case plan.StmtSeal:
		return c.seal(s)
	case plan.StmtAbort:
		why, detail := s.Name, "the handler says so"
		if len(s.Args) > 0 {
			detail = s.Args[0].Const.AsString()
		}
		return func(m *machine) bool {
			m.stop(why, detail)
			return false
		}
	}
	panic("flow: a statement has an unknown operator")
}

func (c *compiler) branch(s *plan.Stmt) stepFn {
	cond, then := c.bool(s.Args[0]), c.statements(s.Body)
	if len(s.Else) == 0 {
		return func(m *machine) bool {
			isTrue := cond(m)
			return m.abort == "" && (!isTrue || then(m))
		}
	}
	otherwise := c.statements(s.Else)
	return func(m *machine) bool {
		isTrue := cond(m)
		switch {
		case m.abort != "":
			return false
		case isTrue:
			return then(m)
		}
		return otherwise(m)
	}
}

// looped compiles what a loop goes over.
func (c *compiler) looped(xs *plan.Expr) listFn {
	if c.engine.isLog(xs) {
		return c.appended(xs)
	}
	return c.list(xs)
}

// loop runs its body for the elements the collection had before the first round.
func (c *compiler) loop(s *plan.Stmt) stepFn {
	list, params, body := c.looped(s.Args[0]), s.Params, c.statements(s.Body)
	if len(params) == 1 {
		return loopWhole(list, params[0], body)
	}
	return func(m *machine) bool {
		for _, elem := range list(m) {
			if !m.spend(1) {
				return false
			}
			m.bind(params, elem)
			if !body(m) {
				return false
			}
		}
		return m.abort == ""
	}
}

// loopWhole is the usual loop: the element as a whole goes into one slot, and
// is copied no more than once.
func loopWhole(list listFn, slot int, body stepFn) stepFn {
	return func(m *machine) bool {
		elems := list(m)
		for i := range elems {
			if !m.spend(1) {
				return false
			}
			m.slots[slot] = elems[i]
			if !body(m) {
				return false
			}
		}
		return m.abort == ""
	}
}

// write compiles a verb on a cell.
func (c *compiler) write(s *plan.Stmt) stepFn {
	db, verb := c.engine.databases[s.Index], s.Name
	key, arg := c.values(s.Args[:s.Keys]), c.argument(db, s)
	return func(m *machine) bool {
		var room [2]value.Value
		at := room[:0]
		for _, f := range key {
			at = append(at, f(m))
		}
		v := arg(m)
		if m.abort != "" || !m.spend(1) {
			return false
		}
		return m.run.write(m, db, at, verb, v)
	}
}

// clear compiles the removal of keys.
func (c *compiler) clear(s *plan.Stmt) stepFn {
	db, prefix, rest := c.engine.databases[s.Index], c.values(s.Args), c.statements(s.Body)
	return func(m *machine) bool {
		at := make([]value.Value, 0, len(prefix))
		for _, f := range prefix {
			at = append(at, f(m))
		}
		return m.abort == "" && m.run.clear(m, db, at) && rest(m)
	}
}

// argument compiles what the verb takes: nothing, or one value.
func (c *compiler) argument(db *database, s *plan.Stmt) valueFn {
	if s.Keys == len(s.Args) {
		return func(*machine) value.Value { return value.Nil }
	}
	return c.value(s.Args[s.Keys])
}
