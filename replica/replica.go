package replica

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Log reads back parts that were applied and have left memory. store.Store is
// one. It may lack the newest parts, as those may not be written yet.
type Log interface {
	// Part returns the named part, or nil if the log lacks it.
	Part(ref causal.Ref) (*causal.Part, error)
	// Hash returns the chain hash at the named part; false if the log lacks it.
	Hash(ref causal.Ref) (causal.Hash, bool, error)
}

// Config is what a replica is made of.
type Config struct {
	Log   Log                       // nil: nothing is read back
	Holds func(causal.SpaceID) bool // which spaces this replica keeps; nil: every one

	IsSteward func(causal.ReplicaID) bool               // whose control records govern; nil: nobody's
	Owns      func(user string, id causal.SpaceID) bool // who may grant in a space; nil: nobody
	Escrow    func(database string) (int64, bool)       // which databases escrow keeps, and how many rights there are at first at each of their keys; nil: none

	// Covers reports whether every replica that keeps the space written keeps
	// the space seen too; the zero space stands for any. Nil: all keep all.
	Covers func(written, seen causal.SpaceID) bool

	// LateAfter is how long a part waits at least for what it names of other
	// spaces, if nobody reachable has that; default 2 s.
	LateAfter causal.Instant

	// Bulk is a space whose parts stand for what they name of others. They wait
	// for it without a limit; zero: there is none.
	Bulk causal.SpaceID

	PendingMax      int // parts that wait per chain; default 1,024
	PendingBytesMax int // bytes of all parts that wait; default 64 MiB
	RecentMax       int // applied parts kept in memory, for repair and until the Log has them; default 16,384
	RecentBytesMax  int // bytes of these; default 32 MiB

	Planted Planted
}

func (c Config) withDefaults() Config {
	if c.Holds == nil {
		c.Holds = func(causal.SpaceID) bool { return true }
	}
	if c.Covers == nil {
		c.Covers = func(_, _ causal.SpaceID) bool { return true }
	}
	if c.Log == nil {
		c.Log = noLog{}
	}
	if c.IsSteward == nil {
		c.IsSteward = func(causal.ReplicaID) bool { return false }
	}
	if c.Owns == nil {
		c.Owns = func(string, causal.SpaceID) bool { return false }
	}
	if c.LateAfter <= 0 {
		c.LateAfter = 2 * causal.Second
	}
	c.PendingMax = positive(c.PendingMax, 1024)
	c.PendingBytesMax = positive(c.PendingBytesMax, 64<<20)
	c.RecentMax = positive(c.RecentMax, 16384)
	c.RecentBytesMax = positive(c.RecentBytesMax, 32<<20)
	return c
}

func positive(n, instead int) int {
	if n > 0 {
		return n
	}
	return instead
}

// noLog lacks every part.
type noLog struct{}

func (noLog) Part(causal.Ref) (*causal.Part, error)      { return nil, nil }
func (noLog) Hash(causal.Ref) (causal.Hash, bool, error) { return causal.Hash{}, false, nil }

// Group is a set of parts that become visible together. What is in it is
// shared with the replica: nobody may change it.
type Group struct {
	Parts   []*causal.Part // of each space, causes before effects
	Hashes  []causal.Hash  // Hashes[i] is the chain hash at Parts[i]
	Keys    []causal.Key   // that came with those of the parts that begin a chain
	Changes []Change       // part by part: what it added, then what it removed
	Missing []causal.Ref   // what parts of it name and were applied without, as nobody has brought it in time: they are late
}

// Change is an entry that has appeared in a space or gone from it.
type Change struct {
	Space         causal.SpaceID
	Database, Key string
	Item          crdt.Item
	Removed       bool
}

// Fork is evidence that an author wrote two parts under one seq. The one that
// came second is kept out.
type Fork struct {
	Chain causal.Chain
	Seq   uint64
}

// Output is what a Drain hands out.
type Output struct {
	Groups    []Group // in order
	Forks     []Fork
	Proven    []causal.Ref   // parts whose proof of a fork holds; to be written with the groups
	Voids     []Void         // verdicts that have changed
	HasNewLaw bool           // control records have come
	Finals    []Final        // of spaces, in order
	Seals     []Sealed       // to be written with the groups
	Dropped   []causal.Chain // of each part that fell out of the cache since the last Drain
	Err       error          // the first failure of the Log since the last Drain
}

