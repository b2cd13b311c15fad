package node

import (
	"maps"
	"math"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/entity/serial"
	"github.com/martinelli-lang/martinelli/flow"
)

// A function of the host may be slow, or fail: so it is called beside the
// node. A run that needs what it gives stops; the call goes out in
// Output.Calls; and when Called brings the result, the run is played again
// from its beginning, with the result. Nothing else waits for it: each
// function has its own bound of calls under way, and what fails is tried again
// ever more seldom.

// Call is a request to call a function of the host, answered by Called.
type Call struct {
	Key flow.CallKey
	flow.Call
}

// Called is what came of a Call.
type Called struct {
	Key flow.CallKey
	flow.Returned
}

// Function is what an operator may want to know of a function of the host.
type Function struct {
	Name     string         // by which it is linked
	Waiting  int            // calls under way
	Since    causal.Instant // when the oldest of them began; 0: none is
	Calls    uint64         // that gave something
	Failures uint64         // that did not
	Error    string         // of the last failure; "" once a call has given something again
	Next     causal.Instant // when what failed last is tried again; 0: nothing is
}

// calls is the calls under way.
type calls struct {
	open      map[flow.CallKey]*calling
	functions map[string]*Function

	// returned has the results that are here; nil: the host makes no calls, and
	// functions are called in place.
	returned func(c *flow.Call) (flow.Returned, bool)
}

// newCalls is the part of a node in calls of its host's functions.
func newCalls(n *Node) calls {
	c := calls{open: map[flow.CallKey]*calling{}, functions: map[string]*Function{}}
	if n.cfg.Calls {
		c.returned = n.returned
	}
	return c
}

// calling is a call, and who needs it.
type calling struct {
	call   flow.Call
	begun  causal.Instant
	result *flow.Returned // nil: it is under way
	dues   []flow.Due
	sagas  []saga.Task
	blocks []serial.Name
}

// never is when a run that waits for a call is due.
const never = causal.Instant(math.MaxInt64)

// returned is what env.Returned asks: the results that are here.
func (n *Node) returned(c *flow.Call) (flow.Returned, bool) {
	if k := n.calls.open[c.Key()]; k != nil && k.result != nil {
		return *k.result, true
	}
	return flow.Returned{}, false
}

// call sees that a call is made. It is nil where as many of its function are
// under way as may be: then who needs it asks again later.
func (n *Node) call(now causal.Instant, c flow.Call) *calling {
	key := c.Key()
	if k := n.calls.open[key]; k != nil {
		return k
	}
	f := n.calls.functions[c.Func]
	if f == nil {
		f = &Function{Name: c.Func}
		n.calls.functions[c.Func] = f
	}
	if f.Waiting >= n.cfg.Limits.CallsMax {
		return nil
	}
	f.Waiting++
	k := &calling{call: c, begun: now}
	n.calls.open[key] = k
	n.out.Calls = append(n.out.Calls, Call{key, c})
	return k
}

// Called takes what came of calls. What is not waited for is ignored.
func (n *Node) Called(now causal.Instant, answers []Called) {
	for i := range answers {
		a := &answers[i]
		k := n.calls.open[a.Key]
		if k == nil || k.result != nil {
			continue
		}
		f := n.calls.functions[k.call.Func]
		f.Waiting--
		if a.Err == "" {
			f.Calls++
			f.Error, f.Next = "", 0
		} else {
			f.Failures++
			f.Error = a.Err
		}
		k.result = &a.Returned
		for _, d := range k.dues {
			if c := n.computing[d]; c != nil {
				c.at = now
			}
		}
		for _, t := range k.sagas {
			n.sagas.machine.Postpone(t, now)
		}
		for _, name := range k.blocks {
			if p := n.parkedAs(name); p != nil {
				p.at = now
			}
		}
	}
}

// letGo forgets the calls that nobody needs any more but who is done now.
func (n *Node) letGo(isDone func(k *calling)) {
	for key, k := range n.calls.open {
		isDone(k)
		if k.result != nil && len(k.dues)+len(k.sagas)+len(k.blocks) == 0 {
			delete(n.calls.open, key)
		}
	}
}

// doneDue forgets what a process's run has waited for.
func (n *Node) doneDue(d flow.Due) {
	n.letGo(func(k *calling) { k.dues = slices.DeleteFunc(k.dues, func(o flow.Due) bool { return o == d }) })
}

// tryAgain notes when what a run needs is called again.
func (n *Node) tryAgain(d flow.Due, at causal.Instant) {
	if f := n.calls.functions[n.engine.FuncOf(d)]; f != nil && f.Error != "" {
		f.Next = at
	}
}

// doneStep forgets what a saga has waited for.
func (n *Node) doneStep(t saga.Task) {
	n.letGo(func(k *calling) {
		k.sagas = slices.DeleteFunc(k.sagas, func(o saga.Task) bool { return o.Name == t.Name })
	})
}

// awaitCall lets a process's run wait for a call.
func (n *Node) awaitCall(now causal.Instant, d flow.Due, call flow.Call) {
	c := n.computing[d]
	k := n.call(now, call)
	if k == nil {
		c.at = now + max(n.cfg.Limits.ProcessDelay, causal.Millisecond)
		return
	}
	c.at = never
	if !slices.Contains(k.dues, d) {
		k.dues = append(k.dues, d)
	}
}

// awaitStep lets a saga wait for a call.
func (n *Node) awaitStep(now causal.Instant, t saga.Task, call flow.Call) {
	k := n.call(now, call)
	if k == nil {
		n.sagas.machine.Postpone(t, now+causal.Millisecond*10)
		return
	}
	n.sagas.machine.Postpone(t, never)
	k.sagas = append(k.sagas, t)
}

// functions lists what is known of the functions that were called, by name.
func (n *Node) functions() []Function {
	var list []Function
	for _, name := range slices.Sorted(maps.Keys(n.calls.functions)) {
		f := *n.calls.functions[name]
		for _, k := range n.calls.open {
			if k.call.Func == name && k.result == nil && (f.Since == 0 || k.begun < f.Since) {
				f.Since = k.begun
			}
		}
		list = append(list, f)
	}
	return list
}
