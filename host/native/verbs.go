package native

import (
	"context"
	"errors"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// Raise raises an event and returns what came of it, once that is durable.
// An event that aborted is no error. Without a stream, an error leaves open
// whether the event took place, unless it is ErrDiskFull.
func (h *Host) Raise(ctx context.Context, q node.RaiseRequest) (node.Answer, error) {
	if h.disk.isFull() {
		return node.Answer{}, ErrDiskFull
	}
	return h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.Raise(now, t, q) })
}

// raiseThen raises an event and hands what came of it to then, on the disk
// goroutine: it must not block.
func (h *Host) raiseThen(ctx context.Context, q node.RaiseRequest, then func(node.Answer)) error {
	if h.disk.isFull() {
		return ErrDiskFull
	}
	t := h.answers.expect(then)
	err := h.submit(ctx, h.owner.ordinary, func(now causal.Instant) { h.owner.node.Raise(now, t, q) })
	if err != nil {
		h.answers.forget(t)
	}
	return err
}

// Read reads a database, whole or at a key, or a view.
func (h *Host) Read(ctx context.Context, q node.ReadRequest) (node.Answer, error) {
	return h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.Read(now, t, q) })
}

// StreamMark returns the largest seq of a stream that this node has taken.
// On a full disk it fails: the mark may stand above what is durable.
func (h *Host) StreamMark(ctx context.Context, stream string) (uint64, error) {
	if h.disk.isFull() {
		return 0, ErrDiskFull
	}
	a, err := h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.StreamMark(now, t, stream) })
	return a.Mark, err
}

// Cut takes the right to write away from a replica; see node.Cut. It returns
// in how many spaces.
func (h *Host) Cut(ctx context.Context, who causal.ReplicaID, isWhole bool) (spaces int, err error) {
	if h.disk.isFull() {
		return 0, ErrDiskFull
	}
	a, err := h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.Cut(now, t, who, isWhole) })
	if err == nil && a.Abort != "" {
		err = errors.New(a.Detail)
	}
	return a.Spaces, err
}

// Revoke lets a replica in no more, or with a user all nodes that are his now; see
// node.Revoke. It returns in how many spaces somebody was cut.
func (h *Host) Revoke(ctx context.Context, who causal.ReplicaID, user string) (spaces int, err error) {
	if h.disk.isFull() {
		return 0, ErrDiskFull
	}
	if user != "" {
		if err := h.tokens.forgetUser(user); err != nil {
			return 0, err
		}
	}
	public := h.publicOf(who)
	a, err := h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.Revoke(now, t, who, public, user) })
	if err == nil && a.Abort != "" {
		err = errors.New(a.Detail)
	}
	return a.Spaces, err
}

// Retire says that a replica will not be back; see node.Retire. It returns in
// how many spaces it had not been said yet.
func (h *Host) Retire(ctx context.Context, who causal.ReplicaID) (spaces int, err error) {
	if h.disk.isFull() {
		return 0, ErrDiskFull
	}
	a, err := h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.Retire(now, t, who) })
	if err == nil && a.Abort != "" {
		err = errors.New(a.Detail)
	}
	return a.Spaces, err
}

// Drop removes the entries of a database that the program does not name; see
// node.Drop. It says what it has removed, also with an error: that is durable.
// On a node that is at work it goes step by step, and others between the steps.
func (h *Host) Drop(ctx context.Context, database string) (total node.Dropped, err error) {
	for isFirst := true; isFirst || total.IsMore; isFirst = false {
		if h.disk.isFull() {
			return total, ErrDiskFull
		}
		a, err := h.command(ctx, func(now causal.Instant, t node.Ticket) { h.owner.node.Drop(now, t, database) })
		switch {
		case err != nil:
			return total, err
		case a.Abort == node.AbortUnstored && !isFirst: // somebody else has removed the rest
			total.IsMore = false
		case a.Abort != "":
			return total, errors.New(a.Detail)
		default:
			total.Entries += a.Dropped.Entries
			total.Bytes += a.Dropped.Bytes
			total.Spaces += a.Dropped.Spaces
			total.IsMore = a.Dropped.IsMore
		}
	}
	return total, nil
}

// command hands a command to the node and waits for its answer.
func (h *Host) command(ctx context.Context, do func(now causal.Instant, t node.Ticket)) (node.Answer, error) {
	answered := make(chan node.Answer, 1)
	t := h.answers.expect(func(a node.Answer) { answered <- a })
	defer h.answers.forget(t)
	if err := h.submit(ctx, h.owner.ordinary, func(now causal.Instant) { do(now, t) }); err != nil {
		return node.Answer{}, err
	}
	select {
	case a := <-answered:
		return a, nil
	case <-ctx.Done():
		return node.Answer{}, context.Cause(ctx)
	case <-h.done:
		return node.Answer{}, h.stopped()
	}
}

// Params returns the parameters of an event's handler at this role; ok is
// false where it has none.
func (h *Host) Params(event string) (params []plan.Param, ok bool) {
	p, ok := h.params[event]
	return p, ok
}

// Program returns the program this node runs.
func (h *Host) Program() *plan.Program { return h.cfg.Program }
