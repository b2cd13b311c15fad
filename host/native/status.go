package native

import (
	"context"
	"fmt"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
)

// Status is what an operator wants to know of a node; its JSON is the API's.
type Status struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Role    string `json:"role"`
	Addr    string `json:"addr,omitempty"` // for links
	HTTP    string `json:"http,omitempty"`
	Cluster string `json:"cluster"`
	Steward string `json:"steward"` // the first node's id

	Members []MemberStatus `json:"members"`
	Counts  node.Counts    `json:"counts"`

	Spaces  int `json:"spaces"`
	Entries int `json:"entries"` // live, over all spaces
	Log     int `json:"log"`     // parts above the checkpoints, over all spaces
	Pending int `json:"pending"` // parts that wait for their past
	Waiting int `json:"waiting"` // commands that wait for their session's past
	Outbox  int `json:"outbox"`  // events of this node that wait for the home
	Serial  int `json:"serial"`  // serial blocks of this node that have no outcome yet
	Parked  int `json:"parked"`  // serial blocks that wait here, at their home, for functions of the host
	Due     int `json:"due"`     // violations of invariants that are not repaired yet

	Missing int    `json:"missing"`          // parts that late ones were shown without, and that have not come since
	Void    int    `json:"void"`             // parts without effect, above the checkpoints
	Barred  string `json:"barred,omitempty"` // why this node may not write any more
	Forks   int    `json:"forks"`            // chains whose author is proven to have written two histories
	Repairs uint64 `json:"repairs"`          // exchanges begun here
	Orphans int    `json:"orphans"`          // parts of this node's former ids that wait to be written again, as nobody else may have them

	Sagas *SagasStatus `json:"sagas,omitempty"` // at the home, where there are any

	Unnamed []UnnamedStatus `json:"unnamed,omitempty"` // databases that have entries and that the program does not name

	Rights []RightsStatus `json:"rights,omitempty"` // who holds the rights of what escrow keeps, of at most 64 keys
	Lapsed bool           `json:"lapsed,omitempty"` // the lease of this node's rights has ended

	Functions []FunctionStatus `json:"functions,omitempty"` // of the host, that were called

	Disk   DiskStatus   `json:"disk"`
	Queues QueuesStatus `json:"queues"`

	Databases []string `json:"databases"`
	Views     []string `json:"views"`
	Events    []string `json:"events"`
}

// MemberStatus is a member as seen from here.
type MemberStatus struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Addr  string `json:"addr,omitempty"`
	State string `json:"state"`
	// Lag is how old, in milliseconds, the last exchange is that ended with
	// everything of this member here; -1 before the first.
	Lag      int64                    `json:"lag_ms"`
	RTT      int64                    `json:"rtt_us"` // of the last ping; 0 before the first
	Channels map[string]ChannelStatus `json:"channels,omitempty"`
}

// UnnamedStatus is a database that has entries and that the program does not name.
type UnnamedStatus struct {
	Name    string `json:"name"`
	Entries int    `json:"entries"`
	Bytes   int    `json:"bytes"` // of keys and values
}

// RightsStatus says who holds the rights of one key that escrow keeps.
type RightsStatus struct {
	Cell   string `json:"cell"`
	Here   int64  `json:"here"`
	Others int64  `json:"others"` // as far as is known here
}

// FunctionStatus is a function of the host.
type FunctionStatus struct {
	Name     string `json:"name"`
	Waiting  int    `json:"waiting"`           // calls under way
	For      int64  `json:"for_ms,omitempty"`  // how long the oldest of them has been
	Calls    uint64 `json:"calls"`             // that gave something
	Failures uint64 `json:"failures"`          // that did not
	Error    string `json:"error,omitempty"`   // of the last call, where it failed
	Next     int64  `json:"next_ms,omitempty"` // in how long it is tried again
}

func functionStatus(f node.Function, now causal.Instant) FunctionStatus {
	s := FunctionStatus{Name: f.Name, Waiting: f.Waiting, Calls: f.Calls, Failures: f.Failures, Error: f.Error}
	if f.Since > 0 {
		s.For = int64((now - f.Since) / causal.Millisecond)
	}
	if f.Next > now {
		s.Next = int64((f.Next - now) / causal.Millisecond)
	}
	return s
}

