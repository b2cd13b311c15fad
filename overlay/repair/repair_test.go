package repair

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/internal/transcript"
	"golang.org/x/crypto/blake2b"
	"pgregory.net/rapid"
)

// store is a Source of chains without content: a chain is its list of hashes.
type store struct {
	spaces   map[causal.SpaceID]map[causal.ReplicaID][]causal.Hash
	withheld map[causal.SpaceID]bool // spaces this replica does not hold
}

func newStore() *store {
	return &store{map[causal.SpaceID]map[causal.ReplicaID][]causal.Hash{}, map[causal.SpaceID]bool{}}
}

// grow adds parts to a chain; a branch other than 0 makes other hashes.
func (s *store) grow(c chain, parts int, branch byte) {
	for range parts {
		h := s.Head(c.space, c.author).Hash
		s.add(c, blake2b.Sum256(append(h[:], branch)))
	}
}

func (s *store) add(c chain, h causal.Hash) {
	if s.spaces[c.space] == nil {
		s.spaces[c.space] = map[causal.ReplicaID][]causal.Hash{}
	}
	s.spaces[c.space][c.author] = append(s.spaces[c.space][c.author], h)
}

func (s *store) Root() causal.Hash {
	var b []byte
	for _, d := range s.Spaces(causal.SpaceID{}, 1<<30) {
		b = append(append(b, d.Space[:]...), d.Digest[:]...)
	}
	return blake2b.Sum256(b)
}

func (s *store) Spaces(from causal.SpaceID, countMax int) []SpaceDigest {
	var all []SpaceDigest
	for _, space := range slices.SortedFunc(maps.Keys(s.spaces), causal.SpaceID.Compare) {
		if space.Compare(from) < 0 || len(all) == countMax {
			continue
		}
		var b []byte
		for _, h := range s.Vector(space) {
			b = append(append(b, h.Author[:]...), h.Hash[:]...)
		}
		all = append(all, SpaceDigest{space, blake2b.Sum256(b)})
	}
	return all
}

func (s *store) Holds(space causal.SpaceID) bool { return !s.withheld[space] }

func (s *store) Vector(space causal.SpaceID) []Head {
	var heads []Head
	for _, author := range slices.SortedFunc(maps.Keys(s.spaces[space]), causal.ReplicaID.Compare) {
		heads = append(heads, Head{author, s.Head(space, author)})
	}
	return heads
}

func (s *store) Head(space causal.SpaceID, author causal.ReplicaID) causal.Head {
	log := s.spaces[space][author]
	if len(log) == 0 {
		return causal.Head{}
	}
	return causal.Head{Seq: uint64(len(log)), Hash: log[len(log)-1]}
}

func (s *store) HashAt(space causal.SpaceID, author causal.ReplicaID, seq uint64) (causal.Hash, bool) {
	log := s.spaces[space][author]
	if seq < 1 || seq > uint64(len(log)) {
		return causal.Hash{}, false
	}
	return log[seq-1], true
}

func (s *store) Limit(causal.SpaceID, causal.ReplicaID) uint64 { return math.MaxUint64 }

// Branch pretends that every fourth part bears a seal, and the last one; its
// headers are the hashes.
func (s *store) Branch(space causal.SpaceID, author causal.ReplicaID, after, over uint64) (b causal.Branch, ok bool) {
	log := s.spaces[space][author]
	last := min((over+3)/4*4, uint64(len(log)))
	if over > last {
		return b, false
	}
	return causal.Branch{Headers: log[after:last]}, true
}

const partSize = 16 + 16 + 8 + 32

func (s *store) Start(causal.SpaceID, causal.ReplicaID) uint64 { return 0 }
func (s *store) Take(q Take) Taken                             { return Taken{Space: q.Space, Turn: q.Turn} }
func (s *store) HasBucket(causal.SpaceID, causal.Leaf) bool    { return false }

