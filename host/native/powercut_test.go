package native

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/store"
)

var soak = os.Getenv("MARTINELLI_SOAK") != ""

// smallTables makes Pebble turn its log into tables, merge them and take new
// logs and manifests within a few groups.
const smallTables = 64 << 10

func cutOptions(fs vfs.FS) diskOptions {
	return diskOptions{fs: fs, log: silent, tableSize: smallTables}
}

// cutLife is one life of a store between two power cuts. It knows what the
// store holds after each batch it ever wrote.
type cutLife struct {
	t      *testing.T
	states map[uint64][32]byte // by the counter
	copies copying
}

// batch returns one that changes several records, one of them large at times.
func (l *cutLife) batch(b *batches, rnd *rand.Rand) []store.Op {
	b.n++
	b.store.PutMeta("counter", fmt.Append(nil, b.n))
	for range rnd.IntN(3) {
		b.store.PutMeta(fmt.Sprintf("k%d", rnd.IntN(20)), fmt.Append(nil, b.n, rnd.Uint64()))
	}
	if rnd.IntN(3) == 0 {
		large := make([]byte, 20<<10)
		for i := range large {
			large[i] = byte(rnd.Uint32())
		}
		b.store.PutMeta(fmt.Sprintf("large%d", rnd.IntN(3)), large)
	}
	l.copies.step(b.store, b.n, rnd)
	return b.store.Take()
}

