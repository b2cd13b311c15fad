package native

import (
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// cutFS records what is done to a file system, so that a test can ask for
// every state in which a power cut may leave the disk: after each operation,
// with what was not synced there, gone, torn or in another order.
//
// Its model of a disk is the weakest that honest ones keep. The bytes of a
// file are durable once it was synced, a name (made, renamed or removed) once
// its directory was. Of everything else any part may be there: each sector of
// each write by itself, a write cut off at any byte, each change of a name by
// itself, a longer file with zeros where its bytes were to stand.
type cutFS struct {
	*vfs.MemFS

	mu    sync.Mutex
	base  map[string]cutFile // durable when recording began
	names map[string]int     // inodes by path
	count int                // of inodes
	ops   []cutOp
}

type cutFile struct {
	isDir bool
	data  []byte
}

// cutOp is one operation. The kind says which fields count.
type cutOp struct {
	kind     cutKind
	inode    int
	at       int64
	data     []byte
	name, to string
	isDir    bool
	ack      uint64
}

type cutKind int

const (
	cutWrite    cutKind = iota // data at an offset of inode
	cutTruncate                // inode to nothing
	cutSync                    // inode
	cutName                    // name becomes inode
	cutRename                  // name becomes to
	cutRemove                  // name
	cutSyncDir                 // name
	cutAck                     // no operation: up to ack everything is promised
)

// newCutFS begins to record on a file system whose contents are durable.
func newCutFS(mem *vfs.MemFS) *cutFS {
	c := &cutFS{MemFS: mem, base: map[string]cutFile{}, names: map[string]int{}}
	c.load("")
	for _, name := range slices.Sorted(maps.Keys(c.base)) {
		c.names[name] = c.newInode()
	}
	return c
}

func (c *cutFS) load(dir string) {
	names, err := c.MemFS.List(dir)
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		name = path.Join(dir, name)
		info, err := c.MemFS.Stat(name)
		if err != nil {
			panic(err)
		}
		if info.IsDir() {
			c.base[name] = cutFile{isDir: true}
			c.load(name)
			continue
		}
		data, err := readWhole(c.MemFS, name)
		if err != nil {
			panic(err)
		}
		c.base[name] = cutFile{data: data}
	}
}

func (c *cutFS) newInode() int {
	c.count++
	return c.count - 1
}

func clean(name string) string { return strings.TrimPrefix(path.Clean(name), "/") }

// do runs an operation and records it, unless it fails.
func (c *cutFS) do(run func() error, record func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := run(); err != nil {
		return err
	}
	record()
	return nil
}

// length returns how many operations there are.
func (c *cutFS) length() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ops)
}

func (c *cutFS) record(op cutOp) { c.ops = append(c.ops, op) }

// ack notes that everything up to n has been promised to somebody.
func (c *cutFS) ack(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record(cutOp{kind: cutAck, ack: n})
}

// named returns the inode of a name, which is made if it is new.
func (c *cutFS) named(name string, isDir bool) int {
	inode, ok := c.names[name]
	if !ok {
		inode = c.newInode()
		c.names[name] = inode
		c.record(cutOp{kind: cutName, name: name, inode: inode, isDir: isDir})
	}
	return inode
}

func (c *cutFS) Create(name string, w vfs.DiskWriteCategory) (f vfs.File, err error) {
	n := clean(name)
	cut := &cutHandle{fs: c}
	err = c.do(func() error { f, err = c.MemFS.Create(name, w); return err }, func() {
		cut.inode = c.named(n, false)
		c.record(cutOp{kind: cutTruncate, inode: cut.inode})
	})
	cut.File = f
	return cut, err
}

func (c *cutFS) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.MemFS.Open(name, o...)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &cutHandle{File: f, fs: c, inode: c.names[clean(name)]}, nil
}

func (c *cutFS) OpenReadWrite(name string, w vfs.DiskWriteCategory, o ...vfs.OpenOption) (f vfs.File, err error) {
	n := clean(name)
	cut := &cutHandle{fs: c}
	err = c.do(func() error { f, err = c.MemFS.OpenReadWrite(name, w, o...); return err }, func() { cut.inode = c.named(n, false) })
	cut.File = f
	return cut, err
}

func (c *cutFS) ReuseForWrite(from, to string, w vfs.DiskWriteCategory) (f vfs.File, err error) {
	cut := &cutHandle{fs: c}
	err = c.do(func() error { f, err = c.MemFS.ReuseForWrite(from, to, w); return err }, func() {
		c.rename(from, to)
		cut.inode = c.names[clean(to)]
	})
	cut.File = f
	return cut, err
}

