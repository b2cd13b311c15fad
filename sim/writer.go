package sim

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/load"
)

// writer is a client of one machine: it raises its events in order, each under
// the next seq of its stream, until every one is acknowledged or refused for
// good. It survives the machine, and resumes where the stream's mark says.
type writer struct {
	world   *World
	machine *Machine
	stream  string
	events  []load.Event
	pause   causal.Instant // between two events, on average

	next  int    // the event under way; its seq is next+1
	token []byte // what this writer has seen
	waits bool   // an answer is awaited
	lost  bool   // the machine went down while the event under way was awaited

	burst   int            // events raised at once, ahead of their answers; 0: one
	open    int            // of those raised, how many have no answer yet
	isAlone bool           // it sees nothing but its own answers
	tried   int            // the event that was last tried first, and one
	since   causal.Instant // when; 0: never
	told    func()         // if not nil, is called when its token is another
}

func (wr *writer) done() bool { return wr.next == len(wr.events) }

// begin raises the first event after a moment of its own.
func (wr *writer) begin() { wr.later(wr.pause) }

// later raises the event under way after about the given pause.
func (wr *writer) later(pause causal.Instant) {
	wr.world.after(causal.Instant(wr.world.loadDie.Int64N(2*int64(pause)+1)), wr.raise)
}

func (wr *writer) raise() {
	if wr.done() || wr.waits {
		return
	}
	m, e := wr.machine, wr.events[wr.next]
	if !m.Up() {
		return // restarted goes on
	}
	wr.waits = true
	if wr.tried != wr.next+1 {
		wr.tried, wr.since = wr.next+1, wr.world.now
	}
	if wr.burst > 1 {
		wr.raiseBurst()
		return
	}
	m.Raise(wr.request(e, wr.next), wr.answered)
}

// request raises the event of that number.
func (wr *writer) request(e load.Event, number int) node.RaiseRequest {
	return node.RaiseRequest{
		Event: e.Name, Args: e.Args, User: wr.machine.user(), Session: wr.session(),
		Stream: wr.stream, Seq: uint64(number + 1),
	}
}

// raiseBurst raises the next events of the stream at once. The node stops the
// stream at one whose outcome is open, so the answers up to there count.
func (wr *writer) raiseBurst() {
	n := min(wr.burst, len(wr.events)-wr.next)
	requests := make([]node.RaiseRequest, n)
	for i := range requests {
		requests[i] = wr.request(wr.events[wr.next+i], wr.next+i)
	}
	answers := make([]*node.Answer, n)
	wr.open = n
	wr.machine.RaiseAll(requests, func(i int, a node.Answer) {
		answers[i] = &a
		if wr.open--; wr.open == 0 {
			wr.burstAnswered(answers)
		}
	})
}

// burstAnswered takes the answers to a burst, up to the first that says nothing.
func (wr *writer) burstAnswered(answers []*node.Answer) {
	w := wr.world
	for _, a := range answers {
		if again(a.Abort) || a.Abort == node.AbortStalled {
			wr.waits = false
			w.stats.Retried++
			wr.later(200 * causal.Millisecond)
			return
		}
		wr.take(*a)
	}
	wr.goOn()
}

// take counts the answer to the event under way, which is over.
func (wr *writer) take(a node.Answer) {
	w := wr.world
	if a.Committed || a.Pending { // a saga that goes on
		w.stats.Acknowledged++
		if wr.token = a.Token; wr.told != nil {
			wr.told()
		}
	} else {
		w.story.abort(wr.machine, wr.events[wr.next], a)
		w.stats.Aborted++
	}
	wr.next++
}

// session is what the writer has seen; now and then, what a writer elsewhere
// has seen and told it.
func (wr *writer) session() []byte {
	w := wr.world
	if !wr.isAlone && len(w.writers) > 0 && w.loadDie.IntN(16) == 0 {
		if told := w.writers[w.loadDie.IntN(len(w.writers))].token; told != nil {
			return told
		}
	}
	return wr.token
}

// crashed tells that the machine went down: an answer awaited will not come.
func (wr *writer) crashed() { wr.lost, wr.waits = wr.lost || wr.waits, false }

// restarted tells that the machine is up again. The writer asks how far its
// stream has come, or simply tries again: both must be right.
func (wr *writer) restarted() {
	w, m := wr.world, wr.machine
	if !wr.lost || w.loadDie.IntN(2) == 0 {
		wr.later(wr.pause)
		return
	}
	wr.waits = true
	t := m.ask(wr.marked)
	m.call(didRead, []byte(wr.stream), func(now causal.Instant) { m.node.StreamMark(now, t, wr.stream) })
}

// marked takes the mark of the writer's stream.
func (wr *writer) marked(a node.Answer) {
	wr.waits = false
	if a.Mark > uint64(wr.next) {
		wr.world.stats.Acknowledged += a.Mark - uint64(wr.next)
		wr.next = int(a.Mark)
		wr.goOn()
		return
	}
	wr.later(wr.pause)
}

// answered takes the answer to the event under way.
func (wr *writer) answered(a node.Answer) {
	w := wr.world
	if again(a.Abort) {
		wr.waits = false
		w.stats.Retried++
		wr.later(200 * causal.Millisecond)
		return
	}
	wr.take(a)
	wr.goOn()
}

// goOn waits for the moment of the next event.
func (wr *writer) goOn() {
	wr.waits, wr.lost = false, false
	wr.world.story.progress()
	if !wr.done() {
		wr.later(wr.pause)
	}
}

// again reports whether an abort says nothing about the event itself.
func again(abort string) bool {
	switch abort {
	case node.AbortBusy, node.AbortBehind, node.AbortHomeAway, node.AbortUnknown:
		return true
	}
	return false
}
