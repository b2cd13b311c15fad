package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/wire"
)

// A machine is a replica on a store, wired together as a node does it.
type machine struct {
	t       testing.TB
	disk    *store.Mem
	store   *store.Store
	replica *replica.Replica
	voucher *replicatest.Voucher
}

func boot(t testing.TB, disk *store.Mem) *machine {
	t.Helper()
	m, err := tryBoot(t, disk, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tryBoot restores what is on the disk; the chains of the log are replayed mixed
// at random if there is a die.
func tryBoot(t testing.TB, disk *store.Mem, rnd *rand.Rand) (*machine, error) {
	s, err := store.Open(disk)
	if err != nil {
		return nil, err
	}
	m := &machine{t, disk, s, replica.New(replica.Config{Log: s, RecentMax: 64}), new(replicatest.Voucher)}
	var log []*causal.Part
	err = s.Restore(store.Visitor{
		Head: func(c causal.Chain, h causal.Head) {
			m.replica.Load(replica.Flush{Space: c.Space, Chains: []replica.ChainHead{{Chain: c, Head: h}}})
		},
		Maximal: func(space causal.SpaceID, dots []causal.Dot) {
			m.replica.Load(replica.Flush{Space: space, Maximal: dots})
		},
		Outside: func(space causal.SpaceID, refs []causal.Ref) {
			m.replica.Load(replica.Flush{Space: space, Outside: refs})
		},
		Entry: func(space causal.SpaceID, id causal.EntryID, e crdt.Entry) {
			m.replica.Load(replica.Flush{Space: space, Added: []crdt.Live{{ID: id, Entry: e}}})
		},
		Seal: m.replica.LoadSeal,
		Part: func(p *causal.Part) { log = append(log, p) },
	})
	if err != nil {
		return nil, err
	}
	if rnd != nil {
		interleave(rnd, log)
	}
	for _, p := range log {
		m.replica.Replay(p)
	}
	return m, m.replica.Loaded()
}

// interleave mixes the chains of a log at random, each in its order.
func interleave(rnd *rand.Rand, log []*causal.Part) {
	chains := map[causal.Chain][]*causal.Part{}
	for _, p := range log {
		chains[p.Chain()] = append(chains[p.Chain()], p)
	}
	rnd.Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
	for i, p := range log {
		c := p.Chain()
		log[i], chains[c] = chains[c][0], chains[c][1:]
	}
}

// isSame compares parts as they are on the wire.
func isSame(a, b *causal.Part) bool {
	return a != nil && b != nil &&
		bytes.Equal(replica.AppendFrame(nil, replicatest.Parcels(a)), replica.AppendFrame(nil, replicatest.Parcels(b)))
}

func (m *machine) record(g replica.Group) {
	for i, p := range g.Parts {
		m.store.PutPart(p, g.Hashes[i])
	}
	m.voucher.Learn(g.Parts, g.Hashes)
}

// receive applies what others wrote, and writes it down with its seals.
func (m *machine) receive(parcels []causal.Vouched) (parts []*causal.Part) {
	m.replica.Receive(0, parcels)
	out := m.replica.Drain()
	for _, g := range out.Groups {
		m.record(g)
		parts = append(parts, g.Parts...)
	}
	m.keepSeals(out.Seals)
	return parts
}

// seal seals what an author committed here.
func (m *machine) seal(author causal.ReplicaID) {
	for _, c := range m.replica.Unsealed(author) {
		m.replica.Seal(c.Chain, causal.Seal{Seq: c.Seq, Signature: causal.Signature{byte(c.Seq)}})
	}
	m.keepSeals(m.replica.Drain().Seals)
}

func (m *machine) keepSeals(list []replica.Sealed) {
	for _, s := range list {
		m.store.PutSeal(s.Chain, s.Seal)
		for _, seq := range s.Gone {
			m.store.DeleteSeal(s.Chain, seq)
		}
	}
}

func (m *machine) flush() {
	for _, f := range m.replica.Flush() {
		for _, id := range f.Removed {
			m.store.DeleteEntry(f.Space, id)
		}
		for _, e := range f.Added {
			m.store.PutEntry(f.Space, e.ID, e.Entry)
		}
		for _, h := range f.Chains {
			m.store.PutHead(h.Chain, h.Head)
		}
		m.store.PutMaximal(f.Space, f.Maximal)
		if f.Outside != nil {
			m.store.PutOutside(f.Space, f.Outside)
		}
	}
}

func (m *machine) write() {
	m.t.Helper()
	if ops := m.store.Take(); len(ops) > 0 {
		if err := m.disk.Write(ops); err != nil {
			m.t.Fatal(err)
		}
	}
}

// state is everything a replica knows, in a form to compare.
func state(r *replica.Replica) string {
	var b strings.Builder
	for _, space := range r.Spaces() {
		b.WriteString(space.String() + " " + r.Digest(space).String() + "\n")
		for _, ref := range r.Heads(space) {
			b.WriteString("  head " + ref.Replica.Short() + " " + strconv.FormatUint(ref.Seq, 10) + "\n")
		}
		for _, ref := range r.Needs(space) {
			b.WriteString(fmt.Sprintln("  needs", ref))
		}
		for i := range authors {
			c := causal.Chain{Space: space, Replica: author(i)}
			b.WriteString(fmt.Sprintln("  chain", i, r.Head(space, author(i)), "shown", r.Shown(c)))
			for s, ok := r.SealAfter(c, 0); ok; s, ok = r.SealAfter(c, s.Seq) {
				b.WriteString(fmt.Sprintln("    seal", s))
			}
		}
	}
	var entries []string
	for space, e := range r.Entries() {
		entries = append(entries, strings.Join([]string{space.String(), e.ID.Replica.String(), strconv.FormatUint(e.ID.Seq, 10),
			strconv.Itoa(int(e.ID.Offset)), e.Database, e.Key, e.Value, strconv.FormatUint(uint64(e.Stamp), 10)}, " "))
	}
	slices.Sort(entries)
	return b.String() + strings.Join(entries, "\n")
}

const authors = 4 // at most, numbered from 0

func author(i int) causal.ReplicaID { return replicatest.Author(i) }
func space(i int) causal.SpaceID    { return causal.SpaceOf("test", strconv.Itoa(i)) }

// act makes a random step: a commit of one's own in one or two spaces, or
// the arrival of what a distant author, if there is one, wrote after having
// seen some of it.
func (m *machine) act(rnd *rand.Rand, distant *replica.Replica) []*causal.Part {
	r, id := m.replica, author(1)
	isDistant := distant != nil && rnd.IntN(4) == 0
	if isDistant {
		r, id = distant, author(2)
	}
	d := replica.Draft{Author: id, Stamp: causal.StampAt(1_795_000_000*causal.Second) + causal.Stamp(rnd.IntN(1000)<<16|rnd.IntN(9))}
	for _, n := range rnd.Perm(3)[:1+rnd.IntN(2)] {
		w := replica.Write{Space: space(n)}
		for range rnd.IntN(3) {
			w.Entries = append(w.Entries, causal.Entry{Database: "db" + strconv.Itoa(rnd.IntN(3)), Key: strconv.Itoa(rnd.IntN(9)), Value: strconv.FormatUint(rnd.Uint64(), 36)})
		}
		live := map[causal.EntryID]bool{}
		for in, e := range r.Entries() {
			live[e.ID] = in == space(n)
		}
		ids := slices.SortedFunc(keysOf(live), causal.EntryID.Compare)
		w.Removed = ids[:rnd.IntN(len(ids)/2+1)]
		d.Writes = append(d.Writes, w)
	}
	g := r.Commit(d)
	if !isDistant {
		m.record(g)
		if distant != nil && rnd.IntN(3) == 0 {
			distant.Receive(0, m.voucher.Vouch(g.Parts...))
			distant.Drain()
		}
		if rnd.IntN(2) == 0 {
			m.seal(id)
		}
		return g.Parts
	}
	m.voucher.Learn(g.Parts, g.Hashes)
	return m.receive(m.voucher.Vouch(g.Parts...))
}

func keysOf(live map[causal.EntryID]bool) func(func(causal.EntryID) bool) {
	return func(yield func(causal.EntryID) bool) {
		for id, isLive := range live {
			if isLive && !yield(id) {
				return
			}
		}
	}
}

// TestRestart restores from state and log, wherever the last flush was and in
// whatever order the chains of the log come back.
func TestRestart(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		m := boot(t, store.NewMem())
		distant := replica.New(replica.Config{})
		for range rnd.IntN(120) {
			m.act(rnd, distant)
			if rnd.IntN(20) == 0 {
				m.flush()
			}
			if rnd.IntN(3) == 0 {
				m.write()
			}
		}
		m.write()
		again, err := tryBoot(t, m.disk, rnd)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if got, want := state(again.replica), state(m.replica); got != want {
			t.Fatalf("seed %d: restored\n%s\nbut there was\n%s", seed, got, want)
		}
		if again.store.Mark() != m.store.Mark() {
			t.Fatalf("seed %d: another head mark", seed)
		}
		m.checkLog(again)
	}
}

// checkLog reads every part and every hash back from the disk alone.
func (m *machine) checkLog(again *machine) {
	m.t.Helper()
	for _, space := range m.replica.Spaces() {
		for i := range authors {
			chain, h := causal.Chain{Space: space, Replica: author(i)}, m.replica.Head(space, author(i))
			for seq := uint64(1); seq <= h.Seq; seq++ {
				ref := chain.At(seq)
				got, err := again.store.Part(ref)
				if err != nil || !isSame(got, m.replica.Part(ref)) {
					m.t.Fatalf("part %v: %v, %+v", ref, err, got)
				}
				want, _ := m.replica.HashAt(space, chain.Replica, seq)
				hash, ok, err := again.store.Hash(ref)
				if !ok || err != nil || hash != want {
					m.t.Fatalf("hash at %v: %v %v %v", ref, hash, ok, err)
				}
			}
			if p, err := again.store.Part(chain.At(h.Seq + 1)); p != nil || err != nil {
				m.t.Fatalf("a part beyond the end: %v %v", p, err)
			}
		}
	}
}

// TestCrash lets the machine die after every step with a random part of what
// was not synced. What was synced, and so acknowledged or sent, is there; and a
// name that was let out never gets another content. That is history 7 of the
// model: an honest device does not equivocate.
func TestCrash(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		disk := store.NewMem()
		out := map[causal.Ref]*causal.Part{} // left the machine
		var synced store.HeadMark
		for range 12 {
			m, err := tryBoot(t, disk, rnd)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if err := store.CheckMark(disk, synced); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for ref, p := range out {
				if got := m.replica.Part(ref); !isSame(got, p) {
					t.Fatalf("seed %d: %v was synced and is now %+v", seed, p, got)
				}
			}
			var waiting []*causal.Part
			for range 1 + rnd.IntN(12) {
				waiting = append(waiting, m.act(rnd, nil)...)
				if rnd.IntN(6) == 0 {
					m.flush()
				}
				m.write()
				if rnd.IntN(4) == 0 {
					if err := disk.Sync(); err != nil {
						t.Fatal(err)
					}
					synced = m.store.Mark()
					for _, p := range waiting {
						if p.Replica != author(1) {
							continue
						}
						if was := out[p.Ref()]; was != nil && !isSame(was, p) {
							t.Fatalf("seed %d: %v has two contents", seed, p.Ref())
						}
						out[p.Ref()] = p
					}
					waiting = nil
				}
			}
			disk.Crash(rnd.IntN(disk.Unsynced() + 1))
		}
	}
}