// write opens a store, writes groups of one or two batches and closes it.
func (l *cutLife) write(c *cutFS, groups int, rnd *rand.Rand) {
	l.t.Helper()
	d, err := openDisk("node", cutOptions(c))
	if err != nil {
		l.t.Fatal(err)
	}
	b := batchesOf(l.t, d)
	b.n = counterText(l.t, d)
	if err := l.copies.resume(b.store); err != nil {
		l.t.Fatal(err)
	}
	for range groups {
		for range 1 + rnd.IntN(2) {
			if err := d.Write(l.batch(b, rnd)); err != nil {
				l.t.Fatal(err)
			}
			l.states[b.n] = digest(l.t, d)
		}
		if err := d.Sync(); err != nil {
			l.t.Fatal(err)
		}
		c.ack(b.n)
	}
	if err := d.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// check opens what a power cut left. All that was acknowledged is there, and
// of the rest the first few batches, each whole.
func (l *cutLife) check(mem vfs.FS, acked uint64) error {
	d, err := openDisk("node", cutOptions(mem))
	if err != nil {
		return err
	}
	defer d.Close()
	got, err := counterOf(d)
	if err != nil {
		return err
	}
	if got < acked {
		return fmt.Errorf("batch %d is the last, and %d was acknowledged", got, acked)
	}
	if want, ok := l.states[got]; (ok || got > 0) && want != digest(l.t, d) {
		return fmt.Errorf("after batch %d it is not what was written", got)
	}
	return checkCopies(d)
}

func counterText(t *testing.T, d store.Reader) uint64 {
	t.Helper()
	n, err := counterOf(d)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func counterOf(d store.Reader) (n uint64, err error) {
	s, err := store.Open(d)
	if err != nil {
		return 0, err
	}
	if v, ok, _ := s.Meta("counter"); ok {
		_, err = fmt.Sscan(string(v), &n)
	}
	return n, err
}

// digest is a hash of every record.
func digest(t *testing.T, d store.Reader) (sum [32]byte) {
	t.Helper()
	sum, err := digestOf(d)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func digestOf(d store.Reader) (sum [32]byte, err error) {
	var all bytes.Buffer
	err = d.Scan(nil, nil, func(key, value []byte) bool {
		fmt.Fprintf(&all, "%d %x %d %x\n", len(key), key, len(value), value)
		return true
	})
	return blake2b.Sum256(all.Bytes()), err
}

// TestPowerCutAnywhere cuts the power after every operation on the file
// system while a store is made, written, closed and opened again: tables are
// written and merged meanwhile, logs and manifests begun. What was not synced
// is dropped, torn or reordered.
func TestPowerCutAnywhere(t *testing.T) {
	lives, groups, tries := 2, 7, 1
	if soak {
		lives, groups, tries = 4, 60, 20
	}
	for seed := range uint64(tries) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		l := &cutLife{t: t, states: map[uint64][32]byte{}}
		c := newCutFS(vfs.NewMem())
		for range lives {
			l.write(c, groups, rnd)
		}
		cuts := 0
		for n := range len(c.ops) + 1 {
			for i, mode := range cutModes {
				if !soak && i > 1 && i != 2+n%(len(cutModes)-2) || testing.Short() && i != n%len(cutModes) {
					continue // dropped, kept, and one of the others in turn
				}
				left, acked := c.cut(t, n, mode, rnd)
				cuts++
				if err := l.check(left, acked); err != nil {
					t.Fatalf("seed %d, cut after %d of %d operations (%v), %s: %v", seed, n, len(c.ops), c.around(n), mode.name, err)
				}
			}
		}
		t.Logf("seed %d: %d cuts", seed, cuts)
	}
}

// around says what was done just before a cut.
func (c *cutFS) around(n int) (text []string) {
	for _, op := range c.ops[max(0, n-6):n] {
		text = append(text, fmt.Sprintf("%d %s %s #%d @%d+%d", op.kind, op.name, op.to, op.inode, op.at, len(op.data)))
	}
	return text
}

// TestPowerCutsInARow cuts the power again while the store recovers from the
// cut before.
func TestPowerCutsInARow(t *testing.T) {
	stories, cuts := 60, 4
	if testing.Short() {
		stories = 20
	}
	if soak {
		stories, cuts = 20_000, 6
	}
	for seed := range uint64(stories) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		l := &cutLife{t: t, states: map[uint64][32]byte{}}
		mem, acked := vfs.NewMem(), uint64(0)
		for life := range cuts {
			c := newCutFS(mem)
			c.ack(acked)
			l.write(c, rnd.IntN(8), rnd)
			mode := cutModes[rnd.IntN(len(cutModes))]
			mem, acked = c.cut(t, 1+rnd.IntN(len(c.ops)), mode, rnd)
			before := newCutFS(mem).cloneBase(t)
			if err := l.check(before, acked); err != nil {
				t.Fatalf("seed %d, life %d, %s: %v", seed, life, mode.name, err)
			}
		}
	}
}

// cloneBase copies what was there when recording began.
func (c *cutFS) cloneBase(t *testing.T) *vfs.MemFS {
	left, _ := c.cut(t, 0, cutModes[0], nil)
	return left
}

// TestPowerCutUnderANode cuts the power while a node founds its cluster, takes
// commits, gives out a token and is started again. Whatever it acknowledged is
// there, under the same replica id; the names of those parts are never given
// to other content.
func TestPowerCutUnderANode(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	c := newCutFS(vfs.NewMem())
	cfg := Config{Name: "ada", Dir: "node", FS: c, Program: compile(t, impressions)}
	acked := uint64(0)
	var self causal.ReplicaID
	minted := 0
	for life := range 2 {
		h := open(t, cfg)
		self = h.Self()
		for range 6 {
			h.shown("a1")
			acked++
			c.ack(acked)
		}
		if life == 0 {
			if _, err := h.NewToken(0); err != nil {
				t.Fatal(err)
			}
			minted = c.length()
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all := ownParts(t, c, self)
	if len(all) != int(acked) {
		t.Fatalf("%d commits made %d parts", acked, len(all))
	}
	modes := 1
	if soak {
		modes = 60
	}
	step := 1
	if testing.Short() {
		step = 3
	}
	for n := 0; n <= len(c.ops); n += step {
		for try := range modes {
			mode := cutModes[(n+try)%len(cutModes)]
			left, acked := c.cut(t, n, mode, rnd)
			cfg := cfg
			cfg.FS = left
			if err := goesOn(t, cfg, self, all[:acked]); err != nil {
				t.Fatalf("cut after %d of %d operations (%v), %s: %v", n, len(c.ops), c.around(n), mode.name, err)
			}
			if tokens, err := loadTokens(dirFiles{left, "node"}, tokenClock); n >= minted && (err != nil || len(tokens.list) != 1) {
				t.Fatalf("cut after %d of %d operations, %s: a token that was given out is gone: %v", n, len(c.ops), mode.name, err)
			}
		}
	}
	t.Logf("%d cuts", (len(c.ops)+1)*modes)
}

// ownPart is a part as it stands in the log.
type ownPart struct {
	ref  causal.Ref
	text string // all of it, and its chain hash
}

// goesOn starts a node on what a power cut left and commits once.
func goesOn(t *testing.T, cfg Config, self causal.ReplicaID, acked []ownPart) error {
	h, err := tryOpen(t, cfg)
	if err != nil {
		return err
	}
	if len(acked) > 0 && h.Self() != self {
		return fmt.Errorf("it has another replica id")
	}
	if got := h.count("a1"); got < int64(len(acked)) {
		return fmt.Errorf("%d impressions are left of %d", got, len(acked))
	}
	h.shown("a1")
	if err := h.Close(); err != nil {
		return err
	}
	left := ownParts(t, cfg.FS, h.Self())
	if len(left) <= len(acked) || !slices.Equal(left[:len(acked)], acked) {
		return fmt.Errorf("the parts are\n%v\nand %d were acknowledged as\n%v", left, len(acked), acked)
	}
	return nil
}

// lastSeqs returns how far each chain of a store goes.
func lastSeqs(t *testing.T, s *store.Store) map[causal.Chain]uint64 {
	t.Helper()
	last := map[causal.Chain]uint64{}
	err := s.Restore(store.Visitor{
		Head: func(c causal.Chain, h causal.Head) { last[c] = max(last[c], h.Seq) },
		Part: func(p *causal.Part) { last[p.Chain()] = max(last[p.Chain()], p.Seq) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// ownParts reads the parts of a replica, in the order of their seqs.
func ownParts(t *testing.T, fs vfs.FS, self causal.ReplicaID) (parts []ownPart) {
	t.Helper()
	d := mustOpenDisk(t, fs, "node")
	defer d.Close()
	s, err := store.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	for c, seq := range lastSeqs(t, s) {
		for n := uint64(1); c.Replica == self && n <= seq; n++ {
			p, err := s.Part(c.At(n))
			hash, ok, err2 := s.Hash(c.At(n))
			if err := errors.Join(err, err2); err != nil || p == nil || !ok {
				t.Fatalf("part %v: %v", c.At(n), err)
			}
			parts = append(parts, ownPart{c.At(n), fmt.Sprintf("%+v %x", *p, hash)})
		}
	}
	return parts
}
