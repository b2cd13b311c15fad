package storetest

import (
	"encoding/binary"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"

	"golang.org/x/crypto/blake2b"
)

// Crowd is many writers that each write once, at a few servers in turn: a
// client sees what its server has, commits, and its part goes to its server
// and from there to the others. It counts the bytes of all that.
type Crowd struct {
	Servers, Clients int
	Together         int                    // clients of a server that see the same and do not see each other; 1: one after the other
	Batch            int                    // parts that a server passes on in one message
	Entry            func(int) causal.Entry // what the i-th client adds

	// OnWrite, if not nil, is given the store writes of the first server.
	OnWrite func([]store.Op)
}

// Wire is the bytes on one kind of link.
type Wire struct {
	Bytes, Messages int
	Parts           int // that went over it
	Delta, Identity int // of the bytes: keys and values of entries; ids of replicas, their keys and seals
}

// Metadata returns the bytes of a part that are neither delta nor identity.
func (w Wire) Metadata() float64 { return float64(w.Bytes-w.Delta-w.Identity) / float64(w.Parts) }

// Identities returns the bytes of a part that say who wrote it and what it has seen.
func (w Wire) Identities() float64 { return float64(w.Identity) / float64(w.Parts) }

// Bytes is what a Crowd has cost.
type Bytes struct {
	Up, Across Wire         // from clients to their server, and from that to another
	Disk       map[byte]int // of the first server, keys and values, by kind of record
	Delta      int          // of all entries, once: keys and values
	Refs       int          // what all parts name
}

// envelope is what a push takes around its frame: the header of the link's
// frame, and tag, number, count and size of the push.
const envelope = 11 + 1 + 3 + 1 + 3

// What says who wrote: a replica's id, once a message, and with its part its
// key and its seal.
const (
	idSize   = 16
	keySize  = 32 + 1
	sealSize = 64
)

// crowdServer is one server of a crowd.
type crowdServer struct {
	replica *replica.Replica
	store   *store.Store
	disk    *store.Mem
	pending []causal.Vouched // to be passed on
}

// Run lets the crowd write. Cost: a few microseconds a client and server.
func (c Crowd) Run() (Bytes, error) {
	var total Bytes
	servers := make([]*crowdServer, c.Servers)
	for i := range servers {
		disk := store.NewMem()
		s, err := store.Open(disk)
		if err != nil {
			return total, err
		}
		servers[i] = &crowdServer{replica: replica.New(replica.Config{Log: s}), store: s, disk: disk}
	}
	for i := 0; i < c.Clients; {
		for _, s := range servers {
			n := min(c.Together, c.Clients-i)
			parcels := c.wave(&total, s, i, n)
			i += n
			c.take(servers, s, parcels)
			s.pending = append(s.pending, parcels...)
		}
		for at, s := range servers {
			if len(s.pending) >= c.Batch || i == c.Clients {
				c.pass(&total, servers, at)
			}
		}
	}
	servers[0].flush()
	c.write(servers[0])
	total.Disk = map[byte]int{}
	err := servers[0].disk.Scan(nil, nil, func(key, value []byte) bool {
		total.Disk[key[0]] += len(key) + len(value)
		return true
	})
	return total, err
}

// wave lets n clients of a server write that all see what it has now.
func (c Crowd) wave(total *Bytes, s *crowdServer, first, n int) (parcels []causal.Vouched) {
	var hasher causal.Hasher
	space := causal.SpaceOf("crowd", "shared")
	seen := s.replica.Heads(space)
	for i := first; i < first+n; i++ {
		seed := blake2b.Sum512(binary.BigEndian.AppendUint64(nil, uint64(i)))
		key := causal.Key{Public: [32]byte(seed[:32])}
		e := c.Entry(i)
		p := &causal.Part{Space: space, Replica: key.ID(), Seq: 1, Seen: seen, Entries: []causal.Entry{e},
			Stamp: causal.StampAt(1_795_000_000*causal.Second + causal.Instant(i)*7*causal.Millisecond)}
		v := causal.Vouched{
			Parcel: causal.Parcel{Key: &key, Parts: []*causal.Part{p}, Seal: causal.Seal{Seq: 1, Signature: blake2b.Sum512(seed[:])}},
			Hashes: []causal.Hash{hasher.Chain(causal.Hash{}, p)},
		}
		total.Up.add(v)
		total.Delta += len(e.Key) + len(e.Value)
		total.Refs += len(seen)
		parcels = append(parcels, v)
	}
	return parcels
}

// add counts a message of some parcels.
func (w *Wire) add(parcels ...causal.Vouched) {
	var frame replica.Frame
	named := map[causal.ReplicaID]bool{}
	for i := range parcels {
		frame.Append(&parcels[i].Parcel)
		for _, p := range parcels[i].Parts {
			w.Parts++
			w.Identity += keySize + sealSize
			named[p.Replica] = true
			for _, ref := range p.Seen {
				named[ref.Replica] = true
			}
			for _, e := range p.Entries {
				w.Delta += len(e.Key) + len(e.Value)
			}
		}
	}
	w.Identity += len(named) * idSize
	w.Messages++
	w.Bytes += frame.Size() + envelope
}

// pass lets a server pass on what it has from its clients.
func (c Crowd) pass(total *Bytes, servers []*crowdServer, at int) {
	from := servers[at]
	for len(from.pending) > 0 {
		n := min(c.Batch, len(from.pending))
		for i, s := range servers {
			if i != at {
				total.Across.add(from.pending[:n]...)
				c.take(servers, s, from.pending[:n])
			}
		}
		from.pending = from.pending[n:]
	}
}

// take lets a server apply parcels and write them down, as a node does.
func (c Crowd) take(servers []*crowdServer, s *crowdServer, parcels []causal.Vouched) {
	s.replica.Receive(0, parcels)
	out := s.replica.Drain()
	for _, v := range parcels {
		s.store.PutKey(v.Chain(), *v.Key)
	}
	for _, g := range out.Groups {
		for i, p := range g.Parts {
			s.store.PutPart(p, g.Hashes[i])
		}
	}
	for _, seal := range out.Seals {
		s.store.PutSeal(seal.Chain, seal.Seal)
	}
	if s.replica.Unflushed() >= 16384 {
		s.flush()
	}
	if s == servers[0] {
		c.write(s)
	} else {
		s.disk.Write(s.store.Take())
	}
}

// write writes what was put.
func (c Crowd) write(s *crowdServer) {
	ops := s.store.Take()
	if c.OnWrite != nil && len(ops) > 0 {
		c.OnWrite(ops)
	}
	s.disk.Write(ops)
}

// flush puts the state that changed since the last flush.
func (s *crowdServer) flush() {
	for _, f := range s.replica.Flush() {
		for _, id := range f.Removed {
			s.store.DeleteEntry(f.Space, id)
		}
		for _, e := range f.Added {
			s.store.PutEntry(f.Space, e.ID, e.Entry)
		}
		for _, h := range f.Chains {
			s.store.PutHead(h.Chain, h.Head)
		}
		s.store.PutMaximal(f.Space, f.Maximal)
	}
}
