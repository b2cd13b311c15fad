package bench

import (
	"fmt"
	"maps"
	"syscall"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

// What BenchmarkAlgebra does, peers/peers.mjs does with Yjs, Loro and
// Automerge, under the same names: "make bench" runs both in one pass. "naive"
// is a plain Go map without causes, stamps or removals. One add, set or
// increment is one commit, as at a peer it is one transaction.
const (
	setSize    = 10_000
	mapSets    = 100_000
	increments = 100_000
	batchParts = 1024 // parts of one frame under load
)

func BenchmarkAlgebra(b *testing.B) {
	run := func(name string, bench func(*clock)) {
		b.Run(name, func(b *testing.B) {
			c := &clock{B: b}
			bench(c)
			b.ReportMetric(float64(c.spent)/float64(b.N), "cpu-ns/op")
		})
	}
	run("add=10k/naive", benchNaiveAdd)
	run("add=10k/martinelli", benchAdd)
	run("join=one-into-10k/naive", benchNaiveJoinOne)
	run("join=one-into-10k/martinelli", benchJoinOne)
	for _, c := range []struct {
		name   string
		shared int
	}{{"two-10k-apart", 0}, {"two-10k-half-shared", setSize / 2}} {
		run("join="+c.name+"/naive", func(b *clock) { benchNaiveJoin(b, c.shared) })
		run("join="+c.name+"/martinelli", func(b *clock) { benchJoin(b, c.shared) })
	}
	for _, c := range []struct {
		name    string
		missing int
	}{{"one-of-10k", 1}, {"half-of-10k", setSize / 2}} {
		run("difference="+c.name+"/naive", func(b *clock) { benchNaiveDifference(b, c.missing) })
		run("difference="+c.name+"/martinelli", func(b *clock) { benchDifference(b, c.missing) })
	}
	run("mapset=100k/naive", benchNaiveMapSet)
	run("mapset=100k/martinelli", benchMapSet)
	run("inc=100k/naive", benchNaiveInc)
	run("inc=100k/martinelli", benchInc)
}

// clock is a benchmark's time and, beside it, what the process has spent of the
// processors: on a machine that others use too, the latter says more.
type clock struct {
	*testing.B
	isOn  bool
	begun time.Duration
	spent time.Duration
}

func (c *clock) loop() bool {
	if !c.Loop() {
		c.spent += cpu() - c.begun
		return false
	}
	if !c.isOn {
		c.isOn, c.begun = true, cpu()
	}
	return true
}

func (c *clock) pause() {
	c.StopTimer()
	c.spent += cpu() - c.begun
}

func (c *clock) resume() {
	c.begun = cpu()
	c.StartTimer()
}

// cpu returns what the process has spent, in its own code and in the kernel.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// word is the i-th key, element or value: always eight bytes.
func word(i int) string { return fmt.Sprintf("w%07d", i) }

func words(from, to int) []string {
	list := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, word(i))
	}
	return list
}

// author writes one database of one space, an own state and cell beside it as a
// node has them: what it writes is visible at once.
type author struct {
	id    causal.ReplicaID
	seq   uint64
	state *crdt.State
	cell  crdt.Cell
	room  []crdt.Live // scratch
}

func newAuthor(b *testing.B, id byte, t crdt.Type) *author {
	cell, err := t.New()
	if err != nil {
		b.Fatal(err)
	}
	return &author{id: causal.ReplicaID{id}, state: crdt.NewState(), cell: cell}
}

func quiet(string, int) {}

// do runs a verb, and applies its part to the state and to the cell.
func (a *author) do(b *testing.B, at []value.Value, verb string, arg value.Value) *causal.Part {
	d, err := crdt.DoAt(a.cell, at, verb, a.id, arg)
	if err != nil {
		b.Fatal(err)
	}
	a.seq++
	p := &causal.Part{Space: causal.SpaceID{1}, Replica: a.id, Seq: a.seq, Stamp: causal.Stamp(a.seq) << 16}
	p.Entries = []causal.Entry{{Database: "db", Key: d.Path, Value: d.Add[0]}}
	for _, gone := range d.Remove {
		p.Removed = append(p.Removed, gone.ID)
	}
	a.room = a.state.Apply(p, a.room[:0])
	a.cell.Insert(crdt.Item{ID: p.EntryID(0), Stamp: p.Stamp, Path: d.Path, Value: d.Add[0]}, quiet)
	for _, gone := range d.Remove {
		a.cell.Remove(gone, quiet)
	}
	return p
}