// Status is what an operator may want to know.
type Status struct {
	Spaces, Chains, Entries int    // kept now
	Log                     int    // parts above the checkpoints
	Pending, PendingBytes   int    // waiting now
	Applied                 uint64 // parts since New, those of commits among them
	Duplicates              uint64 // parts that came again
	Foreign                 uint64 // parts of spaces that are not held
	Dropped                 uint64 // parts that fell out of the cache
	Forks                   uint64
	Void                    int    // parts without effect, above the checkpoints, as far as they were looked at since New
	BadRecords              uint64 // control records that can't be read
	Forked                  int    // chains whose author is proven to have forked
	Late                    uint64 // parts applied without something they name of other spaces
	Missing                 int    // of what they lacked, what has not come since; at most 4,096
}

// Replica is one copy of some spaces.
type Replica struct {
	cfg     Config
	spaces  map[causal.SpaceID]*space
	pending pending
	recent  recent
	hasher  causal.Hasher
	removed []crdt.Live // scratch: what a part removed

	claims map[causal.SpaceID]Claim // what a steward says of a checkpoint, and is not weighed yet

	staleSpaces []*space            // to be rebuilt; each isStale
	proven      map[causal.Ref]bool // while loading: parts whose proof was found to hold

	now       causal.Instant      // as it was told last
	missing   map[causal.Ref]bool // see Missing
	isJudged  bool                // see LoadJudged
	isEnacted bool                // what was loaded is law
	isLoading bool                // between New and Loaded nothing is reported
	unflushed int                 // parts applied since the last Flush
	out       Output
	counts    Status
}

// New returns a replica that has seen nothing. It is ready for Commit and
// Receive, or for Load.
func New(cfg Config) *Replica {
	cfg = cfg.withDefaults()
	return &Replica{
		cfg:     cfg,
		spaces:  map[causal.SpaceID]*space{},
		claims:  map[causal.SpaceID]Claim{},
		pending: newPending(),
		missing: map[causal.Ref]bool{},
		recent:  recent{partsMax: cfg.RecentMax, bytesMax: cfg.RecentBytesMax},
	}
}

// Drain hands out what has gathered since the last Drain.
func (r *Replica) Drain() Output {
	out := r.out
	r.out = Output{}
	return out
}

// Status returns what is kept and what has been counted.
func (r *Replica) Status() Status {
	st := r.counts
	st.Spaces = len(r.spaces)
	for _, s := range r.spaces {
		st.Chains += len(s.chains)
		for _, c := range s.chains {
			st.Log += int(c.head.Seq - c.base.Seq)
		}
		st.Entries += s.state.Entries.Len()
		if s.law != nil {
			st.Void += len(s.law.void)
			st.Forked += len(s.law.forks)
		}
	}
	st.Pending, st.PendingBytes = len(r.pending.parts), r.pending.bytes
	st.Missing = len(r.missing)
	return st
}

// space returns the named space, empty if nothing of it was seen.
func (r *Replica) space(id causal.SpaceID) *space {
	s := r.spaces[id]
	if s == nil {
		s = newSpace(id)
		r.spaces[id] = s
	}
	return s
}

// chain returns the named chain, or nil if nothing of it was seen.
func (r *Replica) chain(id causal.Chain) *chain {
	if s := r.spaces[id.Space]; s != nil {
		return s.chains[id.Replica]
	}
	return nil
}

// isApplied reports whether the part is in the vector of its space.
func (r *Replica) isApplied(ref causal.Ref) bool {
	c := r.chain(ref.Chain())
	return c != nil && ref.Seq <= c.head.Seq
}

// isMet reports whether nobody need wait for the part: it is applied, or behind
// the end of its author's chain.
func (r *Replica) isMet(ref causal.Ref) bool {
	return r.isApplied(ref) || r.spaces[ref.Space].isPastEnd(ref.Dot)
}

// note keeps the first failure of the Log.
func (r *Replica) note(err error) {
	if err != nil && r.out.Err == nil {
		r.out.Err = err
	}
}

// sorted returns the keys of a map in the order of compare.
func sorted[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	order.Sort(keys, compare)
	return keys
}
