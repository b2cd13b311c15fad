package node_test

import (
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// ladder is a program of one saga with so many steps, which a text of a
// megabyte has no room for.
func ladder(t *testing.T, steps int) *plan.Program {
	t.Helper()
	p := compiled(t, `
database :done, counter
on_climb do |k: id|
  atomic :saga, :key => k do
    step do
      done.inc(1)
    undo
      done.dec(1)
    end
  end
end`)
	s, _ := p.Handlers[0].Atomic()
	s.Body = slices.Repeat(s.Body, steps)
	p, err := plan.Decode(plan.Encode(p))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestALongSagaInFlatMemory: what a home has in memory and on disk while a saga
// goes on does not grow with the steps it has done. 64 steps a second are run,
// so that the steward's checkpoints can keep up with what the log gains.
func TestALongSagaInFlatMemory(t *testing.T) {
	steps := 20_000
	if os.Getenv("MARTINELLI_SOAK") != "" {
		steps = 100_000
	}
	w := &world{t: t, now: epoch}
	w.addAs(ladder(t, steps), 1, func(c *node.Config) { c.Limits.FinalAfter = 10 * causal.Second })
	home := w.guests[0]
	home.Raise(w.now, 1, node.RaiseRequest{Event: "climb", Args: paying("high", 0).Args[:1]})
	var heap, disk [2]int
	second := func() bool {
		w.now += causal.Second
		home.Wake(w.now)
		for w.deliver() {
		}
		s := home.Status().Sagas
		if s.UnderWay > 0 && s.List[0].Step == steps*3/10/64*64 {
			heap[0], disk[0] = heapNow(), home.disk.Size()
		}
		return s.UnderWay > 0
	}
	for second() {
		if s := home.Status().Sagas; s.List[0].Step == steps/2/64*64 {
			w.restart(home)
			if again := home.Status().Sagas; again.List[0] != s.List[0] {
				t.Fatalf("after a restart it is at %+v, want %+v", again.List[0], s.List[0])
			}
		}
	}
	heap[1], disk[1] = heapNow(), home.disk.Size()
	if n := w.number(home, "done"); n != int64(steps) {
		t.Errorf("%d steps have had their effect, want %d", n, steps)
	}
	t.Logf("%d steps: the heap is %d KiB after three tenths and %d KiB at the end, the disk %d KiB and %d KiB",
		steps, heap[0]>>10, heap[1]>>10, disk[0]>>10, disk[1]>>10)
	if heap[1] > heap[0]+heap[0]/4 || disk[1] > disk[0]+disk[0]/4 {
		t.Error("they grow with the steps")
	}
}

func heapNow() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