func (s *store) Parts(wants []Want, sizeMax int) (body []byte, parts int) {
	for _, w := range wants {
		log := s.spaces[w.Space][w.Author]
		for seq := w.After.Seq + 1; seq <= uint64(len(log)); seq++ {
			if parts > 0 && len(body)+partSize > sizeMax {
				return body, parts
			}
			body = append(append(body, w.Space[:]...), w.Author[:]...)
			body = binary.LittleEndian.AppendUint64(body, seq)
			body = append(body, log[seq-1][:]...)
			parts++
		}
	}
	return body, parts
}

// take applies what Parts encoded, as far as it follows what is there.
func (s *store) take(body []byte) {
	for ; len(body) >= partSize; body = body[partSize:] {
		c := chain{causal.SpaceID(body[:16]), causal.ReplicaID(body[16:32])}
		if binary.LittleEndian.Uint64(body[32:]) == s.Head(c.space, c.author).Seq+1 {
			s.add(c, causal.Hash(body[40:]))
		}
	}
}

func idOf(name string) (id causal.ReplicaID) {
	copy(id[:], name)
	return id
}

func spaceOf(name string) (id causal.SpaceID) {
	copy(id[:], name)
	return id
}

func nameOf[T causal.SpaceID | causal.ReplicaID](id T) string {
	b := []byte(fmt.Sprintf("%s", [16]byte(id)))
	return string(bytes.TrimRight(b, "\x00"))
}

// net is some machines and the messages between them, in the order in which
// they were sent.
type net struct {
	now      causal.Instant
	names    []string
	stores   map[string]*store
	machines map[string]*Machine
	flying   []sentMessage
	lose     bool // what is sent is lost
	deaf     bool // parts are not taken by the replica
	evidence map[string][]Contended
	out      *strings.Builder
	cfg      Config
}

type sentMessage struct {
	from string
	Message
}

func newNet() *net {
	return &net{now: 1000 * causal.Second, stores: map[string]*store{}, machines: map[string]*Machine{}, evidence: map[string][]Contended{}, out: &strings.Builder{}}
}

func (n *net) add(name string) {
	s := newStore()
	cfg := n.cfg
	cfg.Self, cfg.Source, cfg.Rand = idOf(name), s, rand.New(rand.NewPCG(1, uint64(len(n.names))))
	n.names = append(n.names, name)
	n.stores[name], n.machines[name] = s, New(n.now, cfg)
}

func (n *net) say(format string, args ...any) {
	fmt.Fprintf(n.out, "%6d  ", (n.now-1000*causal.Second)/causal.Millisecond)
	fmt.Fprintf(n.out, format+"\n", args...)
}

// drain acts on what the machines put out, until all are silent and no
// message is in flight.
func (n *net) drain() {
	for {
		for _, name := range n.names {
			n.drainOne(name)
		}
		if len(n.flying) == 0 {
			return
		}
		m := n.flying[0]
		n.flying = n.flying[1:]
		if n.lose {
			continue
		}
		if err := n.machines[nameOf(m.To)].Receive(n.now, idOf(m.from), m.Body); err != nil {
			panic(err)
		}
	}
}

func (n *net) drainOne(name string) {
	out := n.machines[name].Drain()
	for _, d := range out.Deliveries {
		n.say("%s takes %d parts of %s", name, d.Parts, nameOf(d.From))
		if !n.deaf {
			n.stores[name].take(d.Body)
		}
		n.machines[name].Delivered(n.now, d.From)
	}
	for _, f := range out.Forks {
		n.say("%s sees a fork of %s at %d in %s, with %s", name, nameOf(f.Author), f.Seq, nameOf(f.Space), nameOf(f.Peer))
	}
	for _, e := range out.Evidence {
		n.say("%s is shown the branch of %s in %s behind %d by %s", name, nameOf(e.Author), nameOf(e.Space), e.After, nameOf(e.Peer))
		n.evidence[name] = append(n.evidence[name], e)
	}
	for _, e := range out.Ended {
		n.say("%s has ended with %s, in time: %v, whole: %v", name, nameOf(e.Peer), !e.TimedOut, e.Whole)
	}
	for _, m := range out.Messages {
		n.flying = append(n.flying, sentMessage{name, m})
		n.say("%s -> %s %s", name, nameOf(m.To), show(m.Body))
	}
	if len(out.Deliveries) > 0 {
		n.drainOne(name)
	}
}

