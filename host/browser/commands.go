package browser

import (
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// AbortFull is the word for a raise that the storage has no space for.
const AbortFull = "storage_full"

// commands are what tabs have asked and what has no last answer.
type commands struct {
	open   map[node.Ticket]command
	items  map[string]node.Ticket // of the outbox, that have no outcome yet
	unsync []unsynced             // in the order of their answers; at most SyncedMax
}

// command is one that awaits its first answer, or a watch.
type command struct {
	kind byte       // kindRaise, kindRead or kindWatch
	runs plan.Place // of a raise
}

// unsynced is a raise that is durable here.
type unsynced struct {
	ticket node.Ticket
	parts  uint64 // that this node had written then
}

func newCommands() commands {
	return commands{open: map[node.Ticket]command{}, items: map[string]node.Ticket{}}
}

// begin takes a command in, unless there are too many.
func (h *Host) begin(ticket uint64, c command) bool {
	if len(h.commands.open)+len(h.commands.items) >= CommandsMax {
		h.abort(ticket, node.AbortBusy, "too many events, reads and watches are under way in this browser: wait for answers")
		return false
	}
	h.commands.open[node.Ticket(ticket)] = c
	return true
}

func (h *Host) raise(l *Raise) {
	params, ok := h.node.Params(l.Event)
	if !ok {
		h.abort(l.Ticket, node.AbortNoEvent, "the program has no on_"+l.Event+" at role "+h.role)
		return
	}
	if h.isFull {
		h.abort(l.Ticket, AbortFull, "this device's storage is full: nothing was written. Free some space, and it goes on by itself; what is there can be read")
		return
	}
	args, err := jsonvalue.Args(params, l.Args)
	if err != nil {
		h.abort(l.Ticket, flow.AbortArgument, err.Error())
		return
	}
	if !h.begin(l.Ticket, command{kindRaise, h.places[l.Event]}) {
		return
	}
	q := node.RaiseRequest{Event: l.Event, Args: args, Stream: l.Stream, Seq: l.Seq, Sessionless: true}
	if l.Outbox {
		q.Outbox = node.OutboxAway
	}
	h.node.Raise(h.now, node.Ticket(l.Ticket), q)
}

func (h *Host) read(l *Read) {
	key, err := h.keyOf(l.Name, l.Key)
	if err != nil {
		h.abort(l.Ticket, flow.AbortArgument, err.Error())
		return
	}
	if h.begin(l.Ticket, command{kind: kindRead}) {
		h.node.Read(h.now, node.Ticket(l.Ticket), node.ReadRequest{Name: l.Name, Key: key})
	}
}

// keyOf reads the values of a key by their types.
func (h *Host) keyOf(name string, text []byte) ([]value.Value, error) {
	if len(text) == 0 {
		return nil, nil
	}
	any, err := jsonvalue.Decode(plan.Type{Kind: plan.KindList, Args: []plan.Type{plan.Any}}, text)
	if err != nil {
		return nil, err
	}
	dims, _ := h.program.Keys(name)
	if fields := h.program.Fields(name); len(fields) > 0 {
		dims, _ = h.program.Keys(name + "." + fields[0])
	}
	n := len(any.Elems())
	if n > len(dims) {
		return nil, &jsonvalue.Error{Reason: name + " has fewer key dimensions than key values came"}
	}
	types := make([]plan.Type, n)
	for i := range types {
		types[i] = dims[i].Type
	}
	v, err := jsonvalue.Decode(plan.TupleOf(types...), text)
	if err != nil {
		return nil, err
	}
	return v.Elems(), nil
}

func (h *Host) watch(l *Watch) {
	if h.begin(l.Ticket, command{kind: kindWatch}) {
		h.node.Watch(h.now, node.Ticket(l.Ticket), l.Name)
	}
}

func (h *Host) unwatch(l *Unwatch) {
	delete(h.commands.open, node.Ticket(l.Ticket))
	h.node.Unwatch(node.Ticket(l.Ticket))
}

// abort answers a command that never reached the node.
func (h *Host) abort(ticket uint64, why, detail string) {
	h.say(&Answer{Ticket: ticket, State: Aborted, IsLast: true, Why: why, Detail: detail})
}

// answer tells what the node says of a command.
func (h *Host) answer(a *node.Answer) {
	c, ok := h.commands.open[a.Ticket]
	if !ok {
		return
	}
	l := &Answer{Ticket: uint64(a.Ticket), IsLast: true, Duplicate: a.Duplicate, Why: a.Abort, Detail: a.Detail, Item: a.Item, IsCopied: a.Copied, AsOf: a.AsOf}
	switch {
	case c.kind == kindWatch && a.Abort == "":
		h.say(&Change{Ticket: uint64(a.Ticket), IsFull: true, AsOf: a.AsOf, Value: readingOf(a)})
		return // it stays open
	case a.Abort != "":
		l.State = Aborted
	case c.kind == kindRead:
		l.State, l.Value = Done, readingOf(a)
	case a.Pending:
		l.State, l.IsLast = Pending, a.Item == ""
		if a.Item != "" {
			h.commands.items[a.Item] = a.Ticket
		}
	case c.runs != plan.AtOnce:
		l.State = Committed
	default:
		l.State, l.IsLast = Durable, len(h.commands.unsync) >= SyncedMax
		if !l.IsLast {
			written, _ := h.node.Written()
			h.commands.unsync = append(h.commands.unsync, unsynced{a.Ticket, written})
		}
	}
	delete(h.commands.open, a.Ticket)
	h.say(l)
}

func readingOf(a *node.Answer) []byte {
	if a.Reading == nil {
		return []byte("null")
	}
	return jsonvalue.AppendReading(nil, *a.Reading)
}

// follow tells what has come, since their answers, of what was pending and of
// what was durable here alone.
func (h *Host) follow() {
	c := &h.commands
	if len(c.items) > 0 {
		for _, it := range h.node.Outbox() {
			ticket, ok := c.items[it.Name]
			if !ok || it.Open {
				continue
			}
			delete(c.items, it.Name)
			l := &Answer{Ticket: uint64(ticket), State: Committed, IsLast: true, Duplicate: it.Duplicate, Why: it.Abort, Detail: it.Detail, Item: it.Name}
			if it.Abort != "" {
				l.State = Aborted
			}
			h.say(l)
		}
	}
	_, matched := h.node.Written()
	n := 0
	for n < len(c.unsync) && c.unsync[n].parts <= matched {
		h.say(&Answer{Ticket: uint64(c.unsync[n].ticket), State: Synced, IsLast: true})
		n++
	}
	c.unsync = c.unsync[n:]
}

// show tells the watches what changed.
func (h *Host) show(s *node.Shown) {
	if len(s.Tickets) == 0 {
		return
	}
	added, removed := jsonvalue.AppendChange(nil, s.Type, s.Added), jsonvalue.AppendChange(nil, s.Type, s.Removed)
	for _, t := range s.Tickets {
		h.say(&Change{Ticket: uint64(t), Settled: s.Settled, AsOf: s.AsOf, Added: added, Removed: removed})
	}
}
