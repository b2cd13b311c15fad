package bench

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// The workloads and the topologies are those of V. Enes et al., "Efficient
// Synchronization of State-based CRDTs", ICDE 2019, section 5: fifteen nodes
// write once a second, an element that is nobody else's (GSet), or a tenth of
// a map's thousand keys among them (GMap 10 %). Each has four neighbours, or
// all others.
const (
	meshNodes   = 15
	gmapKeys    = 1000
	gmapUpdates = 105 // in a round: seven keys of each node, as 100 are no multiple of 15
)

const meshProgram = `
database :words, gset<string>, :replicated => true
database :registers, max<int>, :by => :key, :replicated => true
on_add do |word: string|
  words.add(word)
end
on_put do |key: int, v: int|
  registers[:key].set(v)
end
`

// workload says what node i writes in a round: for GSet keys alone.
type workload struct {
	name   string
	writes func(round, i int) []write
}

type write struct {
	key     value.Value
	version int64 // zero in a set
}

var workloads = []workload{
	{"gset", func(round, i int) []write {
		return []write{{key: value.String(word(round*meshNodes + i))}}
	}},
	{"gmap=10", func(round, i int) []write {
		list := make([]write, gmapUpdates/meshNodes)
		for k := range list {
			list[k] = write{value.Int(int64((round*gmapUpdates + i*len(list) + k) % gmapKeys)), int64(round + 1)}
		}
		return list
	}},
}

// A topology gives each node's neighbours.
type topology struct {
	name       string
	mode       member.Mode
	neighbours [][]int
}

func topologies() []topology {
	full, partial := make([][]int, meshNodes), make([][]int, meshNodes)
	for i := range meshNodes {
		for j := range meshNodes {
			if d := (j - i + meshNodes) % meshNodes; d != 0 {
				full[i] = append(full[i], j)
				if min(d, meshNodes-d) == 1 || min(d, meshNodes-d) == 4 {
					partial[i] = append(partial[i], j)
				}
			}
		}
	}
	return []topology{{"full", member.Mesh, full}, {"four-neighbours", member.Static, partial}}
}

// traffic is what a run has sent, summed over links.
type traffic struct {
	payloads int // elements, or parts of one element each
	bytes    int // payload bytes: of ours all of each message that carries parts
	digests  int // bytes of ours that carry no parts: acknowledgements, repair's digests
}

// BenchmarkMesh is the payload of a hundred rounds: "martinelli" runs whole
// nodes and counts all bytes of their messages with parts, names, causes and
// seals among them; the others are the algorithms of the paper, of which only
// the elements' own bytes are counted, as if names and causes were free.
func BenchmarkMesh(b *testing.B) {
	const rounds = 100
	for _, load := range workloads {
		for _, top := range topologies() {
			for _, a := range algorithms {
				b.Run(fmt.Sprintf("%s/%s/%s", load.name, top.name, a.name), func(b *testing.B) {
					for b.Loop() {
						report(b, a.run(load, top, rounds), rounds*meshNodes*len(load.writes(0, 0)))
					}
				})
			}
			b.Run(fmt.Sprintf("%s/%s/martinelli", load.name, top.name), func(b *testing.B) {
				for b.Loop() {
					report(b, runNodes(b, load, top, rounds), rounds*meshNodes*len(load.writes(0, 0)))
				}
			})
		}
	}
}

func report(b *testing.B, t traffic, updates int) {
	b.ReportMetric(float64(t.payloads)/float64(updates), "payloads/update")
	b.ReportMetric(float64(t.bytes)/float64(updates), "B/update")
	b.ReportMetric(float64(t.digests)/float64(updates), "digest-B/update")
}

// TestMeshRedundancy: where everyone is a neighbour a part crosses once to each
// other node; where four are, once each way of every link but those it came by.
func TestMeshRedundancy(t *testing.T) {
	const rounds = 10
	for _, load := range workloads {
		for _, top := range topologies() {
			t.Run(load.name+"/"+top.name, func(t *testing.T) {
				updates := rounds * meshNodes * len(load.writes(0, 0))
				got := runNodes(t, load, top, rounds).payloads
				budget := updates * (meshNodes - 1)
				if top.mode == member.Static {
					budget = updates * (meshNodes*len(top.neighbours[0]) - (meshNodes - 1))
				}
				if got < updates*(meshNodes-1) || got > budget*102/100 {
					t.Errorf("%d payloads of %d updates, want at most %d", got, updates, budget)
				}
			})
		}
	}
}

// runNodes lets whole nodes write and converge.
func runNodes(t testing.TB, load workload, top topology, rounds int) traffic {
	m := newMesh(t, top)
	for round := range rounds {
		for i, g := range m.guests {
			for _, w := range load.writes(round, i) {
				g.raise(m, w)
			}
		}
		m.run(causal.Second)
	}
	m.run(3 * causal.Second)
	m.mustAgree(load)
	return m.sent
}

// mesh is nodes on memory disks, and links that lose nothing.
type mesh struct {
	testing.TB
	now    causal.Instant
	guests []*guest
	byID   map[causal.ReplicaID]*guest
	sent   traffic
}

type guest struct {
	*node.Node
	key    causal.Key
	disk   *store.Mem
	ticket node.Ticket
	read   string // the reading answered last
}

