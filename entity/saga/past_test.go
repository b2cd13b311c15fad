package saga

import (
	"fmt"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// TestTheOldestOutcomesAreForgotten: as many are kept as may be, whoever is
// killed in between; and a key that was forgotten is free again.
func TestTheOldestOutcomesAreForgotten(t *testing.T) {
	h := newHome(t, 1, Planted{})
	h.cfg.Limits.EndedMax = 3
	name := func(i int) Name { return Name{"block0", fmt.Sprint("order ", i)} }
	block := Name{"block0", "key0"}
	h.scripts[block] = script{fails: make([]int, 1)}
	h.reopen()
	end := func(i int) {
		_, c := h.machine.Begin(h.now, name(i), Start{User: "ann"})
		h.keep(c)
		task, _ := h.machine.Next(h.now)
		h.keep(h.machine.Done(h.now, task))
	}
	for i := range 20 {
		end(i)
		if i%4 == 3 {
			h.reopen()
		}
		for j := range i + 1 {
			if _, isKnown := h.machine.Outcome(name(j)); isKnown != (j > i-3) {
				t.Fatalf("after %d, the outcome of %d is known: %v", i, j, isKnown)
			}
		}
		if n := len(h.entries); n != min(i+1, 3) {
			t.Fatalf("after %d, %d entries are kept", i, n)
		}
	}
	h.cfg.Limits.EndedMax = 1
	h.reopen()
	end(2)
	if _, isKnown := h.machine.Outcome(name(2)); !isKnown || h.machine.Status().Ended != 2 {
		t.Errorf("a key that was free: known %v, %d are kept", isKnown, h.machine.Status().Ended)
	}
}

// keep makes a change durable, and heeds it.
func (h *home) keep(c Change) {
	h.t.Helper()
	h.seq++
	for _, id := range c.Removed {
		if _, isThere := h.entries[id]; !isThere {
			h.t.Fatalf("an entry is removed that is not there: %v", id)
		}
		delete(h.entries, id)
	}
	for i, e := range c.Entries {
		id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{1}, Seq: h.seq}, Offset: uint32(i)}
		h.entries[id] = e
		h.machine.Heed(e.Database, e.Key, e.Value, id)
	}
}
