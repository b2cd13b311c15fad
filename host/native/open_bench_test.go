package native

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkOpen measures the start of a node, until it answers, whose store
// has 212,000 impressions: after it was closed, and after it was killed with
// 15,392 parts, about as many as there can be, above the state that was flushed.
func BenchmarkOpen(b *testing.B) {
	const lines = 212_000
	killed, closed := b.TempDir(), b.TempDir()
	h := benchHost(b, Config{Dir: closed, HTTP: "127.0.0.1:0"})
	loadLines(b, h, lines)
	freeze(b, h, killed)
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, dir string }{{"closed", closed}, {"killed", killed}} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				dir := b.TempDir()
				copyTree(b, dir, c.dir, "")
				b.StartTimer()
				h := benchHost(b, Config{Dir: dir})
				b.StopTimer()
				h.Close()
				b.StartTimer()
			}
		})
	}
}

// freeze copies the directory of a node that runs and is idle: what a kill
// would leave.
func freeze(b *testing.B, h *Host, to string) {
	b.Helper()
	if err := h.disk.Disk.(*Disk).db.Checkpoint(filepath.Join(to, "store")); err != nil {
		b.Fatal(err)
	}
	copyTree(b, to, h.cfg.Dir, "store/")
}

// copyTree copies the files of a folder but those under skip, durably: the
// disk must not be at it still when a start is measured.
func copyTree(b *testing.B, to, from, skip string) {
	b.Helper()
	err := fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case skip != "" && strings.HasPrefix(name, skip):
			return nil
		}
		return copyFile(filepath.Join(to, name), filepath.Join(from, name))
	})
	if err != nil {
		b.Fatal(err)
	}
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}
