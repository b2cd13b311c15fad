package sim

import (
	"container/heap"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// event is something that will happen.
type event struct {
	at  causal.Instant
	seq uint64 // events of one instant happen in the order they were planned
	run func()
}

// queue holds what will happen, the earliest first. The zero queue is empty.
type queue struct {
	events heapOf
	seq    uint64
}

// add plans run for the instant at.
func (q *queue) add(at causal.Instant, run func()) {
	q.seq++
	heap.Push(&q.events, event{at, q.seq, run})
}

// next removes and returns the earliest event; false if nothing will happen.
func (q *queue) next() (event, bool) {
	if len(q.events) == 0 {
		return event{}, false
	}
	return heap.Pop(&q.events).(event), true
}

// peek returns the instant of the earliest event.
func (q *queue) peek() (causal.Instant, bool) {
	if len(q.events) == 0 {
		return 0, false
	}
	return q.events[0].at, true
}

type heapOf []event

func (h heapOf) Len() int { return len(h) }
func (h heapOf) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h heapOf) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heapOf) Push(x any)   { *h = append(*h, x.(event)) }
func (h *heapOf) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = event{}
	*h = (*h)[:last]
	return e
}
