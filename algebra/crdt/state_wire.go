package crdt

import (
	"cmp"
	"maps"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Limits of a decoded state. Each is checked before memory is taken.
const (
	nameMax      = 256           // bytes of a database's name
	databasesMax = 1 << 16       // databases of one state
	entriesMax   = 1 << 24       // entries, and dots of a cloud
	keyMax       = value.SizeMax // bytes of a key path
)

// A state names each replica and each database once, in a table of this state
// alone, and then by its index there:
//
//	| n | id ... | n | database ... |                       the tables, ascending
//	| seq of each replica, 0 for one that only the cloud names |
//	| n | replica, seq ... |                                the cloud, ascending
//	| n | replica, seq, offset, stamp, database, key, value ... |  entries, by id
//
// Numbers are uvarints, a stamp eight bytes. Tables hold what is used and no
// more, and everything ascends, so equal states have equal bytes.

// AppendTo appends the binary form of s.
func (s *State) AppendTo(b []byte) []byte {
	live := s.Live()
	cloud := order.Sorted(maps.Keys(s.Cloud), causal.Dot.Compare)
	replicas, databases := s.tables(live)

	b = wire.AppendUvarint(b, uint64(len(replicas)))
	for _, r := range replicas {
		b = append(b, r[:]...)
	}
	b = wire.AppendUvarint(b, uint64(len(databases)))
	for _, name := range databases {
		b = wire.AppendString(b, name)
	}
	for _, r := range replicas {
		b = wire.AppendUvarint(b, s.Context[r])
	}
	b = wire.AppendUvarint(b, uint64(len(cloud)))
	for _, d := range cloud {
		b = appendDot(b, replicas, d)
	}
	b = wire.AppendUvarint(b, uint64(len(live)))
	for _, l := range live {
		b = appendLive(b, replicas, databases, l)
	}
	return b
}

// tables lists the replicas and databases that s names, ascending. Entries
// name no further replica: their dots are in the context.
func (s *State) tables(live []Live) ([]causal.ReplicaID, []string) {
	replicas := s.Context.Replicas()
	for d := range s.Cloud {
		replicas = append(replicas, d.Replica)
	}
	order.Sort(replicas, causal.ReplicaID.Compare)
	var databases []string
	for _, l := range live {
		if i, found := slices.BinarySearch(databases, l.Database); !found {
			databases = slices.Insert(databases, i, l.Database)
		}
	}
	return slices.Compact(replicas), databases
}

func appendDot(b []byte, replicas []causal.ReplicaID, d causal.Dot) []byte {
	i, _ := slices.BinarySearchFunc(replicas, d.Replica, causal.ReplicaID.Compare)
	return wire.AppendUvarint(wire.AppendUvarint(b, uint64(i)), d.Seq)
}

func appendLive(b []byte, replicas []causal.ReplicaID, databases []string, l Live) []byte {
	b = appendDot(b, replicas, l.ID.Dot)
	b = wire.AppendUvarint(b, uint64(l.ID.Offset))
	b = wire.AppendUint64(b, uint64(l.Stamp))
	i, _ := slices.BinarySearch(databases, l.Database)
	b = wire.AppendUvarint(b, uint64(i))
	b = wire.AppendString(b, l.Key)
	return wire.AppendString(b, l.Value)
}

// DecodeState decodes b, which must hold one state and nothing else. Bytes
// that are not the ones AppendTo writes are an error of package wire.
func DecodeState(b []byte) (*State, error) {
	d := stateDecoder{r: wire.NewReader(b), s: NewState()}
	d.readTables()
	d.readContext()
	d.readEntries()
	if err := d.r.Done(); err != nil {
		return nil, err
	}
	if !d.canonical() {
		return nil, wire.ErrMalformed
	}
	return d.s, nil
}

type stateDecoder struct {
	r         *wire.Reader
	s         *State
	replicas  []causal.ReplicaID
	databases []string
}

func (d *stateDecoder) readTables() {
	n := d.r.Count(causal.VectorMax, len(causal.ReplicaID{}))
	d.replicas = ascending(d.r, n, causal.ReplicaID.Compare, func() causal.ReplicaID { return causal.ReadReplicaID(d.r) })
	n = d.r.Count(databasesMax, 1)
	d.databases = ascending(d.r, n, cmp.Compare[string], func() string { return d.r.String(nameMax) })
}

func (d *stateDecoder) readContext() {
	for _, r := range d.replicas {
		if seq := d.r.Uvarint(); seq > 0 {
			d.s.Context[r] = seq
		}
	}
	n := d.r.Count(entriesMax, 2)
	for _, dot := range ascending(d.r, n, causal.Dot.Compare, d.dot) {
		if d.s.Context.Contains(dot) || dot.Seq == d.s.Context[dot.Replica]+1 {
			d.r.Fail(wire.ErrMalformed) // it would stand in the vector
		}
		d.s.addCloud(dot)
	}
}

func (d *stateDecoder) readEntries() {
	n := d.r.Count(entriesMax, 3+8+3)
	byID := func(a, b Live) int { return a.ID.Compare(b.ID) }
	for _, l := range ascending(d.r, n, byID, d.live) {
		if !d.s.Seen(l.ID.Dot) {
			d.r.Fail(wire.ErrMalformed)
		}
		d.s.Entries.Put(l.ID, l.Entry)
	}
}

// ascending reads n items, each greater than the one before.
func ascending[T any](r *wire.Reader, n int, compare func(a, b T) int, read func() T) []T {
	items := make([]T, 0, min(n, 1024))
	for i := range n {
		item := read()
		if i > 0 && compare(items[i-1], item) >= 0 {
			r.Fail(wire.ErrMalformed)
		}
		if r.Err() != nil {
			return nil
		}
		items = append(items, item)
	}
	return items
}

func (d *stateDecoder) dot() causal.Dot {
	i, seq := d.r.Uvarint(), d.r.Uvarint()
	if i >= uint64(len(d.replicas)) || seq == 0 {
		d.r.Fail(wire.ErrMalformed)
		return causal.Dot{}
	}
	return causal.Dot{Replica: d.replicas[i], Seq: seq}
}

func (d *stateDecoder) live() Live {
	var l Live
	l.ID.Dot = d.dot()
	offset := d.r.Uvarint()
	l.ID.Offset = uint32(offset)
	l.Stamp = causal.Stamp(d.r.Uint64())
	i := d.r.Uvarint()
	l.Key = d.r.String(keyMax)
	l.Value = d.r.String(value.SizeMax)
	if offset != uint64(l.ID.Offset) || i >= uint64(len(d.databases)) {
		d.r.Fail(wire.ErrMalformed)
		return Live{}
	}
	l.Database = d.databases[i]
	return l
}

// canonical reports whether the tables name only what is used.
func (d *stateDecoder) canonical() bool {
	replicas, databases := d.s.tables(d.s.Live())
	return slices.Equal(replicas, d.replicas) && slices.Equal(databases, d.databases)
}
