package flow

import (
	"github.com/martinelli-lang/martinelli/value"
	"golang.org/x/crypto/blake2b"
)

// Call is a call of a function of the host that a run needs the result of.
type Call struct {
	Func string // by which of Config.Funcs it is linked
	Name string // by which the program calls it
	Args []value.Value

	// Run is Env.Run, and No counts the calls of that run: a function that does
	// something is called for each of them. Without a Run equal calls are one.
	Run string
	No  int
}

// CallKey tells calls apart: those with equal keys have equal results.
type CallKey [32]byte

// Key returns the key of a call. It costs a hash of the arguments.
func (c *Call) Key() CallKey {
	return blake2b.Sum256([]byte(value.Encode(value.Tuple(value.String(c.Func), value.List(c.Args...), value.String(c.Run), value.Int(int64(c.No))))))
}

// Returned is what came of a Call.
type Returned struct {
	Value value.Value
	Err   string // why there is none; "" where there is
}

// Do calls the function of a Call, for who has it. Its panic is an error, too.
func (c *Call) Do(funcs map[string]Func) (r Returned) {
	f := funcs[c.Func]
	if f == nil {
		return Returned{Err: c.Name + " is not linked"}
	}
	defer func() {
		if why := recover(); why != nil {
			r = Returned{Err: c.Name + " panicked" + sentence(why)}
		}
	}()
	v, err := f(c.Args)
	if err != nil {
		return Returned{Err: c.Name + ": " + err.Error()}
	}
	return Returned{Value: v}
}

// abortCalls ends a run that waits for a call; the outcome has it in Calls.
const abortCalls = "calls"

// ask has a function of the host called by who runs the engine: the run ends
// here, unless the result is there already. So a slow function keeps nobody
// waiting but who needs it.
func (m *machine) ask(c Call) value.Value {
	if c.Run = m.env.Run; c.Run != "" {
		c.No = m.asked
		m.asked++
	}
	r, isThere := m.env.Returned(&c)
	switch {
	case !isThere:
		m.calls = append(m.calls, c)
		m.stop(abortCalls, "")
	case r.Err != "":
		m.stop(AbortImport, r.Err)
	}
	return r.Value
}

// stopped is the outcome of a run without effect.
func (m *machine) stopped() Outcome {
	if m.abort == abortCalls {
		calls := m.calls
		m.calls = nil
		return Outcome{Calls: calls}
	}
	return Outcome{Abort: m.abort, Detail: m.detail}
}
