package node_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

const depot = `
database :crates, set<string>
database :labels, lww<string>, :by => :crate

on_store do |crate: string|
  crates.add(crate)
end
on_label do |crate: string, text: string|
  labels[:crate].set(text)
end
view :stored do
  crates
end
`

func text(s string) value.Value { return value.String(s) }

// TestALargeReadingComesThroughTheHome: only each element of a view is bounded
// in size; all together they may take a message.
func TestALargeReadingComesThroughTheHome(t *testing.T) {
	w := newWorld(t, depot, 2)
	w.linkAll()
	a, b := w.guests[0], w.guests[1]
	store := func(n int) {
		for range n {
			crate := text(strings.Repeat("x", 40<<10) + string(rune('a'+a.last)))
			if got := w.raise(a, node.RaiseRequest{Event: "store", Args: []value.Value{crate}}); !got.Committed {
				t.Fatalf("storing: %+v", got)
			}
		}
	}
	store(3)
	if got := w.read(b, "stored"); got.Reading == nil || len(got.Reading.Value.Elems()) != 3 {
		t.Fatalf("three crates of 40 KiB: %.80s %s", got.Abort, got.Detail)
	}
	store(60)
	if got := w.read(b, "stored"); got.Abort != node.AbortTooLarge {
		t.Fatalf("63 crates of 40 KiB: %.80s %s, want %s", got.Abort, got.Detail, node.AbortTooLarge)
	}
}

// TestWhatTheHomeCannotReadIsNotSent: callers know no bounds, and a malformed
// request would cost the link.
func TestWhatTheHomeCannotReadIsNotSent(t *testing.T) {
	w := newWorld(t, depot, 2)
	w.linkAll()
	w.run(causal.Millisecond)
	b := w.guests[1]
	long := strings.Repeat("x", 70<<10)
	for name, q := range map[string]node.RaiseRequest{
		"user":     {Event: "store", Args: []value.Value{text("c")}, User: long[:300]},
		"argument": {Event: "store", Args: []value.Value{text(long)}},
		"bad text": {Event: "store", Args: []value.Value{text("\xff")}},
		"many":     {Event: "store", Args: make([]value.Value, 2000)},
	} {
		if got := w.raise(b, q); got.Abort != node.AbortTooLarge {
			t.Errorf("%s: %s %s, want %s", name, got.Abort, got.Detail, node.AbortTooLarge)
		}
	}
	if got := w.raise(b, node.RaiseRequest{Event: "store", Args: []value.Value{text("c")}}); !got.Committed {
		t.Errorf("after them: %+v", got)
	}
}

const inspection = depot + `
import :inspect, (string) -> bool, :from => "go:inspect"
on_inspect do |crate: string|
  if inspect(crate)
    crates.add(crate)
  end
end
`

// TestALongReasonOfTheHomeIsCut: what a function of the host says why it failed
// is for people, and of any length.
func TestALongReasonOfTheHomeIsCut(t *testing.T) {
	w := newWorld(t, depot, 2)
	program := compiled(t, inspection)
	for _, g := range w.guests {
		g.cfg.Program = program
		g.cfg.Funcs = map[string]flow.Func{"inspect": func([]value.Value) (value.Value, error) {
			return value.Nil, errors.New("x" + strings.Repeat("é", 4<<10))
		}}
		w.open(g)
	}
	w.linkAll()
	w.run(causal.Millisecond)
	got := w.raise(w.guests[1], node.RaiseRequest{Event: "inspect", Args: []value.Value{text("c")}})
	if got.Abort != flow.AbortImport || len(got.Detail) < 4000 || !utf8.ValidString(got.Detail) {
		t.Errorf("a long reason: %s, %d bytes", got.Abort, len(got.Detail))
	}
}

// TestASchemaThatCannotBeReadBackIsNotWritten: the store would never open again.
func TestASchemaThatCannotBeReadBackIsNotWritten(t *testing.T) {
	cfg := node.Config{
		Key: keyOf(1), Steward: replicaOf(1), HomeKey: keyOf(100), Role: "server", Cluster: "test", Disk: store.NewMem(),
		Program: compiled(t, "database :"+strings.Repeat("x", 300)+", set<int>, :replicated => true\n"),
	}
	if _, err := node.Open(epoch, cfg); err == nil || !strings.Contains(err.Error(), "256 bytes") {
		t.Errorf("a name of 300 bytes: %v", err)
	}
}
