package native

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// running is a host under Run: it may change while it is used.
type running struct {
	t      *testing.T
	hosts  chan *Host // each as it opens
	now    *testHost
	log    *journal
	cancel context.CancelFunc
	ended  chan error
}

func run(t *testing.T, cfg Config) *running {
	t.Helper()
	r := &running{t: t, hosts: make(chan *Host, 8), log: newJournal(), ended: make(chan error, 1)}
	cfg.Log = r.log.logger()
	if cfg.Program == nil {
		cfg.Program = compile(t, impressions)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.ended <- Run(ctx, cfg, func(h *Host) { r.hosts <- h }) }()
	r.next()
	t.Cleanup(r.stop)
	return r
}

// next waits until the host is open, or open again.
func (r *running) next() {
	r.t.Helper()
	select {
	case h := <-r.hosts:
		r.now = &testHost{h, r.t, r.log}
	case err := <-r.ended:
		r.ended <- err
		r.t.Fatalf("the host has stopped: %v\n%s", err, r.log)
	case <-time.After(time.Minute):
		r.t.Fatalf("the host does not open again:\n%s", r.log)
	}
}

func (r *running) stop() {
	r.cancel()
	if err := <-r.ended; err != nil && !r.t.Failed() {
		r.t.Errorf("the host stopped: %v", err)
	}
	r.ended <- nil
}

// patient raises until the node that it reaches has taken it.
func (r *running) patient(ad, stream string, seq uint64) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		a, err := r.now.Raise(context.Background(), node.RaiseRequest{Event: "shown", Args: []value.Value{value.String(ad)}, Stream: stream, Seq: seq})
		switch {
		case err == nil && a.Committed:
			return
		case errors.Is(err, ErrClosed):
			r.next()
		default:
			<-time.After(10 * time.Millisecond)
		}
	}
	r.t.Fatal("no raise commits")
}

// TestACopyAndItsOriginalGoOn runs a directory and its copy at the same time.
// Both have written under one id; both take new ones, write again what became
// void, and nothing is lost or counted twice.
func TestACopyAndItsOriginalGoOn(t *testing.T) {
	a := open(t, Config{Name: "ada", Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	token, err := a.NewToken(0)
	if err != nil {
		t.Fatal(err)
	}
	b := run(t, Config{Name: "bob", Dir: t.TempDir(), Listen: "127.0.0.1:0", Join: a.LinkAddr(), Token: token})
	b.patient("a1", "b", 1)
	a.awaitCount("a1", 1)
	id := b.now.Self()
	b.stop()
	copied := copyDir(t, b.now.cfg.Dir)
	b = run(t, Config{Name: "bob", Dir: b.now.cfg.Dir, Listen: "127.0.0.1:0"})
	b.patient("a1", "b", 2)
	a.awaitCount("a1", 2)
	c := run(t, Config{Name: "bobs copy", Dir: copied, Listen: "127.0.0.1:0"})
	c.patient("a1", "c", 1)
	c.patient("a1", "c", 2)
	for range 2 {
		b.patient("a2", "b", 3)
		c.patient("a2", "c", 3)
	}
	a.awaitCount("a1", 4)
	a.awaitCount("a2", 2)
	for _, r := range []*running{b, c} {
		if r.now.Self() == id {
			r.next()
		}
		r.now.awaitCount("a1", 4)
		r.now.awaitCount("a2", 2)
	}
	if b.now.Self() == c.now.Self() || b.now.Self() == id || c.now.Self() == id {
		t.Errorf("the ids are %v and %v, and were %v", b.now.Self(), c.now.Self(), id)
	}
	a.shown("a1")
	b.now.awaitCount("a1", 5)
	c.now.awaitCount("a1", 5)
}

// TestARetiredNodeComesBack: it was away when it was retired, and had written
// what nobody has. It goes on under a new id, with that.
func TestARetiredNodeComesBack(t *testing.T) {
	a, b := pair(t)
	b.shown("a1")
	a.awaitCount("a1", 1)
	id := b.Self()
	if _, err := a.Retire(context.Background(), id); err == nil {
		t.Error("a node that runs is retired")
	}
	at := a.LinkAddr()
	a.Close()
	b.shown("a1")
	b.shown("a1")
	b.Close()
	a = again(t, a, func(cfg *Config) { cfg.Listen = at })
	if n, err := a.Retire(context.Background(), id); err != nil || n != 1 {
		t.Fatalf("retired in %d spaces, %v", n, err)
	}
	c := run(t, Config{Name: "bob", Dir: b.cfg.Dir, Listen: "127.0.0.1:0"})
	c.next()
	if c.now.Self() == id {
		t.Error("it goes on under the id that was retired")
	}
	a.awaitCount("a1", 3)
	c.patient("a1", "s", 1)
	a.awaitCount("a1", 4)
	c.now.awaitCount("a1", 4)
}

// TestARestoredNodeBesideItsOriginal: the one that was backed up runs on. Nothing
// of either is void.
func TestARestoredNodeBesideItsOriginal(t *testing.T) {
	a, b := pair(t)
	for range 20 {
		b.shown("a1")
	}
	archive := takeBackup(t, b)
	b.shown("a1")
	token, err := a.NewToken(0)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/new"
	if _, err := Restore(context.Background(), RestoreConfig{From: bytes.NewReader(archive), Dir: dir, Name: "carl", Join: a.LinkAddr(), Token: token}); err != nil {
		t.Fatal(err)
	}
	c := run(t, Config{Name: "carl", Dir: dir, Listen: "127.0.0.1:0"})
	c.patient("a1", "c", 1)
	b.shown("a1")
	for _, h := range []*testHost{a, b, c.now} {
		h.awaitCount("a1", 23)
	}
	if b.log.has("may not write") || c.log.has("may not write") {
		t.Error("one of them may not write any more")
	}
}