func show(body []byte) string {
	b, err := Decode(body)
	if err != nil {
		panic(err)
	}
	var s strings.Builder
	switch b := b.(type) {
	case Root:
		s.WriteString("root")
	case Same:
		s.WriteString("same")
	case More:
		s.WriteString("more from " + nameOf(b.From))
	case Digests:
		s.WriteString("digests")
		for _, d := range b.Spaces {
			s.WriteString(" " + nameOf(d.Space))
		}
		if !b.Last {
			s.WriteString(" ...")
		}
	case Vectors:
		s.WriteString("vectors")
		for _, v := range b.Spaces {
			s.WriteString(" " + nameOf(v.Space) + showHeads(v.Heads))
		}
		if b.Hurry {
			s.WriteString(", in a hurry")
		}
	case Ahead:
		s.WriteString("ahead")
		for _, v := range b.Spaces {
			s.WriteString(" " + nameOf(v.Space) + showHeads(v.Heads))
		}
	case Wants:
		s.WriteString("wants" + showWants(b.Wants))
	case Parts:
		fmt.Fprintf(&s, "parts %d", b.Parts)
		if len(b.Forks) > 0 {
			s.WriteString(", forks" + showWants(b.Forks))
		}
	case Branch:
		fmt.Fprintf(&s, "branch %s/%s by %d hashes", nameOf(b.Space), nameOf(b.Author), len(b.Heads))
	case Evidence:
		fmt.Fprintf(&s, "evidence %s/%s: %d headers after %d, differs at %d", nameOf(b.Space), nameOf(b.Author), len(b.Branch.Headers), b.After, b.Over)
	}
	return s.String()
}

func showHeads(heads []Head) string {
	var list []string
	for _, h := range heads {
		list = append(list, fmt.Sprintf("%s:%d", nameOf(h.Author), h.Seq))
	}
	return "[" + strings.Join(list, " ") + "]"
}

func showWants(wants []Want) string {
	s := ""
	for _, w := range wants {
		s += fmt.Sprintf(" %s/%s after %d", nameOf(w.Space), nameOf(w.Author), w.After.Seq)
	}
	return s
}

// sleep wakes the machines at each of their deadlines up to then.
func (n *net) sleep(until causal.Instant) {
	for {
		next, at := "", until
		for _, name := range n.names {
			if d, ok := n.machines[name].Deadline(); ok && d <= at && (next == "" || d < at) {
				next, at = name, d
			}
		}
		if next == "" {
			break
		}
		n.now = max(n.now, at)
		n.machines[next].Wake(n.now)
		n.drain()
	}
	n.now = until
}

func (n *net) link(a, b string) {
	n.machines[a].LinkUp(n.now, idOf(b))
	n.machines[b].LinkUp(n.now, idOf(a))
}

// TestTranscripts: the commands are
//
//	node NAME                         a machine with an empty replica
//	has NAME SPACE AUTHOR N [BRANCH]  its replica gets N more parts of a chain
//	withhold NAME SPACE               its replica does not hold that space
//	link NAME NAME, cut NAME NAME
//	begin NAME NAME                   both at once if two pairs are given
//	at MS                             moves the clock, waking the machines
//	lose on|off, deaf on|off
func TestTranscripts(t *testing.T) {
	transcript.Run(t, "testdata/*.txt", func(t *testing.T) func(words []string) string {
		n := newNet()
		n.cfg = Config{ChunkMin: 4 * partSize, ChunkMax: 8 * partSize}
		return func(words []string) string {
			n.out.Reset()
			if err := n.do(words[0], words[1:]); err != nil {
				t.Fatalf("%v: %v", words, err)
			}
			return n.out.String()
		}
	})
}