// TestDirtyEntriesCollapse: what came and went between two flushes is not written.
func TestDirtyEntriesCollapse(t *testing.T) {
	const counters, increments = 50, 20_000
	m := boot(t, store.NewMem())
	last := make([]causal.EntryID, counters)
	var flushed int
	for i := range increments {
		n := i % counters
		w := replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "counters", Key: strconv.Itoa(n), Value: strconv.Itoa(i)}}}
		if i >= counters {
			w.Removed = []causal.EntryID{last[n]}
		}
		g := m.replica.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{w}})
		last[n] = g.Parts[0].EntryID(0)
		if (i+1)%(increments/2) == 0 {
			m.flush()
			flushed += len(m.store.Take())
		}
	}
	// Twice the entries and once the removals of the first; names, heads, marks besides.
	if flushed < 3*counters || flushed > 3*counters+20 {
		t.Errorf("%d increments of %d counters flushed %d records", increments, counters, flushed)
	}
}

func TestStreamMarksAndMeta(t *testing.T) {
	m := boot(t, store.NewMem())
	g := m.replica.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{{Space: space(0)}, {Space: space(1)}}})
	m.record(g)
	mark := store.StreamMark{Seq: 7, Parts: []causal.Ref{g.Parts[0].Ref(), g.Parts[1].Ref()}}
	m.store.PutStreamMark("north", mark)
	m.store.PutStreamMark("", store.StreamMark{Seq: 1})
	m.store.PutMeta("self", []byte{1, 2})
	m.store.PutMeta("empty", nil)
	m.write()
	again := boot(t, m.disk)
	if got, ok := again.store.StreamMark("north"); !ok || !reflect.DeepEqual(got, mark) {
		t.Errorf("the mark of north: %+v", got)
	}
	if got, ok := again.store.StreamMark(""); !ok || got.Seq != 1 {
		t.Errorf("the mark of the stream without a name: %+v", got)
	}
	if _, ok := again.store.StreamMark("south"); ok {
		t.Error("a stream that was never raised has a mark")
	}
	if got, ok, err := again.store.Meta("self"); !ok || err != nil || !bytes.Equal(got, []byte{1, 2}) {
		t.Errorf("meta: %v %v %v", got, ok, err)
	}
	if _, ok, _ := again.store.Meta("empty"); !ok {
		t.Error("an empty value is not a missing one")
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	disk := store.NewMem()
	boot(t, disk).write()
	m := boot(t, disk)
	m.store.PutMeta("a", nil)
	m.write()
	for _, version := range []byte{0, wire.Version + 1} {
		if err := disk.Write([]store.Op{{Key: []byte{0}, Value: []byte{version}}}); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(disk)
		says := fmt.Sprintf("written in version %d and this node writes version %d", version, wire.Version)
		if !errors.Is(err, store.ErrVersion) || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v", err)
		}
	}
}

