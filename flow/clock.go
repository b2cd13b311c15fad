package flow

import (
	"container/heap"
	"encoding/binary"
	"math"

	"github.com/martinelli-lang/martinelli/plan"
)

// An engine's clock stands still but for Advance. An evaluation that finds a
// moment to come depends on it, as it does on what it reads of databases: so
// what is shown turns when the moment has passed, at the cost of what turns, and
// whoever drives the engine asks for the next moment and sleeps until then. What
// is past stays past, and needs no dependency.

// moments are those that evaluations wait for, the next one first.
type moments struct {
	queue []dependency // a heap; what nothing depends on any more is left in it until its time
	known map[string]bool
	links int // of evaluations on moments
}

func (q *moments) Len() int           { return len(q.queue) }
func (q *moments) Less(i, j int) bool { return q.queue[i].key < q.queue[j].key }
func (q *moments) Swap(i, j int)      { q.queue[i], q.queue[j] = q.queue[j], q.queue[i] }
func (q *moments) Push(x any)         { q.queue = append(q.queue, x.(dependency)) }
func (q *moments) Pop() any {
	last := q.queue[len(q.queue)-1]
	q.queue = q.queue[:len(q.queue)-1]
	return last
}

// await puts a moment on the list, once.
func (q *moments) await(on dependency) {
	if q.known[on.key] {
		return
	}
	if q.known == nil {
		q.known = map[string]bool{}
	}
	q.known[on.key] = true
	heap.Push(q, on)
}

// pass takes the first moment off the list.
func (q *moments) pass() dependency {
	on := heap.Pop(q).(dependency)
	delete(q.known, on.key)
	return on
}

// A moment's key orders as the moment does.
func momentKey(millis int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(millis)^1<<63)
}

func (d dependency) moment() int64 {
	return int64(binary.BigEndian.Uint64([]byte(d.key)) ^ 1<<63)
}

// Advance puts the clock forward, in milliseconds, and brings what is shown up
// to date; backward it does not go. Cost: what turns meanwhile.
func (e *Engine) Advance(millis int64) {
	if millis <= e.millis {
		return
	}
	e.millis = millis
	g, turns := e.graph, false
	for len(g.moments.queue) > 0 && g.moments.queue[0].moment() <= millis {
		g.touch(g.moments.pass())
		turns = true
	}
	if turns {
		g.propagate()
	}
}

// NextMoment returns when something shown turns by itself, in milliseconds.
func (e *Engine) NextMoment() (millis int64, ok bool) {
	q := &e.graph.moments
	for len(q.queue) > 0 && e.graph.dependents[q.queue[0]] == nil {
		q.pass()
	}
	if len(q.queue) == 0 {
		return 0, false
	}
	return q.queue[0].moment(), true
}

// Told returns the latest moment that something computed here has found past: a
// clock that begins there takes nothing back that was shown.
func (e *Engine) Told() int64 { return e.told }

// past compiles a comparison with the clock.
func (c *compiler) past(e *plan.Expr) boolFn {
	moment, isBeyond := c.int(e.Args[0]), e.Index == 0
	return func(m *machine) bool { return m.isPast(moment(m), isBeyond) }
}

// isPast reports whether the clock has come to a moment, or is beyond it. A
// moment to come is noted.
func (m *machine) isPast(at int64, isBeyond bool) bool {
	if isBeyond {
		if at == math.MaxInt64 {
			return false
		}
		at++
	}
	if m.engine.millis < at {
		if m.deps != nil {
			m.note(grainClock, 0, momentKey(at), "")
		}
		return false
	}
	m.engine.told = max(m.engine.told, at)
	return true
}
