package native

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// again opens a node from its directory, at other ports.
func again(t *testing.T, h *testHost, change func(*Config)) *testHost {
	t.Helper()
	cfg := Config{Name: h.cfg.Name, Dir: h.cfg.Dir, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}
	if change != nil {
		change(&cfg)
	}
	return open(t, cfg)
}

// copyDir copies a directory: while its node runs, that is what a kill leaves.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestNodesThatMovedFindEachOther(t *testing.T) {
	a, b := pair(t)
	a.Close()
	b.Close()
	a = again(t, a, nil)
	a.shown("a1")
	b = again(t, b, func(cfg *Config) { cfg.Join = a.LinkAddr() }) // a token is not needed any more
	b.awaitCount("a1", 1)
	// One that moved alone finds the others by what it kept.
	b.Close()
	b = again(t, b, nil)
	b.shown("a1")
	a.awaitCount("a1", 2)
}

func TestTheFirstNodeIsDownAtStart(t *testing.T) {
	a, b := pair(t)
	c := join(t, a, Config{Name: "carl", Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	b.log.await(t, "peer=carl")
	a.Close()
	b.Close()
	at := b.LinkAddr()
	c.Close()
	b = again(t, b, func(cfg *Config) { cfg.Listen = at })
	c = again(t, c, nil)
	b.shown("a1")
	c.shown("a1")
	b.awaitCount("a1", 2)
	c.awaitCount("a1", 2)
	a = again(t, a, nil)
	a.shown("a1")
	for _, h := range []*testHost{a, b, c} {
		h.awaitCount("a1", 3)
	}
}

// TestNewReplicaAfterALostTail: a store that lost its tail is refused; with
// --new-replica it goes on, and its peer brings back what it lost, once.
func TestNewReplicaAfterALostTail(t *testing.T) {
	a, b := pair(t)
	for range 20 {
		b.shown("a1")
	}
	early := copyDir(t, b.cfg.Dir)
	for range 20 {
		b.shown("a1")
	}
	a.awaitCount("a1", 40)
	b.Close()
	mark, err := os.ReadFile(filepath.Join(b.cfg.Dir, "HEAD"))
	if err == nil {
		err = os.WriteFile(filepath.Join(early, "HEAD"), mark, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = tryOpen(t, Config{Name: "bob", Dir: early})
	var refused *LogError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "run --new-replica") {
		t.Fatalf("a store that lost its tail: %v", err)
	}
	c := again(t, b, func(cfg *Config) { cfg.Dir, cfg.NewReplica = early, true })
	c.shown("a1")
	a.awaitCount("a1", 41)
	c.awaitCount("a1", 41)
	c.Close()
	c = again(t, c, nil) // and it is a node like any other from there on
	c.shown("a1")
	a.awaitCount("a1", 42)
	c.awaitCount("a1", 42)
	for _, h := range []*testHost{a, c} {
		if h.log.has("two histories") {
			t.Errorf("node %s has seen a fork:\n%s", h.cfg.Name, h.log)
		}
	}
}

// TestTheHomeTakesANewID: the first node goes on with --new-replica. What lives
// there is kept, and the others find it without a restart.
func TestTheHomeTakesANewID(t *testing.T) {
	program := compile(t, "database :stock, gcounter\non_deliver do |n: nat|\n  stock.inc(n)\nend\n")
	a := open(t, Config{Name: "ada", Dir: t.TempDir(), Listen: "127.0.0.1:0", Program: program})
	b := join(t, a, Config{Name: "bob", Dir: t.TempDir(), Listen: "127.0.0.1:0", Program: program})
	deliver := func() {
		t.Helper()
		q := node.RaiseRequest{Event: "deliver", Args: []value.Value{value.Int(5)}}
		if got, err := b.Raise(context.Background(), q); err != nil || !got.Committed {
			t.Fatalf("raise: %+v, %v", got, err)
		}
	}
	deliver()
	a.Close()
	a = again(t, a, func(cfg *Config) { cfg.NewReplica, cfg.Program = true, program })
	a.log.await(t, "peer=bob")
	b.log.await(t, "id="+a.Self().Short())
	deliver()
	got, err := b.Read(context.Background(), node.ReadRequest{Name: "stock"})
	if err != nil || got.Reading == nil || got.Reading.Value.AsInt() != 10 {
		t.Errorf("the stock: %+v, %v, want 10", got, err)
	}
}

// TestACopyIsFoundOut runs a directory and its copy. Each gives the names of
// its parts to other content; who meets both says so.
func TestACopyIsFoundOut(t *testing.T) {
	a, b := pair(t)
	b.shown("a1")
	a.awaitCount("a1", 1)
	copied := copyDir(t, b.cfg.Dir)
	b.Close()
	a.Close()
	b = again(t, b, nil)
	b.shown("from b")
	b.Close()
	c := again(t, b, func(cfg *Config) { cfg.Dir, cfg.Join = copied, b.LinkAddr() })
	c.shown("from c")
	b = again(t, b, func(cfg *Config) { cfg.Join = c.LinkAddr() })
	b.log.await(t, "both sides are replica")
	b.log.await(t, "run --new-replica")
	b.Close()
	a = again(t, a, nil)
	c.Close()
	c = again(t, c, func(cfg *Config) { cfg.Join = a.LinkAddr() })
	a.awaitCount("from c", 1)
	c.Close()
	b = again(t, b, func(cfg *Config) { cfg.Join = a.LinkAddr() })
	a.log.await(t, "has two histories")
	if got := a.count("from b"); got != 0 {
		t.Errorf("a took parts of both histories: %d", got)
	}
	a.shown("a1")
	b.awaitCount("a1", 2) // other authors are exchanged as ever
}

// TestTheClockGoesACenturyBack: a node ran a century ahead and is right again.
// Nobody waits for it, and the clock of the other has not moved.
func TestTheClockGoesACenturyBack(t *testing.T) {
	a, b := pair(t)
	b.Close()
	const century = 100 * 365 * 24 * time.Hour
	right := newClock()
	b = again(t, b, func(cfg *Config) {
		cfg.Clock = func() causal.Instant { return right() + causal.Instant(century) }
	})
	b.shown("a1")
	a.awaitCount("a1", 1)
	a.shown("a1")
	b.awaitCount("a1", 2)
	b.Close()
	b = again(t, b, nil)
	b.shown("a1")
	a.awaitCount("a1", 3)
	a.Close()
	a = again(t, a, func(cfg *Config) { cfg.Join = b.LinkAddr() })
	a.shown("a1")
	b.awaitCount("a1", 4)
	a.awaitCount("a1", 4)
}

// TestAStoreThatIsGoneIsRefused: the identity says that there was one, so its
// replica id has named parts before.
func TestAStoreThatIsGoneIsRefused(t *testing.T) {
	h := open(t, Config{Dir: t.TempDir()})
	h.shown("a1")
	h.Close()
	for _, name := range []string{"store", "HEAD"} {
		if err := os.RemoveAll(filepath.Join(h.cfg.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := tryOpen(t, Config{Dir: h.cfg.Dir})
	var refused *LogError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "run --new-replica") {
		t.Fatalf("got %v", err)
	}
	h2 := open(t, Config{Dir: h.cfg.Dir, NewReplica: true})
	if h2.Self() == h.Self() || h2.count("a1") != 0 {
		t.Error("a new replica has the old id, or counts what is gone")
	}
}