// ChannelStatus is one connection of a link.
type ChannelStatus struct {
	queueStatus
	Received uint64 `json:"received"` // bytes, ever
}

// DiskStatus is the state of the store.
type DiskStatus struct {
	Full bool   `json:"full"`
	Size uint64 `json:"size"` // bytes
}

// QueuesStatus says how much waits in the queues of the owner.
type QueuesStatus struct {
	Urgent  int `json:"urgent"`
	Inputs  int `json:"inputs"`
	Outputs int `json:"outputs"`
	Answers int `json:"answers"`
}

// barred says why a node may not write any more.
func barred(why replica.Reason) string {
	if why == replica.Valid {
		return ""
	}
	return why.String()
}

// Status returns the state of the node now.
func (h *Host) Status(ctx context.Context) (Status, error) {
	var s node.Status
	var now causal.Instant
	var sagas *SagasStatus
	err := h.ask(ctx, func(at causal.Instant) {
		s, now = h.owner.node.Status(), at
		sagas = sagasStatus(h.owner.node, s.Sagas, at)
	})
	if err != nil {
		return Status{}, err
	}
	p := h.cfg.Program
	st := Status{
		ID: s.Self.ID.String(), Name: s.Self.Name, Role: s.Self.Role, Addr: s.Self.Addr, HTTP: h.HTTPAddr(),
		Cluster: s.Cluster, Steward: s.Steward.String(),
		Members: []MemberStatus{}, Counts: s.Counts,
		Spaces: s.Replica.Spaces, Entries: s.Replica.Entries, Log: s.Replica.Log, Pending: s.Replica.Pending,
		Waiting: s.Waiting, Outbox: s.Outbox, Serial: s.Serial, Parked: s.Parked, Due: s.Due, Missing: s.Replica.Missing, Void: s.Replica.Void, Barred: barred(s.Barred), Orphans: s.Orphans, Forks: s.Replica.Forked, Repairs: s.Repair.Exchanges,
		Disk: DiskStatus{Full: h.disk.isFull(), Size: h.disk.size()},
		Queues: QueuesStatus{
			Urgent: len(h.owner.urgent), Inputs: len(h.owner.ordinary),
			Outputs: int(h.metrics.outputs.Load()), Answers: h.answers.len(),
		},
		Sagas:     sagas,
		Databases: []string{}, Views: []string{}, Events: []string{},
	}
	for _, m := range s.Members {
		st.Members = append(st.Members, h.memberStatus(m, now))
	}
	for _, f := range s.Functions {
		st.Functions = append(st.Functions, functionStatus(f, now))
	}
	for _, u := range s.Unnamed {
		st.Unnamed = append(st.Unnamed, UnnamedStatus(u))
	}
	st.Lapsed = s.Lapsed
	for _, r := range s.Rights {
		st.Rights = append(st.Rights, RightsStatus(r))
	}
	for i := range p.Databases {
		st.Databases = append(st.Databases, p.Databases[i].Name)
	}
	for i := range p.Views {
		st.Views = append(st.Views, p.Views[i].Name)
	}
	for i := range p.Handlers {
		st.Events = append(st.Events, p.Handlers[i].Event)
	}
	return st, nil
}

func (h *Host) memberStatus(m node.Peer, now causal.Instant) MemberStatus {
	st := MemberStatus{
		ID: m.ID.String(), Name: m.Name, Role: m.Role, Addr: m.Addr, State: stateName(m.State),
		Lag: -1, RTT: int64(m.RTT / causal.Microsecond),
	}
	if m.Synced > 0 {
		st.Lag = int64((now - m.Synced) / causal.Millisecond)
	}
	if l := h.links.get(m.ID); l != nil {
		st.Channels = map[string]ChannelStatus{}
		for c := range wire.Channel(wire.Channels) {
			st.Channels[c.String()] = ChannelStatus{l.queues[c].status(), l.received[c].Load()}
		}
	}
	return st
}

func stateName(s member.State) string {
	switch s {
	case member.Alive:
		return "alive"
	case member.Suspect:
		return "suspect"
	case member.Down:
		return "down"
	}
	return "unknown"
}

// askStatus is Status for a door that must not wait long.
func (h *Host) askStatus(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTimeout, fmt.Errorf("the node did not answer within %v", askTimeout))
	defer cancel()
	return h.Status(ctx)
}
