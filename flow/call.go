package flow

import (
	"maps"

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

// ID names a call to whoever does what it asks for: 32 letters and digits, the
// same whenever the call is made again for the same step of a saga, or for the
// same serial block, whatever its arguments, and another for any other call.
// It is "" of a call that only computes: of a process, or made in place.
func (c *Call) ID() string {
	if c.Run == "" {
		return ""
	}
	sum := blake2b.Sum256([]byte(value.Encode(value.Tuple(value.String(c.Func), value.String(c.Run), value.Int(int64(c.No))))))
	return hexOf(sum[:16])
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2*len(b))
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// NamedFunc is a Func that is told the ID of its call. What is done under an ID
// once is not to be done again: the call is made again where its answer was lost.
type NamedFunc func(id string, args []value.Value) (value.Value, error)

// Do calls the function of a Call, for who has it. Its panic is an error, too.
func (c *Call) Do(funcs map[string]Func) Returned {
	f := funcs[c.Func]
	if f == nil {
		return Returned{Err: c.Name + " is not linked"}
	}
	return c.do(f)
}

// DoNamed is Do of a function that is told the call's ID.
func (c *Call) DoNamed(f NamedFunc) Returned { return c.do(f.under(c.ID())) }

func (c *Call) do(f Func) (r Returned) {
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

// under is f as a Func that is always called under one ID.
func (f NamedFunc) under(id string) Func {
	return func(args []value.Value) (value.Value, error) { return f(id, args) }
}

// Unnamed returns funcs, and beside them named ones as they are called in place: without an ID.
func Unnamed(funcs map[string]Func, named map[string]NamedFunc) map[string]Func {
	all := maps.Clone(funcs)
	if all == nil {
		all = map[string]Func{}
	}
	for link, f := range named {
		all[link] = f.under("")
	}
	return all
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
