package replica_test

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
)

// TestLateCheckpoint: a checkpoint refers to two parts of a space of which one
// never comes and the other is here and waits for it. It is shown late without
// both, and is said to lack both: the one that is here goes on waiting.
func TestLateCheckpoint(t *testing.T) {
	const room, other = 0, 1
	gone, waits := part(other, 1, 1), part(other, 2, 1)
	waits.Seen = []causal.Ref{gone.Ref()}
	r := replica.New(replica.Config{})
	r.Receive(0, vouch(waits))
	c := &replica.Copy{
		Space: space(room), Marker: causal.Dot{Replica: author(3), Seq: 1},
		Heads: []causal.AuthorHead{{Replica: author(3), Head: causal.Head{Seq: 1}}},
		Needs: []causal.Ref{gone.Ref(), waits.Ref()},
	}
	slices.SortFunc(c.Needs, causal.Ref.Compare)
	if set, _ := r.Closure(c, nil, false); set != nil {
		t.Fatal("it is shown before its time")
	}
	set, missing := r.Closure(c, nil, true)
	if len(set) != 1 || !slices.Equal(missing, c.Needs) {
		t.Fatalf("late: %d copies without %v, want %v", len(set), missing, c.Needs)
	}
	if _, ok := r.Install(set, missing); !ok || !slices.Equal(r.Missing(), c.Needs) {
		t.Fatalf("it lacks %v, want %v", r.Missing(), c.Needs)
	}
	r.Drain()
	r.Receive(1, vouch(gone))
	if groups := r.Drain().Groups; len(groups) != 2 || len(r.Missing()) > 0 || r.Part(waits.Ref()) == nil {
		t.Errorf("what was missing came: %+v, missing %v", groups, r.Missing())
	}
}

// TestBulkIsNeverLate: the bulk's checkpoint refers to what never comes. A
// room's, which refers to the bulk, is shown late without it; the bulk's own
// waits, as who names a part of it says that he has all that it names.
func TestBulkIsNeverLate(t *testing.T) {
	const room, bulk = 0, 1
	gone, named := at(2, 2, 1), at(bulk, 1, 1)
	r := replica.New(replica.Config{Bulk: space(bulk)})
	head := causal.AuthorHead{Replica: author(1), Head: causal.Head{Seq: 1}}
	marker := causal.Dot{Replica: author(1), Seq: 1}
	ofRoom := &replica.Copy{Space: space(room), Marker: marker, Heads: []causal.AuthorHead{head}, Needs: []causal.Ref{named, gone}}
	ofBulk := &replica.Copy{Space: space(bulk), Marker: marker, Heads: []causal.AuthorHead{head}, Needs: []causal.Ref{gone}}
	copies := []*replica.Copy{ofRoom, ofBulk}
	set, missing := r.Closure(ofRoom, copies, true)
	slices.SortFunc(ofRoom.Needs, causal.Ref.Compare)
	if len(set) != 1 || !slices.Equal(missing, ofRoom.Needs) {
		t.Fatalf("%d copies without %v, want the room's without %v", len(set), missing, ofRoom.Needs)
	}
	if _, ok := r.Install(set, missing); !ok {
		t.Fatal("the room's can't be installed")
	}
	if set, missing := r.Closure(ofBulk, copies[1:], true); set != nil {
		t.Fatalf("the bulk is shown without %v", missing)
	}
	r.Drain()
	r.Receive(1, vouch(part(2, 2, 1)))
	if set, missing := r.Closure(ofBulk, copies[1:], false); len(set) != 1 || len(missing) > 0 {
		t.Errorf("what was missing came, and the bulk lacks %v", missing)
	}
}