func (n *net) do(command string, args []string) error {
	switch command {
	case "node":
		n.add(args[0])
	case "has":
		parts, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		n.stores[args[0]].grow(chain{spaceOf(args[1]), idOf(args[2])}, parts, byte(len(args)-4))
	case "withhold":
		n.stores[args[0]].withheld[spaceOf(args[1])] = true
	case "link":
		n.link(args[0], args[1])
	case "cut":
		n.machines[args[0]].LinkDown(n.now, idOf(args[1]))
		n.machines[args[1]].LinkDown(n.now, idOf(args[0]))
	case "begin":
		for ; len(args) > 0; args = args[2:] {
			n.machines[args[0]].Begin(n.now, idOf(args[1]))
		}
	case "at":
		ms, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		n.sleep(1000*causal.Second + causal.Instant(ms)*causal.Millisecond)
	case "lose":
		n.lose = args[0] == "on"
	case "deaf":
		n.deaf = args[0] == "on"
	default:
		return fmt.Errorf("no such command")
	}
	n.drain()
	return nil
}

// TestAnyTwo: whatever two replicas have, after one exchange on a new link both
// have the union, and each part travelled once.
func TestAnyTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNet()
		n.cfg = Config{ChunkMin: 2 * partSize}
		n.add("a")
		n.add("b")
		missing := 0
		for _, space := range []string{"s1", "s2", "s3"} {
			for _, author := range []string{"u", "v", "w"} {
				var have [2]int
				for i, name := range n.names {
					have[i] = rapid.IntRange(0, 9).Draw(t, "parts")
					n.stores[name].grow(chain{spaceOf(space), idOf(author)}, have[i], 0)
				}
				missing += max(have[0], have[1]) - min(have[0], have[1])
			}
		}
		n.link("a", "b")
		n.drain()
		n.sleep(n.now) // the side that did not begin fetches when it wakes
		if n.stores["a"].Root() != n.stores["b"].Root() {
			t.Fatalf("not equal after an exchange:\n%s", n.out)
		}
		a, b := n.machines["a"].Stats(), n.machines["b"].Stats()
		if got := a.PartsReceived + b.PartsReceived; got != uint64(missing) {
			t.Fatalf("%d parts travelled, %d were missing\n%s", got, missing, n.out)
		}
	})
}

// TestBranches: wherever two chains part, each side gets the other's headers
// from a common part on, in few questions and a bounded answer.
func TestBranches(t *testing.T) {
	c := chain{spaceOf("s"), idOf("u")}
	for _, x := range []struct{ common, mine, theirs int }{{0, 1, 1}, {0, 3, 9}, {5, 1, 1}, {300, 1, 700}, {3, 500, 500}, {20000, 9000, 4000}, {0, 30000, 30000}} {
		n := newNet()
		for i, name := range []string{"a", "b"} {
			n.add(name)
			n.stores[name].grow(c, x.common, 0)
			n.stores[name].grow(c, []int{x.mine, x.theirs}[i], byte(1+i))
		}
		n.link("a", "b")
		n.drain()
		n.sleep(n.now)
		for _, name := range n.names {
			got := n.evidence[name]
			if len(got) != 1 {
				t.Errorf("%+v: %s got %d branches\n%s", x, name, len(got), n.out)
				continue
			}
			reach := int(got[0].After) + len(got[0].Branch.Headers)
			if int(got[0].After) > x.common || reach <= x.common || len(got[0].Branch.Headers) > gapMax+4 {
				t.Errorf("%+v: %s got %d headers behind %d", x, name, len(got[0].Branch.Headers), got[0].After)
			}
			if sent := n.machines[name].Stats().MessagesSent; sent > 12 {
				t.Errorf("%+v: %s sent %d messages", x, name, sent)
			}
		}
	}
}

// TestPages: differences beyond one page of digests and one message of heads
// are found too.
func TestPages(t *testing.T) {
	n := newNet()
	n.add("a")
	n.add("b")
	space := func(i int) (s causal.SpaceID) {
		binary.BigEndian.PutUint32(s[:], uint32(i+1))
		return s
	}
	author := func(i int) (r causal.ReplicaID) {
		binary.BigEndian.PutUint32(r[:], uint32(i+1))
		return r
	}
	for i := range 3 * digestsMax {
		name := n.names[i%2]
		n.stores[name].grow(chain{space(i), author(0)}, 1, 0)
	}
	for i := range 2*headsMax + 10 {
		n.stores["a"].grow(chain{space(7), author(i)}, 1, 0)
	}
	n.link("a", "b")
	n.drain()
	n.sleep(n.now + 30*causal.Second)
	if n.stores["a"].Root() != n.stores["b"].Root() {
		t.Error("not equal")
	}
}

