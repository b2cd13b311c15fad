package replica_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// TestBehindTheBulk: a part of the bulk waits without a limit. What names it is
// late in its time, and what follows that one is late too until the bulk comes.
func TestBehindTheBulk(t *testing.T) {
	const bulk, room = 1, 0
	gone := at(2, 2, 1)
	stands := part(bulk, 1, 1)
	stands.Seen = []causal.Ref{gone}
	first, second, third := part(room, 1, 1), part(room, 1, 2), part(room, 1, 3)
	first.Seen = []causal.Ref{stands.Ref()}
	r := replica.New(replica.Config{LateAfter: lateAfter, Bulk: space(bulk)})
	r.Receive(100, vouch(stands, first, second))
	r.Wake(200)
	r.Searched(200)
	groups := r.Drain().Groups
	if len(groups) != 2 || len(groups[0].Missing) != 1 || len(groups[1].Missing) != 1 || r.Part(stands.Ref()) != nil {
		t.Fatalf("%+v", groups)
	}
	r.Receive(300, vouch(part(2, 2, 1)))
	r.Receive(300, vouch(third))
	for _, g := range r.Drain().Groups {
		if len(g.Missing) > 0 {
			t.Errorf("%v is late, and nothing lacks", g.Parts[0].Ref())
		}
	}
	if r.Part(stands.Ref()) == nil || r.Part(third.Ref()) == nil {
		t.Error("what came last is not shown")
	}
}