func (a *author) add(b *testing.B, elems []string) {
	for _, e := range elems {
		a.do(b, nil, "add", value.String(e))
	}
}

// setOf returns the state of a set that one author filled.
func setOf(b *testing.B, id byte, elems []string) *crdt.State {
	a := newAuthor(b, id, crdt.Type{Lattice: "set"})
	a.add(b, elems)
	return a.state
}

// halves returns two sets of 10,000 elements that have shared of them in common.
func halves(b *testing.B, shared int) (x, y *crdt.State) {
	common := setOf(b, 1, words(0, shared))
	x, y = setOf(b, 2, words(shared, setSize)), setOf(b, 3, words(setSize, 2*setSize-shared))
	x.Join(common)
	y.Join(common)
	return x, y
}

func naiveOf(elems ...[]string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, list := range elems {
		for _, e := range list {
			set[e] = struct{}{}
		}
	}
	return set
}

// benchAdd grows a set from 10,000 elements to 20,000, and begins again.
func benchAdd(b *clock) {
	base, more := words(0, setSize), words(setSize, 2*setSize)
	var a *author
	for i := 0; b.loop(); i++ {
		if i%setSize == 0 {
			b.pause()
			a = newAuthor(b.B, 1, crdt.Type{Lattice: "set"})
			a.add(b.B, base)
			b.resume()
		}
		a.do(b.B, nil, "add", value.String(more[i%setSize]))
	}
}

func benchNaiveAdd(b *clock) {
	base, more := words(0, setSize), words(setSize, 2*setSize)
	var set map[string]struct{}
	for i := 0; b.loop(); i++ {
		if i%setSize == 0 {
			b.pause()
			set = naiveOf(base)
			b.resume()
		}
		set[more[i%setSize]] = struct{}{}
	}
}

// benchJoinOne joins deltas of one element each into a set of 10,000 and more.
func benchJoinOne(b *clock) {
	base, deltas := setOf(b.B, 1, words(0, setSize)), setOf(b.B, 2, words(setSize, 2*setSize)).Decompose()
	var s *crdt.State
	for i := 0; b.loop(); i++ {
		if i%setSize == 0 {
			b.pause()
			s = base.Clone()
			b.resume()
		}
		if !s.Join(deltas[i%setSize]) {
			b.Fatal("the state did not grow")
		}
	}
}

func benchNaiveJoinOne(b *clock) {
	base, more := naiveOf(words(0, setSize)), words(setSize, 2*setSize)
	deltas := make([]map[string]struct{}, len(more))
	for i := range deltas {
		deltas[i] = naiveOf(more[i : i+1])
	}
	var set map[string]struct{}
	for i := 0; b.loop(); i++ {
		if i%setSize == 0 {
			b.pause()
			set = maps.Clone(base)
			b.resume()
		}
		maps.Copy(set, deltas[i%setSize])
	}
}

func benchJoin(b *clock, shared int) {
	x, y := halves(b.B, shared)
	for b.loop() {
		b.pause()
		s := x.Clone()
		b.resume()
		s.Join(y)
		if s.Entries.Len() != 2*setSize-shared {
			b.Fatal(s.Entries.Len())
		}
	}
}

func benchNaiveJoin(b *clock, shared int) {
	common := words(0, shared)
	x, y := naiveOf(common, words(shared, setSize)), naiveOf(common, words(setSize, 2*setSize-shared))
	for b.loop() {
		b.pause()
		set := maps.Clone(x)
		b.resume()
		maps.Copy(set, y)
	}
}

// benchDifference is what one replica of 10,000 elements has and another misses.
func benchDifference(b *clock, missing int) {
	known := setOf(b.B, 1, words(0, setSize-missing))
	all := known.Clone()
	all.Join(setOf(b.B, 2, words(setSize-missing, setSize)))
	for b.loop() {
		if d := all.Difference(known); d.Entries.Len() != missing {
			b.Fatal(d.Entries.Len())
		}
	}
}

