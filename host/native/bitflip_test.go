package native

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/store"
)

// stoppedNode returns all files of a node that was started a few times and
// stopped: its store has tables and a log.
func stoppedNode(t *testing.T, commits int) map[string][]byte {
	t.Helper()
	mem := vfs.NewMem()
	for life := range 3 {
		h := open(t, Config{Name: "ada", Dir: "node", FS: mem})
		for i := range commits {
			h.shown(fmt.Sprintf("a%d", i%7))
		}
		if life == 1 {
			if _, err := h.NewToken(0); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c := newCutFS(mem)
	files := map[string][]byte{}
	for name, f := range c.base {
		if !f.isDir {
			files[name] = f.data
		}
	}
	return files
}

// everyRead reads all that a node keeps: who it is, its tokens, and every
// entry, part and chain hash of its store.
func everyRead(files map[string][]byte, t *testing.T) (sum [32]byte, err error) {
	mem := vfs.NewMem()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := mem.MkdirAll(path.Dir(name), 0o700); err != nil {
			return sum, err
		}
		writeFile(t, mem, name, files[name])
	}
	var all bytes.Buffer
	if err := readSmallFiles(&all, dirFiles{mem, "node"}); err != nil {
		return sum, err
	}
	d, err := openDisk("node", diskOptions{fs: mem, log: silent, written: true})
	if err != nil {
		return sum, err
	}
	defer d.Close()
	if err := readStore(&all, d); err != nil {
		return sum, err
	}
	return blake2b.Sum256(all.Bytes()), nil
}

func readSmallFiles(w io.Writer, f files) error {
	id, founded, err := loadIdentity(context.Background(), f, &Config{})
	if err != nil {
		return err
	}
	tokens, err := loadTokens(f, tokenClock)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, founded, id.record, id.key, id.cert.Certificate, id.authority.key, id.secret, id.replica(), id.homeKey(), tokens.list)
	return nil
}

func readStore(w io.Writer, d store.Reader) error {
	s, err := store.Open(d)
	if err != nil {
		return err
	}
	last := map[causal.Chain]uint64{}
	err = s.Restore(store.Visitor{
		Key:     func(k causal.Key) { fmt.Fprintln(w, k) },
		Seal:    func(c causal.Chain, s causal.Seal) { fmt.Fprintln(w, c, s) },
		Head:    func(c causal.Chain, h causal.Head) { last[c] = max(last[c], h.Seq); fmt.Fprintln(w, c, h) },
		Maximal: func(space causal.SpaceID, dots []causal.Dot) { fmt.Fprintln(w, space, dots) },
		Entry:   func(space causal.SpaceID, id causal.EntryID, e crdt.Entry) { fmt.Fprintln(w, space, id, e) },
		Part:    func(p *causal.Part) { last[p.Chain()] = max(last[p.Chain()], p.Seq) },
	})
	if err != nil {
		return err
	}
	chains := slices.SortedFunc(maps.Keys(last), func(a, b causal.Chain) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, c := range chains {
		for n := uint64(1); n <= last[c]; n++ {
			p, err := s.Part(c.At(n))
			if err != nil {
				return err
			}
			h, _, err := s.Hash(c.At(n))
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%+v %x\n", *p, h)
		}
	}
	sum, err := digestOf(d)
	fmt.Fprintf(w, "%x\n", sum)
	return err
}

// flipAt is one bit of one file.
type flipAt struct {
	file string
	bit  int
}

// in returns the files with the bit flipped.
func (f flipAt) in(files map[string][]byte) map[string][]byte {
	changed := maps.Clone(files)
	data := bytes.Clone(files[f.file])
	data[f.bit/8] ^= 1 << (f.bit % 8)
	changed[f.file] = data
	return changed
}

// sampleFlips picks bits: those at the head and the tail of each file, and n
// more spread evenly over all bytes there are.
func sampleFlips(files map[string][]byte, n int, rnd *rand.Rand) (flips []flipAt) {
	const ends = 8 // bytes at each end
	size := 0
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		for at := range files[name] {
			if at < ends || at >= len(files[name])-ends {
				flips = append(flips, flipAt{name, at*8 + rnd.IntN(8)})
			}
		}
		size += len(files[name])
	}
	for i := range n {
		at := (size*i + rnd.IntN(size)) / n
		for _, name := range names {
			if at < len(files[name]) {
				flips = append(flips, flipAt{name, at*8 + rnd.IntN(8)})
				break
			}
			at -= len(files[name])
		}
	}
	return flips
}

func everyFlip(files map[string][]byte) (flips []flipAt) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for bit := range len(files[name]) * 8 {
			flips = append(flips, flipAt{name, bit})
		}
	}
	return flips
}

// TestEveryFlippedBit flips a bit in the directory of a stopped node: in its
// own files, and in the store's logs, tables, manifests, options and marks.
// The start refuses and says what can be done, or a read does, or everything
// reads as before.
func TestEveryFlippedBit(t *testing.T) {
	commits := 24
	if soak {
		commits = 12
	}
	files := stoppedNode(t, commits)
	want, err := everyRead(files, t)
	if err != nil {
		t.Fatal(err)
	}
	flips := sampleFlips(files, 400, rand.New(rand.NewPCG(4, 2)))
	if testing.Short() {
		flips = slices.DeleteFunc(flips, func(at flipAt) bool { return at.bit%10 != 3 })
	}
	if soak {
		flips = everyFlip(files)
	}
	var found, harmless, next atomic.Int64
	var crew sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		crew.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(flips); i = next.Add(1) - 1 {
				at := flips[i]
				switch got, err := readInTime(t, at.in(files)); {
				case err != nil && !strings.Contains(err.Error(), "damaged") && !strings.Contains(err.Error(), "run --new-replica"):
					t.Errorf("%s, bit %d: it is refused without advice: %v", at.file, at.bit, err)
				case err != nil:
					found.Add(1)
				case got != want:
					t.Errorf("%s, bit %d of %d: it reads something else", at.file, at.bit, len(files[at.file])*8)
				default:
					harmless.Add(1)
				}
			}
		})
	}
	crew.Wait()
	t.Logf("%d flips in %d files: %d are refused, %d change nothing", len(flips), len(files), found.Load(), harmless.Load())
}

// readInTime is everyRead of a directory that may be such that it hangs.
func readInTime(t *testing.T, files map[string][]byte) (sum [32]byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		sum, err = everyRead(files, t)
	}()
	select {
	case <-done:
		return sum, err
	case <-time.After(time.Minute):
		return sum, fmt.Errorf("it hangs")
	}
}
