package native

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// quotaFS is a disk of a size: a write takes what fits and says that there is
// no space for the rest. Names take space too, a little.
type quotaFS struct {
	*vfs.MemFS
	mu     sync.Mutex
	size   atomic.Int64
	probed func() // nil, or called before a probe is made
}

func newQuotaFS(size int64) *quotaFS {
	q := &quotaFS{MemFS: vfs.NewMem()}
	q.size.Store(size)
	return q
}

// taken returns how much all files take.
func (q *quotaFS) taken(dir string) (n int64) {
	names, _ := q.MemFS.List(dir)
	for _, name := range names {
		info, err := q.MemFS.Stat(path.Join(dir, name))
		switch {
		case err != nil: // removed meanwhile
		case info.IsDir():
			n += q.taken(path.Join(dir, name))
		default:
			n += info.Size() + 64
		}
	}
	return n
}

func (q *quotaFS) left() int64 { return q.size.Load() - q.taken("") }

func (q *quotaFS) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &quotaFile{f, q}, nil
}

func (q *quotaFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if q.probed != nil && path.Base(name) == "probe" {
		q.probed()
	}
	if q.left() < 64 {
		return nil, syscall.ENOSPC
	}
	return q.wrap(q.MemFS.Create(name, c))
}

func (q *quotaFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return q.wrap(q.MemFS.OpenReadWrite(name, c, o...))
}

func (q *quotaFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return q.wrap(q.MemFS.ReuseForWrite(from, to, c))
}

func (q *quotaFS) Unwrap() vfs.FS { return q.MemFS }

type quotaFile struct {
	vfs.File
	fs *quotaFS
}

func (f *quotaFile) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	fits := min(int64(len(p)), max(0, f.fs.left()))
	n, err := f.File.Write(p[:fits])
	if err == nil && fits < int64(len(p)) {
		err = syscall.ENOSPC
	}
	return n, err
}

// TestQuotaOverHTTP fills a node's disk again and again. Writes are refused
// with a clear error, reads go on; once there is space, so do writes, without
// a restart. Nothing acknowledged is lost, and nothing refused was done.
func TestQuotaOverHTTP(t *testing.T) {
	const room = 200 << 10
	q := newQuotaFS(room)
	h := open(t, Config{Dir: "node", FS: q, HTTP: "127.0.0.1:0"})
	var sent, acked atomic.Int64
	add := func() int {
		ad := fmt.Sprintf(`{"ad":"%d%s"}`, sent.Add(1), strings.Repeat("x", 4000))
		code, text, _ := do(t, h, "POST", "/v1/raise/add", ad, asJSON)
		switch {
		case code == 200:
			acked.Add(1)
		case code != 507 || !strings.Contains(text, "the disk is full") || !strings.Contains(text, "ree some space"):
			t.Errorf("a raise: %d %s", code, text)
		}
		return code
	}
	for range 4 {
		h.log.forget()
		var freed atomic.Bool
		ended := make(chan struct{})
		go func() { // the raise that fills the disk is held, and answered when there is space
			defer close(ended)
			for !freed.Load() {
				add()
			}
		}()
		h.log.await(t, "the disk is full")
		secret := map[string]string{"Authorization": "Bearer " + h.identity.secret}
		if code := add(); code != 507 {
			t.Errorf("a raise on a full disk: %d", code)
		}
		if code, text, _ := get(t, h, "/healthz"); code != 507 {
			t.Errorf("healthz: %d %s", code, text)
		}
		if code, text, _ := do(t, h, "POST", "/v1/admin/backup", "", secret); code != 507 {
			t.Errorf("a backup: %d %s", code, text)
		}
		if n := h.adsOverHTTP(); n < acked.Load() {
			t.Errorf("a read has %d, %d were acknowledged", n, acked.Load())
		}
		freed.Store(true)
		q.size.Add(probeSize + room)
		<-ended
		h.log.await(t, "the disk has space again")
		if code := add(); code != 200 {
			t.Errorf("a raise when there is space: %d", code)
		}
		q.size.Store(q.taken("") + room)
	}
	q.size.Add(probeSize + room)
	if n := h.adsOverHTTP(); n != acked.Load() {
		t.Errorf("%d are there, %d were acknowledged", n, acked.Load())
	}
	h.Close()
	h = open(t, Config{Dir: "node", FS: q.MemFS, HTTP: "127.0.0.1:0"})
	if n := h.adsOverHTTP(); n != acked.Load() || n == 0 {
		t.Errorf("after a restart %d are there, %d were acknowledged", n, acked.Load())
	}
}

// adsOverHTTP counts the elements of the set.
func (h *testHost) adsOverHTTP() int64 {
	h.t.Helper()
	code, text, _ := get(h.t, h, "/v1/read/ads")
	if code != 200 {
		h.t.Fatalf("a read: %d %.200s", code, text)
	}
	return int64(strings.Count(text, "xxx\""))
}

// TestQuotaUnderTables fills the disk while Pebble writes tables and merges
// them. At times somebody else takes what was freed before the store can.
func TestQuotaUnderTables(t *testing.T) {
	q := newQuotaFS(200 << 10)
	q.probed = func() { q.size.Store(q.taken("") + 4*probeSize) } // somebody frees some
	rnd := rand.New(rand.NewPCG(8, 8))
	waits := 0
	full := &fullDisk{path: "node/probe", closing: make(chan struct{}), changed: func(full bool) {
		waits++
		if !full && waits%4 != 0 {
			q.size.Store(q.taken("") + 10)
		}
	}}
	o := cutOptions(full.watch(q))
	d, err := openDisk("node", o)
	if err != nil {
		t.Fatal(err)
	}
	b := batchesOf(t, d)
	l := &cutLife{t: t, states: map[uint64][32]byte{}}
	for range 300 {
		if err := errors.Join(d.Write(l.batch(b, rnd)), d.Sync()); err != nil {
			t.Fatal(err)
		}
		if rnd.IntN(40) == 0 { // somebody else takes what is left
			q.size.Store(min(q.size.Load(), q.taken("")+int64(rnd.IntN(60<<10))))
		}
	}
	t.Logf("%d waits", waits/2)
	want := digest(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpenDisk(t, q.MemFS, "node")
	defer d.Close()
	if counterText(t, d) != 300 || digest(t, d) != want {
		t.Error("it is not what was written")
	}
}
