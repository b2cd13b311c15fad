package bench

import (
	"maps"

	"github.com/martinelli-lang/martinelli/value"
)

// algorithm is a way to synchronize of the paper: in each round a node sends
// its state, or what its buffer has gathered, to all its neighbours at once.
// V. Enes et al., ICDE 2019, algorithms 1 and 2.
type algorithm struct {
	name              string
	isState           bool // the whole state is sent
	avoidsBack        bool // BP: what came from a neighbour does not go back there
	removesRedundancy bool // RR: of what comes, only what is new is kept for the others
}

var algorithms = []algorithm{
	{name: "state", isState: true},
	{name: "delta-classic"},
	{name: "delta-bp-rr", avoidsBack: true, removesRedundancy: true},
}

// facts is an element of a grow-only map's lattice: of each key the largest
// version. A set is one whose versions are zero.
type facts map[string]int64

// add joins one fact.
func (f facts) add(key string, version int64) (grew bool) {
	if was, has := f[key]; has && was >= version {
		return false
	}
	f[key] = version
	return true
}

// size returns what the facts take by themselves.
func (f facts) size() (bytes int) {
	for key, version := range f {
		bytes += len(key)
		if version > 0 {
			bytes += len(value.Encode(value.Int(version)))
		}
	}
	return bytes
}

// anyone is the origin of what came, where origins are not told apart.
const anyone = 1 << 20

// peer is a node of such an algorithm. Its buffer is by origin: the neighbour,
// or itself.
type peer struct {
	state  facts
	buffer map[int]facts
}

func (p *peer) keep(origin int, key string, version int64) {
	if p.buffer[origin] == nil {
		p.buffer[origin] = facts{}
	}
	p.buffer[origin].add(key, version)
}

type sending struct {
	from, to int
	delta    facts
}

// run lets the nodes write for so many rounds, and counts until all are equal.
func (a algorithm) run(load workload, top topology, rounds int) (t traffic) {
	peers := make([]*peer, len(top.neighbours))
	for i := range peers {
		peers[i] = &peer{state: facts{}, buffer: map[int]facts{}}
	}
	for round := 0; round < rounds || !agree(peers); round++ {
		for i, p := range peers {
			if round < rounds {
				for _, w := range load.writes(round, i) {
					key := value.Encode(w.key)
					p.state.add(key, w.version)
					p.keep(i, key, w.version)
				}
			}
		}
		for _, s := range a.sendings(peers, top) {
			t.payloads += len(s.delta)
			t.bytes += s.delta.size()
			a.receive(peers[s.to], s)
		}
	}
	return t
}

// sendings takes what every node sends in a round, before any of it arrives.
func (a algorithm) sendings(peers []*peer, top topology) (list []sending) {
	for i, p := range peers {
		same := maps.Clone(p.state) // what all get, unless they are told apart
		if !a.isState {
			same = p.buffered(-1)
		}
		for _, j := range top.neighbours[i] {
			s := sending{i, j, same}
			if a.avoidsBack {
				s.delta = p.buffered(j)
			}
			list = append(list, s)
		}
	}
	for _, p := range peers {
		clear(p.buffer)
	}
	return list
}

// buffered joins the buffer but what came from a neighbour.
func (p *peer) buffered(but int) facts {
	delta := facts{}
	for origin, some := range p.buffer {
		if origin == but {
			continue
		}
		for key, version := range some {
			delta.add(key, version)
		}
	}
	return delta
}

// receive joins, and keeps for the others the delta that told something new:
// whole, or what was new of it.
func (a algorithm) receive(p *peer, s sending) {
	fresh := facts{}
	for key, version := range s.delta {
		if p.state.add(key, version) {
			fresh[key] = version
		}
	}
	switch {
	case a.isState || len(fresh) == 0:
		return
	case !a.removesRedundancy:
		fresh = s.delta
	}
	origin := s.from
	if !a.avoidsBack {
		origin = anyone
	}
	for key, version := range fresh {
		p.keep(origin, key, version)
	}
}

func agree(peers []*peer) bool {
	for _, p := range peers[1:] {
		if !maps.Equal(p.state, peers[0].state) {
			return false
		}
	}
	return true
}