func (c *cutFS) OpenDir(name string) (vfs.File, error) {
	f, err := c.MemFS.OpenDir(name)
	return &cutHandle{File: f, fs: c, dir: clean(name), isDir: true}, err
}

func (c *cutFS) Rename(from, to string) error {
	return c.do(func() error { return c.MemFS.Rename(from, to) }, func() { c.rename(from, to) })
}

func (c *cutFS) rename(from, to string) {
	from, to = clean(from), clean(to)
	c.record(cutOp{kind: cutRename, name: from, to: to, inode: c.names[from]})
	moveNames(c.names, from, to)
}

// moveNames renames a file, or a directory with all that is in it.
func moveNames(names map[string]int, from, to string) {
	for _, name := range slices.Collect(maps.Keys(names)) {
		if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == '/') {
			names[to+rest] = names[name]
			delete(names, name)
		}
	}
}

func (c *cutFS) Link(from, to string) error {
	return c.do(func() error { return c.MemFS.Link(from, to) }, func() {
		c.names[clean(to)] = c.names[clean(from)]
		c.record(cutOp{kind: cutName, name: clean(to), inode: c.names[clean(to)]})
	})
}

func (c *cutFS) Remove(name string) error {
	return c.do(func() error { return c.MemFS.Remove(name) }, func() {
		delete(c.names, clean(name))
		c.record(cutOp{kind: cutRemove, name: clean(name)})
	})
}

func (c *cutFS) RemoveAll(name string) error {
	return c.do(func() error { return c.MemFS.RemoveAll(name) }, func() {
		for _, n := range slices.Sorted(maps.Keys(c.names)) {
			if n == clean(name) || strings.HasPrefix(n, clean(name)+"/") {
				delete(c.names, n)
				c.record(cutOp{kind: cutRemove, name: n})
			}
		}
	})
}

func (c *cutFS) MkdirAll(name string, perm os.FileMode) error {
	return c.do(func() error { return c.MemFS.MkdirAll(name, perm) }, func() {
		parts := strings.Split(clean(name), "/")
		for i := range parts {
			if n := path.Join(parts[:i+1]...); n != "." {
				c.named(n, true)
			}
		}
	})
}

// Lock makes the file as it does on a real disk.
func (c *cutFS) Lock(name string) (l io.Closer, err error) {
	err = c.do(func() error { l, err = c.MemFS.Lock(name); return err }, func() { c.named(clean(name), false) })
	return l, err
}

func (c *cutFS) Unwrap() vfs.FS { return c.MemFS }

// cutHandle is an open file or directory.
type cutHandle struct {
	vfs.File
	fs    *cutFS
	inode int
	at    int64
	dir   string
	isDir bool
}

// Write records what it was given: under the race detector the memory file
// system spoils p, for those who would use it again.
func (h *cutHandle) Write(p []byte) (n int, err error) {
	data := slices.Clone(p)
	err = h.fs.do(func() error { n, err = h.File.Write(p); return err }, func() {
		h.fs.record(cutOp{kind: cutWrite, inode: h.inode, at: h.at, data: data})
		h.at += int64(n)
	})
	return n, err
}

func (h *cutHandle) WriteAt(p []byte, at int64) (n int, err error) {
	data := slices.Clone(p)
	err = h.fs.do(func() error { n, err = h.File.WriteAt(p, at); return err }, func() {
		h.fs.record(cutOp{kind: cutWrite, inode: h.inode, at: at, data: data})
	})
	return n, err
}

func (h *cutHandle) Sync() error {
	return h.fs.do(h.File.Sync, func() {
		if h.isDir {
			h.fs.record(cutOp{kind: cutSyncDir, name: h.dir})
			return
		}
		h.fs.record(cutOp{kind: cutSync, inode: h.inode})
	})
}

func (h *cutHandle) SyncData() error { return h.Sync() }

// SyncTo promises nothing, as on Linux.
func (h *cutHandle) SyncTo(int64) (bool, error) { return false, nil }

// A cutMode says what is left of what was not synced.
type cutMode struct {
	name string
	keep func(rnd *rand.Rand) bool // a sector of a write, or a change of a name
	torn bool                      // the operations in their order up to one that is torn, whatever keep says
}

