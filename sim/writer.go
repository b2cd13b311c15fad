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
	m.Raise(node.RaiseRequest{
		Event: e.Name, Args: e.Args, User: m.user(), Session: wr.session(),
		Stream: wr.stream, Seq: uint64(wr.next + 1),
	}, wr.answered)
}

// session is what the writer has seen; now and then, what a writer elsewhere
// has seen and told it.
func (wr *writer) session() []byte {
	w := wr.world
	if len(w.writers) > 0 && w.loadDie.IntN(16) == 0 {
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
		wr.advance(&wr.world.stats.Acknowledged)
		return
	}
	wr.later(wr.pause)
}

// answered takes the answer to the event under way.
func (wr *writer) answered(a node.Answer) {
	w := wr.world
	switch {
	case a.Committed:
		wr.token = a.Token
		wr.advance(&w.stats.Acknowledged)
	case again(a.Abort):
		wr.waits = false
		w.stats.Retried++
		wr.later(200 * causal.Millisecond)
	default:
		w.story.abort(wr.machine, wr.events[wr.next], a)
		wr.advance(&w.stats.Aborted)
	}
}

// advance goes on to the next event.
func (wr *writer) advance(count *uint64) {
	*count++
	wr.waits, wr.lost = false, false
	wr.next++
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