func TestForeignDiskIsRefused(t *testing.T) {
	disk := store.NewMem()
	if err := disk.Write([]store.Op{{Key: []byte("users/1"), Value: []byte("ann")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(disk); err == nil || !strings.Contains(err.Error(), "is this a store of martinelli?") {
		t.Errorf("got %v", err)
	}
}

// TestShortLogIsRefused: a disk that lost synced batches is found out by the
// mark kept beside it.
func TestShortLogIsRefused(t *testing.T) {
	m := boot(t, store.NewMem())
	var marks []store.HeadMark
	for i := range 5 {
		m.store.PutMeta("n", []byte{byte(i)})
		ops := m.store.Take()
		mark, ok := store.MarkOf(ops)
		if !ok || mark != m.store.Mark() {
			t.Fatal("a batch bears no mark")
		}
		marks = append(marks, mark)
		if err := m.disk.Write(ops); err != nil {
			t.Fatal(err)
		}
	}
	for _, mark := range marks {
		if err := store.CheckMark(m.disk, mark); err != nil {
			t.Errorf("a disk that holds at least what was synced: %v", err)
		}
	}
	m.disk.Crash(3)
	if err := store.CheckMark(m.disk, marks[2]); err != nil {
		t.Errorf("only what was not synced is lost: %v", err)
	}
	err := store.CheckMark(m.disk, marks[3])
	if !errors.Is(err, store.ErrBehind) || !strings.Contains(err.Error(), "run --new-replica") {
		t.Errorf("got %v", err)
	}
	other := marks[2]
	other.Hash[0]++
	if err := store.CheckMark(m.disk, other); !errors.Is(err, store.ErrBehind) {
		t.Errorf("as many writes, but others: %v", err)
	}
	if err := store.CheckMark(store.NewMem(), marks[0]); !errors.Is(err, store.ErrBehind) {
		t.Errorf("an empty disk: %v", err)
	}
	if got, err := store.DecodeHeadMark(marks[0].AppendTo(nil)); err != nil || got != marks[0] {
		t.Errorf("decoded %v, %v", got, err)
	}
}

// TestUnreadablePartIsRefused is the store's share of history 13: a record that
// this release can't read whole ends the start; it is not passed over and then
// counted.
func TestUnreadablePartIsRefused(t *testing.T) {
	m := boot(t, store.NewMem())
	p := m.replica.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{{Space: space(0), Entries: []causal.Entry{{Database: "d"}}}}}).Parts[0]
	m.store.PutPart(p, causal.Hash{})
	for _, op := range m.store.Take() {
		if op.Key[0] == 'p' {
			op.Value[3] |= 0x80 // a flag of a later release
		}
		if err := m.disk.Write([]store.Op{op}); err != nil {
			t.Fatal(err)
		}
	}
	var damaged *store.RecordError
	if _, err := tryBoot(t, m.disk, nil); !errors.As(err, &damaged) {
		t.Errorf("got %v", err)
	}
}

// FuzzRestore changes one record of a store: the start succeeds or says what
// is wrong.
func FuzzRestore(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 1))
	m := boot(f, store.NewMem())
	distant := replica.New(replica.Config{})
	for i := range 40 {
		m.act(rnd, distant)
		if i == 20 {
			m.flush()
		}
	}
	m.store.PutStreamMark("s", store.StreamMark{Seq: 3})
	ops := m.store.Take()
	for i := range ops {
		f.Add(uint16(i), ops[i].Key, []byte{byte(i)})
		f.Add(uint16(i), append(ops[i].Key[:1:1], 1), ops[i].Value)
	}
	f.Fuzz(func(t *testing.T, at uint16, key, value []byte) {
		changed := slices.Clone(ops)
		changed[int(at)%len(ops)] = store.Op{Key: key, Value: value}
		disk := store.NewMem()
		if err := disk.Write(changed); err != nil {
			t.Fatal(err)
		}
		m, err := tryBoot(t, disk, nil)
		if err != nil {
			return
		}
		m.replica.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{{Space: space(0)}}})
		m.replica.Root()
	})
}

func BenchmarkPutPart(b *testing.B) {
	r := replica.New(replica.Config{})
	var groups []replica.Group
	var last causal.EntryID
	for i := range 1000 {
		w := replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "counters", Key: "\x02ad123\x00", Value: "\x16\x01\x02"}}}
		if i > 0 {
			w.Removed = []causal.EntryID{last}
		}
		g := r.Commit(replica.Draft{Author: author(1), Stamp: causal.StampAt(1_795_000_000*causal.Second) + causal.Stamp(i), Writes: []replica.Write{w}})
		last = g.Parts[0].EntryID(0)
		groups = append(groups, g)
	}
	s, err := store.Open(store.NewMem())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var size int
	for b.Loop() {
		for _, g := range groups {
			s.PutPart(g.Parts[0], g.Hashes[0])
		}
		size = 0
		for _, op := range s.Take() {
			size += len(op.Key) + len(op.Value)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(groups)), "ns/part")
	b.ReportMetric(float64(size)/float64(len(groups)), "B/part")
}
