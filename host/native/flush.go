package native

import (
	"errors"
	"fmt"
	"time"

	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
)

// flusher is the disk goroutine: it makes records durable, many outputs in one
// synced batch, and then releases what stood behind them, in order.
type flusher struct {
	disk    store.Disk
	groups  <-chan []output
	release func(output)
	wrote   func(records int, took time.Duration)
	turn    chan struct{} // held while a group is written; a backup takes its turn between two
	failed  func(error)   // is told once; nothing is released from then on
	first   func() error  // nil, or called once, between the first write and what it makes true
}

// run ends when groups is closed.
func (f *flusher) run() {
	for group := range f.groups {
		if err := f.write(group); err != nil {
			f.failed(diskError(err))
			break
		}
		for _, out := range group {
			f.release(out)
		}
	}
	for range f.groups { // the disk is not to be written any more: nothing of these may leave
	}
}

// write makes the records of all outputs durable with one sync.
func (f *flusher) write(group []output) error {
	var ops []store.Op
	for i := range group {
		ops = append(ops, group[i].Records...)
	}
	if len(ops) == 0 {
		return nil
	}
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	start := time.Now()
	if err := f.disk.Write(ops); err != nil {
		return err
	}
	if err := f.disk.Sync(); err != nil {
		return err
	}
	f.wrote(len(ops), time.Since(start))
	if f.first == nil {
		return nil
	}
	first := f.first
	f.first = nil
	return first()
}

func diskError(err error) error {
	if errors.Is(err, errDamaged) {
		return err
	}
	advice := "look at the disk, then start the node again"
	if isFull(err) {
		advice = "free some space, then start the node again"
	}
	return fmt.Errorf("the store can't be written any more: %w. What was acknowledged is safe; %s", err, advice)
}

// release lets go of what an output's records made true, in the order that
// package node asks for.
func (h *Host) release(out output) {
	for i := range out.Messages {
		h.links.send(&out.Messages[i])
	}
	for _, a := range out.Answers {
		h.answers.give(a)
	}
	for _, s := range out.Shown {
		h.watches.show(s)
	}
	for _, n := range out.Notices {
		h.notices.tell(n)
	}
	h.callers.take(out.Calls)
	for _, m := range out.Dials {
		h.dial(m)
	}
	for _, l := range out.hangups {
		h.dismiss(l, errors.New(l.reason()))
	}
	for _, e := range out.Events {
		h.tell(e)
	}
}

// tell writes what an operator should know to the log.
func (h *Host) tell(e node.Event) {
	switch e.Kind {
	case node.EventFork, node.EventRefused, node.EventDropped, node.EventLate:
		h.log.Warn(e.Text, "peer", e.Peer.Short())
	default:
		h.log.Info(e.Text, "peer", e.Peer.Short())
	}
}
