package native

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// recordSize is about what an impression that is alone in its batch writes:
// its part, and the two marks of the batch. Many in one batch share the marks
// and write a third of it each.
const recordSize = 128

// BenchmarkDurable measures what is done when it is durable, by how many wait
// at once: a handler's run at a node, and under it the same disk by itself: a
// record in Pebble, and, the floor of all, a write and an fsync of a file. A
// node's group commit is two syncs one after the other, of the log and of the
// head mark. The node in memory is the work without any disk.
func BenchmarkDurable(b *testing.B) {
	for _, writers := range []int{1, 64} {
		for _, c := range []struct {
			name string
			open func(b *testing.B) (write func(writer int) error)
		}{
			{"file", durableFile},
			{"pebble", durablePebble},
			{"node", func(b *testing.B) func(int) error { return durableNode(b, b.TempDir()) }},
			{"memory", func(b *testing.B) func(int) error { return durableNode(b, "") }},
		} {
			if c.name == "file" && writers > 1 {
				continue // a file alone has no group commit
			}
			b.Run(fmt.Sprintf("writers=%d/%s", writers, c.name), func(b *testing.B) { each(b, writers, c.open(b)) })
		}
	}
}

func durableFile(b *testing.B) func(int) error {
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	record := make([]byte, recordSize)
	return func(int) error {
		if _, err := f.Write(record); err != nil {
			return err
		}
		return f.Sync()
	}
}

// durablePebble syncs every record; Pebble puts those that wait into one sync.
func durablePebble(b *testing.B) func(int) error {
	d, err := openDisk(b.TempDir(), diskOptions{fs: vfs.Default, log: silent})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return func(writer int) error {
		return d.db.Set(fmt.Append(nil, writer), make([]byte, recordSize), pebble.Sync)
	}
}

func durableNode(b *testing.B, dir string) func(int) error {
	h := benchHost(b, Config{Dir: dir})
	return func(writer int) error {
		_, err := h.Raise(context.Background(), shown(fmt.Sprint("ad", writer)))
		return err
	}
}