func benchNaiveDifference(b *clock, missing int) {
	known, all := naiveOf(words(0, setSize-missing)), naiveOf(words(0, setSize))
	for b.loop() {
		delta := map[string]struct{}{}
		for e := range all {
			if _, has := known[e]; !has {
				delta[e] = struct{}{}
			}
		}
		if len(delta) != missing {
			b.Fatal(len(delta))
		}
	}
}

// benchMapSet sets 100,000 keys of an empty map, each in a commit of its own.
// Its bytes are those of the parts a replica mints for them: in frames under
// load, 1,024 parts under two seals, and each alone in a frame, with its seal.
func benchMapSet(b *clock) {
	keys := make([][]value.Value, mapSets)
	for i := range keys {
		keys[i] = []value.Value{value.String(word(i))}
	}
	for b.loop() {
		a := newAuthor(b.B, 1, crdt.Type{Lattice: "map", Args: []crdt.Type{{Lattice: "lww"}}})
		for _, key := range keys {
			a.do(b.B, key, "set", key[0])
		}
	}
	perSet(b)
	batched, alone := wireOf(mapSets)
	b.ReportMetric(batched, "B/update")
	b.ReportMetric(alone, "B/update-alone")
}

// perSet reports the rate of what is done 100,000 times in an iteration.
func perSet(b *clock) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mapSets, "ns/update")
	b.ReportMetric(float64(b.spent)/float64(b.N)/mapSets, "cpu-ns/update")
}

// wireOf mints n parts that set a key each, and measures their frames.
func wireOf(n int) (batched, alone float64) {
	r := replica.New(replica.Config{})
	var parts []*causal.Part
	sum, sumAlone := 0, 0
	stamp := causal.StampAt(1_795_000_000 * causal.Second)
	for i := range n {
		if i%100 == 0 { // 100 commits in a millisecond
			stamp += 1 << 16
		}
		stamp++
		word := value.Encode(value.String(word(i)))
		parts = append(parts, r.Commit(replica.Draft{
			Author: replicatest.Author(1), Stamp: stamp,
			Writes: []replica.Write{{Space: causal.SpaceOf("bench", "map"), Entries: []causal.Entry{{Database: "db", Key: word, Value: word}}}},
		}).Parts...)
		sumAlone += frameOf(parts[len(parts)-1:])
		if len(parts) == batchParts || i == n-1 {
			sum += frameOf(parts)
			parts = parts[:0]
			r.Flush()
		}
	}
	return float64(sum) / float64(n), float64(sumAlone) / float64(n)
}

// frameOf returns the size of a frame of parts of one chain, under as few seals as there may be.
func frameOf(parts []*causal.Part) int {
	return len(replica.AppendFrame(nil, replicatest.Stretches(parts...)))
}

func benchNaiveMapSet(b *clock) {
	keys := words(0, mapSets)
	for b.loop() {
		m := map[string]string{}
		for _, key := range keys {
			m[key] = key
		}
	}
	perSet(b)
	b.ReportMetric(16, "B/update")
}

// benchInc increments one gcounter. What it leaves is the encoded state, and
// the records of the state in the store: a restart reads no more.
func benchInc(b *clock) {
	for b.loop() {
		a := newAuthor(b.B, 1, crdt.Type{Lattice: "gcounter"})
		for range increments {
			a.do(b.B, nil, "inc", value.Int(1))
		}
		if a.cell.Value().AsInt() != increments {
			b.Fatal(a.cell.Value())
		}
		b.pause()
		b.ReportMetric(float64(len(a.state.AppendTo(nil))), "B-left")
		b.ReportMetric(float64(stored(b.B, a.state)), "B-stored")
		b.resume()
	}
	perSet(b)
}

// stored returns the bytes of the store's records of a state's entries.
func stored(b *testing.B, s *crdt.State) int {
	st, err := store.Open(store.NewMem())
	if err != nil {
		b.Fatal(err)
	}
	st.Take()
	for _, l := range s.Live() {
		st.PutEntry(causal.SpaceID{1}, l.ID, l.Entry)
	}
	size := 0
	for _, op := range st.Take() {
		size += len(op.Key) + len(op.Value)
	}
	return size
}

func benchNaiveInc(b *clock) {
	for b.loop() {
		n := map[string]int64{}
		for range increments {
			n["counter"]++
		}
	}
	perSet(b)
	b.ReportMetric(8, "B-left")
}
