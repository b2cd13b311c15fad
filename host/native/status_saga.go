package native

import (
	"encoding/json"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/entity/saga"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// SagasStatus says how the sagas of a home are.
type SagasStatus struct {
	UnderWay int          `json:"under_way"`
	Retrying int          `json:"retrying"` // under way, and the last try has failed
	Undoing  int          `json:"undoing"`  // under way, and to be undone
	Resting  int          `json:"resting"`  // under way, and the program has no such saga
	Ended    int          `json:"ended"`
	List     []SagaStatus `json:"list"` // of those under way the 64 that have failed most often
}

// SagaStatus is a saga under way.
type SagaStatus struct {
	Event  string          `json:"event,omitempty"`
	Key    json.RawMessage `json:"key"`
	User   string          `json:"user,omitempty"`
	Age    int64           `json:"age_ms"`
	Step   int             `json:"step"`  // the next one, from 1
	Steps  int             `json:"steps"` // 0: the program has no such saga
	Undo   bool            `json:"undo,omitempty"`
	Tries  int             `json:"tries,omitempty"` // that failed
	Next   int64           `json:"next_ms"`         // until it goes on
	Abort  string          `json:"abort,omitempty"`
	Detail string          `json:"detail,omitempty"`
	Said   string          `json:"said,omitempty"` // what the last try said that failed
}

// sagasStatus is nil where there never was a saga.
func sagasStatus(n *node.Node, s saga.Status, now causal.Instant) *SagasStatus {
	if s.UnderWay+s.Ended == 0 {
		return nil
	}
	st := &SagasStatus{UnderWay: s.UnderWay, Retrying: s.Retrying, Undoing: s.Undoing, Resting: s.Resting, Ended: s.Ended, List: []SagaStatus{}}
	for _, it := range s.List {
		event, key := n.SagaOf(it.Name)
		st.List = append(st.List, SagaStatus{
			Event: event, Key: jsonvalue.Append(nil, plan.Any, key), User: it.User,
			Age: int64(now-it.Since) / causal.Millisecond, Step: it.Step + 1, Steps: it.Steps, Undo: it.Undo,
			Tries: it.Tries, Next: int64(max(it.At-now, 0)) / causal.Millisecond, Abort: it.Abort, Detail: it.Detail, Said: it.Said,
		})
	}
	return st
}