// TestClaims: a chain that two peers have is fetched from one of them.
func TestClaims(t *testing.T) {
	n := newNet()
	for _, name := range []string{"a", "b", "c"} {
		n.add(name)
		if name != "a" {
			n.stores[name].grow(chain{spaceOf("s"), idOf("u")}, 1000, 0)
		}
	}
	n.link("a", "b")
	n.link("a", "c")
	n.drain()
	n.sleep(n.now + 5*causal.Second)
	if got := n.machines["a"].Stats().PartsReceived; got != 1000 || n.stores["a"].Root() != n.stores["b"].Root() {
		t.Errorf("%d parts came, 1000 were missing", got)
	}
}

// TestNothingIsKept: when links are down no claim and no exchange is left.
func TestNothingIsKept(t *testing.T) {
	n := newNet()
	n.add("a")
	n.add("b")
	n.stores["b"].grow(chain{spaceOf("s"), idOf("u")}, 100, 0)
	n.link("a", "b")
	for range 6 { // far enough that a fetch is open
		n.drainOne("a")
		n.drainOne("b")
		for _, m := range n.flying {
			if err := n.machines[nameOf(m.To)].Receive(n.now, idOf(m.from), m.Body); err != nil {
				t.Fatal(err)
			}
			n.machines[nameOf(m.To)].Wake(n.now)
		}
		n.flying = nil
	}
	a := n.machines["a"]
	if len(a.claims) == 0 {
		t.Fatal("no fetch is open: the test tests nothing")
	}
	a.LinkDown(n.now, idOf("b"))
	if len(a.claims) != 0 || a.Active() != 0 {
		t.Errorf("%d claims and %d exchanges are left", len(a.claims), a.Active())
	}
	if _, ok := a.Deadline(); ok {
		t.Error("a machine without neighbours wants to be woken")
	}
}

func FuzzDecode(f *testing.F) {
	h := Head{idOf("u"), causal.Head{Seq: 3, Hash: causal.Hash{1}}}
	w := Want{spaceOf("s"), idOf("u"), h.Head}
	for _, b := range []Body{
		Root{1, causal.Hash{2}}, Same{1}, More{1, spaceOf("s")},
		Digests{1, causal.SpaceID{}, []SpaceDigest{{spaceOf("s"), causal.Hash{1}}, {spaceOf("t"), causal.Hash{}}}, false},
		Vectors{1, 1, true, []SpaceVector{{spaceOf("s"), causal.ReplicaID{}, []Head{h}, true}, {Space: spaceOf("t"), Last: true}}},
		Ahead{1, 1, []SpaceHeads{{spaceOf("s"), []Head{h}}}},
		Wants{1, 2, 1000, []Want{w}}, Parts{1, 2, 1, []byte("part"), []Want{w}}, Parts{Exchange: 1, Turn: 2},
		Branch{1, spaceOf("s"), idOf("u"), []causal.Head{{Seq: 2}, h.Head}}, Evidence{1, spaceOf("s"), idOf("u"), 1, 3, causal.Branch{Headers: []causal.Hash{{1}}}},
	} {
		f.Add(b.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Decode(data)
		if err != nil {
			return
		}
		again := b.AppendTo(nil)
		if _, isWants := b.(Wants); !isWants && !bytes.Equal(again, data) {
			t.Fatalf("% x is written back as % x", data, again)
		}
		n := newNet()
		n.add("a")
		n.add("b")
		n.stores["a"].grow(chain{spaceOf("s"), idOf("u")}, 5, 0)
		n.machines["a"].LinkUp(n.now, idOf("b"))
		if err := n.machines["a"].Receive(n.now, idOf("b"), data); err != nil {
			t.Fatal(err)
		}
		n.machines["a"].Wake(n.now + causal.Second)
	})
}
