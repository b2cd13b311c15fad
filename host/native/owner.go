package native

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/wire"
)

// An input is one call of the node. The owner goroutine runs it.
type input func(now causal.Instant)

// owner is the one goroutine that calls the node.
type owner struct {
	node  *node.Node
	clock func() causal.Instant
	last  causal.Instant // instants never decrease

	urgent   chan input // control before everything else
	ordinary chan input
	quit     chan struct{} // closed: take no more, close the node
	isFull   func() bool   // the disk has no space
	links    *links
	notary   *notary

	pending     []output // drained, waiting for the disk; bounded by OutputsMax and OutputsSizeMax
	pendingSize int
	flush       chan []output     // to the disk goroutine, which takes all that is pending
	release     func(output)      // for what may pass a full disk
	depth       func(n, size int) // is told how much is pending
	dead        func(err error)   // is told of a broken invariant
	renew       func()            // is told that the replica id is at its end
	revoke      func([]causal.Revocation)
}

// output is one Drain of the node, with the links its hang-ups meant when it was drained.
type output struct {
	node.Output
	hangups []*link
}

// run calls the node until quit, then closes it. It closes flush.
func (o *owner) run() {
	defer close(o.flush)
	defer o.stopOnPanic()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var flush chan []output
		if len(o.pending) > 0 {
			flush = o.flush
		}
		urgent, ordinary := o.open()
		select {
		case flush <- o.pending:
			o.flushed()
		case in := <-urgent:
			o.take(in)
		case in := <-ordinary:
			o.take(in)
		case <-timer.C:
			o.node.Wake(o.now())
		case <-o.quit:
			o.close()
			return
		}
		o.drain()
		timer.Reset(o.untilDeadline())
	}
}

// open returns the queues that may be taken from now: where the disk is
// behind, its backlog pushes back on the inputs. On a full disk the host's
// door keeps writes out, and reads go on.
func (o *owner) open() (urgent, ordinary chan input) {
	times := max(len(o.pending)/OutputsMax, o.pendingSize/OutputsSizeMax)
	if times < 2 {
		urgent = o.urgent
	}
	if times < 1 || o.isFull() {
		ordinary = o.ordinary
	}
	return urgent, ordinary
}

// take runs in, and as many more as are waiting, so that they share a Drain
// and a synced write. Urgent ones go first.
func (o *owner) take(in input) {
	in(o.now())
	for range BatchMax {
		select {
		case in := <-o.urgent:
			in(o.now())
			continue
		default:
		}
		select {
		case in := <-o.ordinary:
			in(o.now())
		default:
			return
		}
	}
}

// drain moves what the node has to say to the queue of the disk goroutine,
// and hands the queue over if that is waiting for it.
func (o *owner) drain() {
	out := o.node.Drain(o.now())
	o.notary.take(&out)
	if out.Renew {
		o.renew()
	}
	if len(out.Revocations) > 0 {
		o.revoke(out.Revocations)
		out.Revocations = nil
	}
	if !out.Empty() {
		o.enqueue(o.bind(out))
	}
	if len(o.pending) == 0 {
		return
	}
	select {
	case o.flush <- o.pending:
		o.flushed()
	default:
	}
}

// bind says which links the hang-ups of out mean. Those links are down for
// the node already.
func (o *owner) bind(out node.Output) output {
	b := output{Output: out}
	for _, h := range out.Hangups {
		if l := o.links.forget(h.Peer); l != nil {
			l.blame(h.Why)
			b.hangups = append(b.hangups, l)
		}
	}
	return b
}

func (o *owner) enqueue(out output) {
	if o.isFull() {
		out = o.pass(out)
	}
	o.pending = append(o.pending, out)
	o.pendingSize += sizeOf(&out)
	o.depth(len(o.pending), o.pendingSize)
}

func (o *owner) flushed() {
	o.pending, o.pendingSize = nil, 0
	o.depth(0, 0)
}

// pass releases what may leave while the disk is full although something
// before it is not durable yet, and returns the rest. Readings may: they are
// shown, and the token that would let somebody build on them is withheld. So
// may refusals and pings, which say nothing of the state.
func (o *owner) pass(out output) output {
	var now output
	rest := output{Output: node.Output{Records: out.Records, Shown: out.Shown, Notices: out.Notices, Calls: out.Calls}}
	for _, a := range out.Answers {
		if a.Reading == nil && a.Abort == "" {
			rest.Answers = append(rest.Answers, a)
			continue
		}
		a.Token = nil
		now.Answers = append(now.Answers, a)
	}
	for _, m := range out.Messages {
		if m.Channel == wire.Control && m.Kind == node.KindMember {
			now.Messages = append(now.Messages, m)
		} else {
			rest.Messages = append(rest.Messages, m)
		}
	}
	now.Dials, now.hangups, now.Events = out.Dials, out.hangups, out.Events
	o.release(now)
	return rest
}

// sizeOf is about how many bytes an output holds.
func sizeOf(out *output) int {
	n := 0
	for i := range out.Records {
		n += len(out.Records[i].Key) + len(out.Records[i].Value)
	}
	for i := range out.Messages {
		n += len(out.Messages[i].Body)
	}
	return n
}

// close drains the node for the last time and hands over what is pending.
func (o *owner) close() {
	o.node.Close(o.now())
	if out := o.node.Drain(o.now()); !out.Empty() {
		o.pending = append(o.pending, o.bind(out))
	}
	if len(o.pending) > 0 {
		o.flush <- o.pending
	}
}

func (o *owner) now() causal.Instant {
	o.last = max(o.last, o.clock())
	return o.last
}

// idleMax is how long the owner sleeps when the node has no deadline.
const idleMax = time.Hour

func (o *owner) untilDeadline() time.Duration {
	at, ok := o.node.Deadline()
	if !ok {
		return idleMax
	}
	return min(max(0, time.Duration(at-o.now())), idleMax)
}

// stopOnPanic turns a broken invariant of the node into a stop with a message:
// a node in an unknown state must not write one more record.
func (o *owner) stopOnPanic() {
	if r := recover(); r != nil {
		o.dead(fmt.Errorf("the node stopped on a broken invariant, which is a bug; what it acknowledged is safe: %v\n%s", r, debug.Stack()))
	}
}

// submit hands an input to the owner, waiting while the queue is full.
func (h *Host) submit(ctx context.Context, to chan input, in input) error {
	select {
	case to <- in:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.ctx.Done():
		return h.stopped()
	}
}

// ask runs f on the owner goroutine and returns when it has run.
func (h *Host) ask(ctx context.Context, f func(now causal.Instant)) error {
	ran := make(chan struct{})
	err := h.submit(ctx, h.owner.urgent, func(now causal.Instant) {
		defer close(ran)
		f(now)
	})
	if err != nil {
		return err
	}
	select {
	case <-ran:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.ownerDone:
		return h.stopped()
	}
}
