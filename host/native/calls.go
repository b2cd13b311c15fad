package native

import (
	"sync"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
)

// callers call functions of the host beside the owner goroutine. Each function
// has goroutines of its own, at most CallersMax and only while it has calls, so
// that one that is slow, or never returns, keeps no other one waiting. What
// waits for them is bounded by the node: Limits.CallsMax calls a function.
type callers struct {
	funcs  map[string]flow.Func
	named  map[string]flow.NamedFunc
	answer func([]node.Called) // gives the node what came of calls

	mu     sync.Mutex
	lanes  map[string]*lane
	closed bool
}

// lane is the calls of one function.
type lane struct {
	queue   []node.Call
	callers int
}

func newCallers(funcs map[string]flow.Func, named map[string]flow.NamedFunc, answer func([]node.Called)) *callers {
	return &callers{funcs: funcs, named: named, answer: answer, lanes: map[string]*lane{}}
}

// take begins calls, or lets them wait for others of their function.
func (c *callers) take(calls []node.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range calls {
		l := c.lanes[call.Func]
		if l == nil {
			l = &lane{}
			c.lanes[call.Func] = l
		}
		l.queue = append(l.queue, call)
		if l.callers < CallersMax && !c.closed {
			l.callers++
			go c.run(l)
		}
	}
}

// run makes the calls of a lane until it has no more. It is not waited for when
// the host stops: a function that does not return must not keep a node alive.
func (c *callers) run(l *lane) {
	for {
		call, ok := c.next(l)
		if !ok {
			return
		}
		c.answer([]node.Called{{Key: call.Key, Returned: c.do(&call.Call)}})
	}
}

func (c *callers) do(call *flow.Call) flow.Returned {
	if f := c.named[call.Func]; f != nil {
		return call.DoNamed(f)
	}
	return call.Do(c.funcs)
}

func (c *callers) next(l *lane) (call node.Call, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.queue) == 0 || c.closed {
		l.callers--
		return call, false
	}
	call, l.queue = l.queue[0], l.queue[1:]
	return call, true
}

// close lets no call begin any more.
func (c *callers) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
}

// called gives the node what came of calls.
func (h *Host) called(answers []node.Called) {
	h.submit(h.ctx, h.owner.ordinary, func(now causal.Instant) { h.owner.node.Called(now, answers) })
}