var cutModes = []cutMode{
	{name: "dropped", keep: func(*rand.Rand) bool { return false }},
	{name: "kept", keep: func(*rand.Rand) bool { return true }},
	{name: "torn", torn: true},
	{name: "reordered", keep: func(rnd *rand.Rand) bool { return rnd.IntN(2) == 0 }},
	{name: "mostly dropped", keep: func(rnd *rand.Rand) bool { return rnd.IntN(8) == 0 }},
	{name: "mostly kept", keep: func(rnd *rand.Rand) bool { return rnd.IntN(8) != 0 }},
}

const cutSector = 512

// cutDisk is a disk that is being replayed.
type cutDisk struct {
	data    map[int][]byte
	isDir   map[int]bool
	names   map[string]int // durable
	pending []cutOp
}

// cut returns what a power cut after the first n operations leaves, and up to
// where promises had been made.
func (c *cutFS) cut(t *testing.T, n int, mode cutMode, rnd *rand.Rand) (fs *vfs.MemFS, acked uint64) {
	t.Helper()
	d := &cutDisk{data: map[int][]byte{}, isDir: map[int]bool{}, names: map[string]int{}}
	for i, name := range slices.Sorted(maps.Keys(c.base)) { // as newCutFS numbered them
		d.names[name], d.data[i], d.isDir[i] = i, slices.Clone(c.base[name].data), c.base[name].isDir
	}
	for _, op := range c.ops[:n] {
		switch op.kind {
		case cutAck:
			acked = op.ack
		case cutSync:
			d.settle(func(p *cutOp) bool { return (p.kind == cutWrite || p.kind == cutTruncate) && p.inode == op.inode })
		case cutSyncDir:
			d.settle(func(p *cutOp) bool { return p.name != "" && clean(path.Dir(p.name)) == op.name })
		default:
			d.pending = append(d.pending, op)
		}
	}
	d.lose(mode, rnd)
	return d.build(t), acked
}

// settle makes the pending operations durable that is picks, in their order.
func (d *cutDisk) settle(is func(*cutOp) bool) {
	d.pending = slices.DeleteFunc(d.pending, func(p cutOp) bool {
		if !is(&p) {
			return false
		}
		d.apply(p)
		return true
	})
}

// lose applies what is left of the pending operations.
func (d *cutDisk) lose(mode cutMode, rnd *rand.Rand) {
	if mode.torn {
		last := rnd.IntN(len(d.pending) + 1)
		for i, p := range d.pending {
			if i == last && p.kind == cutWrite {
				p.data = p.data[:rnd.IntN(len(p.data)+1)]
			}
			if i < last || i == last && p.kind == cutWrite {
				d.apply(p)
			}
		}
		return
	}
	for _, p := range d.pending {
		if p.kind != cutWrite {
			if mode.keep(rnd) {
				d.apply(p)
			}
			continue
		}
		for from := 0; from < len(p.data); {
			to := min(len(p.data), from+cutSector-int(p.at+int64(from))%cutSector)
			if mode.keep(rnd) {
				d.apply(cutOp{kind: cutWrite, inode: p.inode, at: p.at + int64(from), data: p.data[from:to]})
			}
			from = to
		}
	}
}

func (d *cutDisk) apply(op cutOp) {
	switch op.kind {
	case cutWrite:
		data := d.data[op.inode]
		if need := int(op.at) + len(op.data); need > len(data) {
			data = append(data, make([]byte, need-len(data))...)
		}
		copy(data[op.at:], op.data)
		d.data[op.inode] = data
	case cutTruncate:
		d.data[op.inode] = nil
	case cutName:
		d.names[op.name], d.isDir[op.inode] = op.inode, op.isDir
	case cutRename:
		if _, ok := d.names[op.name]; !ok {
			d.names[op.name] = op.inode // made by a change that was lost
		}
		moveNames(d.names, op.name, op.to)
	case cutRemove:
		delete(d.names, op.name)
	}
}

// build makes the file system. What stands in a directory that is not there is lost.
func (d *cutDisk) build(t *testing.T) *vfs.MemFS {
	t.Helper()
	mem := vfs.NewMem()
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if dir := path.Dir(name); dir != "." {
			if inode, ok := d.names[dir]; !ok || !d.isDir[inode] {
				delete(d.names, name)
				continue
			}
		}
		if d.isDir[d.names[name]] {
			if err := mem.MkdirAll(name, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		writeFile(t, mem, name, d.data[d.names[name]])
	}
	return mem
}