func newMesh(t testing.TB, top topology) *mesh {
	program, err := martinelli.Compile("mesh.mrt", meshProgram)
	if err != nil {
		t.Fatal(err)
	}
	m := &mesh{TB: t, now: 1_795_000_000 * causal.Second, byID: map[causal.ReplicaID]*guest{}}
	keyOf := func(i int) causal.Key { return causal.Key{Public: [32]byte{byte(i + 1)}, Incarnation: 1} }
	steward := keyOf(0)
	for i := range top.neighbours {
		g := &guest{key: keyOf(i), disk: store.NewMem()}
		g.Node, err = node.Open(m.now, node.Config{
			Key: g.key, Steward: steward.ID(), HomeKey: keyOf(100), Name: fmt.Sprint("n", i), Role: "server", Cluster: "bench",
			Program: program.Plan, Disk: g.disk, Seed: uint64(i), Mode: top.mode,
		})
		if err != nil {
			t.Fatal(err)
		}
		m.guests, m.byID[g.key.ID()] = append(m.guests, g), g
	}
	for i, a := range m.guests {
		for _, j := range top.neighbours[i] {
			if j > i {
				m.link(a, m.guests[j])
			}
		}
	}
	m.run(5 * causal.Second)
	m.sent = traffic{}
	return m
}

func (m *mesh) link(a, b *guest) {
	if _, err := a.LinkUp(m.now, b.Hello(), ""); err != nil {
		m.Fatal(err)
	}
	if _, err := b.LinkUp(m.now, a.Hello(), ""); err != nil {
		m.Fatal(err)
	}
}

func (g *guest) raise(m *mesh, w write) {
	g.ticket++
	if w.version == 0 {
		g.Raise(m.now, g.ticket, node.RaiseRequest{Event: "add", Args: []value.Value{w.key}})
		return
	}
	g.Raise(m.now, g.ticket, node.RaiseRequest{Event: "put", Args: []value.Value{w.key, value.Int(w.version)}})
}

// run acts on what the nodes put out until the time has passed.
func (m *mesh) run(d causal.Instant) {
	for until := m.now + d; ; {
		for m.deliver() {
		}
		next := until
		for _, g := range m.guests {
			if at, ok := g.Deadline(); ok {
				next = min(next, max(at, m.now+1))
			}
		}
		if m.now = next; next >= until {
			return
		}
		for _, g := range m.guests {
			g.Wake(m.now)
		}
	}
}

// deliver drains every node once. The signatures are nobody's: forgers are
// met elsewhere.
func (m *mesh) deliver() (busy bool) {
	sign := func(author causal.ReplicaID, statement []byte) causal.Signature {
		return blake2b.Sum512(append(author[:], statement...))
	}
	for _, g := range m.guests {
		out := g.Drain(m.now)
		busy = busy || !out.Empty()
		var signed []trust.Signed
		for _, q := range out.Sign {
			signed = append(signed, trust.Signed{ID: q.ID, Signature: sign(q.Author, q.Statement)})
		}
		g.Signed(m.now, signed)
		var verified []trust.Verified
		for _, q := range out.Verify {
			verified = append(verified, trust.Verified{ID: q.ID, IsGood: true})
		}
		g.Verified(m.now, verified)
		if err := g.disk.Write(out.Records); err != nil {
			m.Fatal(err)
		}
		for _, msg := range out.Messages {
			m.count(msg)
			if err := m.byID[msg.To].Receive(m.now, g.key.ID(), msg.Kind, msg.Body); err != nil {
				m.Fatal(err)
			}
		}
		for _, a := range out.Answers {
			g.answered(m, a)
		}
	}
	return busy
}

// count takes apart what a message carries.
func (m *mesh) count(msg node.Message) {
	var frame []byte
	switch msg.Kind {
	case wire.KindBroadcast:
		body, err := broadcast.Decode(msg.Body, 1<<20)
		if err != nil {
			m.Fatal(err)
		}
		if push, ok := body.(broadcast.Push); ok {
			frame = push.Body
		}
	case wire.KindRepair:
		body, err := repair.Decode(msg.Body)
		if err != nil {
			m.Fatal(err)
		}
		if parts, ok := body.(repair.Parts); ok {
			frame = parts.Body
		}
	default:
		return
	}
	if len(frame) == 0 {
		m.sent.digests += len(msg.Body)
		return
	}
	m.sent.bytes += len(msg.Body)
	parcels, err := replica.DecodeFrame(frame)
	if err != nil {
		m.Fatal(err)
	}
	for _, p := range parcels {
		m.sent.payloads += len(p.Parts)
	}
}

func (g *guest) answered(m *mesh, a node.Answer) {
	switch {
	case a.Abort != "":
		m.Fatal(a.Abort, a.Detail)
	case a.Reading != nil:
		g.read = value.Encode(a.Reading.Value)
	}
}

// mustAgree reads at every node.
func (m *mesh) mustAgree(load workload) {
	name := "registers"
	if load.writes(0, 0)[0].version == 0 {
		name = "words"
	}
	for _, g := range m.guests {
		g.ticket++
		g.Read(m.now, g.ticket, node.ReadRequest{Name: name})
	}
	for m.deliver() {
	}
	if slices.ContainsFunc(m.guests, func(g *guest) bool { return g.read == "" || g.read != m.guests[0].read }) {
		m.Fatal("the nodes do not agree")
	}
}
