package native

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestDamagedTables flips bits in what has left Pebble's log for its tables.
// The node refuses to start, or stops and says why; it never reads on wrongly,
// and never hangs.
func TestDamagedTables(t *testing.T) {
	dir := t.TempDir()
	h := open(t, Config{Dir: dir})
	for range 200 {
		h.shown("a1")
	}
	h.Close()
	open(t, Config{Dir: dir}).Close() // Pebble makes tables of the log when it opens
	tables, err := filepath.Glob(filepath.Join(dir, "store", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, at := range []int{8, 40, 100, -20} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			path := filepath.Join(copied, "store", filepath.Base(table))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, flip(data, (at+len(data))%len(data)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		opened := make(chan error, 1)
		go func() {
			defer close(opened)
			h, err := tryOpen(t, Config{Dir: copied})
			if err == nil {
				h.Close()
			}
			opened <- err
		}()
		select {
		case err := <-opened:
			t.Logf("flipped at %d: %v", at, err)
			if err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("flipped at %d: it opens with %v", at, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("flipped at %d: the start hangs", at)
		}
	}
}

// TestAStoreThatDiesStopsTheNode: what the store finds out beside a write, in
// a read or while it tidies up, stops the node with that sentence.
func TestAStoreThatDiesStopsTheNode(t *testing.T) {
	h := open(t, Config{Dir: t.TempDir()})
	h.shown("a1")
	h.disk.dead.die(errDamaged)
	<-h.Done()
	if err := h.Err(); !errors.Is(err, errDamaged) {
		t.Errorf("it stopped because of %v", err)
	}
}

// TestAStartOnAFullDiskCanBeGivenUp: the start waits for space, and for the
// end of its context.
func TestAStartOnAFullDiskCanBeGivenUp(t *testing.T) {
	dir, mem := t.TempDir(), vfs.NewMem() // what Pebble still does at the end of the test leaves no files
	open(t, Config{Dir: dir, FS: mem}).Close()
	var noSpace atomic.Bool
	noSpace.Store(true)
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if noSpace.Load() && op.Kind == errorfs.OpFileWrite {
			return syscall.ENOSPC
		}
		return nil
	}))
	ctx, cancel := context.WithCancelCause(context.Background())
	j := newJournal()
	ended := make(chan error, 1)
	go func() {
		_, err := Open(ctx, Config{Dir: dir, FS: fs, Log: j.logger(), Program: compile(t, impressions)})
		ended <- err
	}()
	j.await(t, "the disk is full")
	why := errors.New("somebody interrupts")
	cancel(why)
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	noSpace.Store(false) // what Pebble still tries comes to an end
}
