package node

import (
	"errors"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/wire"
)

// Names of the store's small values.
const (
	metaSchema = "schema" // what the databases are stored as
	metaPast   = "past"   // the latest moment that was shown as past
	metaJudged = "judged" // by what the flushed state was judged; see judgedBy
	metaClock  = "clock"  // a stamp no smaller than any given or witnessed before the last flush, and than every id given
)

// restore brings the node back to where its disk says it was.
func (n *Node) restore(now causal.Instant) error {
	s, err := store.Open(n.cfg.Disk)
	if err != nil {
		return err
	}
	n.store = s
	if err := n.checkSchema(); err != nil {
		return err
	}
	if err := n.resumeClock(now); err != nil {
		return err
	}
	if err := n.loadStewards(); err != nil {
		return errors.New("node: the store's list of stewards is malformed: " + err.Error())
	}
	n.bounds = bounds(n.cfg.Program)
	if err := n.loadHeld(); err != nil {
		return err
	}
	if err := n.loadLease(now); err != nil {
		return err
	}
	n.replica = replica.New(replica.Config{
		Log: s, Holds: n.holds, IsSteward: n.isSteward, Owns: n.owns, Escrow: n.bounds,
		Covers: n.covers, Bulk: n.bulk().Space, LateAfter: n.cfg.Limits.LateAfter, Planted: n.cfg.Planted.Replica,
	})
	n.trust = trust.New(trust.Config{Source: tips{n}, Own: n.own()})
	if err := n.reload(now); err != nil {
		return err
	}
	n.loadNamed()
	n.show(n.live())
	n.sagas.machine.Resume(now)
	n.judgeSelf()
	n.heedRevocations(now)
	n.resumeStewardship()
	if err := n.checkUser(); err != nil {
		return err
	}
	n.resumeAccess(now)
	return nil
}

// holds reports whether this node keeps a space: the home keeps the home
// space, and of the others every node what Holding says.
func (n *Node) holds(space causal.SpaceID) bool {
	return n.keeps(space) || n.isHome()
}

// covers reports whether every node that keeps the space written keeps the
// space seen too: of the home space only the home does, of a user's not every node.
func (n *Node) covers(written, seen causal.SpaceID) bool {
	return n.shared(seen) && n.isKeptByAll(seen) || written == seen || written == n.homeSpace
}

// shared reports whether a space is exchanged with others.
func (n *Node) shared(space causal.SpaceID) bool { return space != n.homeSpace }

// checkSchema refuses a program that gives a stored database another type,
// and remembers the databases that are new.
func (n *Node) checkSchema() error {
	stored, ok, err := n.store.Meta(metaSchema)
	if err != nil {
		return err
	}
	mine := n.cfg.Program.Schema()
	known := plan.Schema{}
	if ok {
		if known, err = decodeSchema(stored); err != nil {
			return errors.New("node: the store's schema is malformed: " + err.Error())
		}
	}
	if clash := plan.CompareSchema(mine, known); clash != "" {
		return errors.New("the program does not fit what is stored (here: the program, there: the store): " + clash)
	}
	merged := appendSchema(nil, plan.MergeSchema(mine, known))
	if _, err := decodeSchema(merged); err != nil {
		return errors.New("the program has too many databases to store (over 4,096), a database's name of over 256 bytes or a type of over 16 KiB")
	}
	if !ok || string(merged) != string(stored) {
		n.store.PutMeta(metaSchema, merged)
	}
	return nil
}

// reload gives the replica what the store holds, and the clock every stamp it
// has given or witnessed.
func (n *Node) reload(now causal.Instant) error {
	clock, ok, err := n.store.Meta(metaClock)
	if err != nil {
		return err
	}
	if ok {
		r := wire.NewReader(clock)
		n.clock.Restore(causal.Stamp(r.Uint64()))
		if err := r.Done(); err != nil {
			return errors.New("node: the store's clock is malformed: " + err.Error())
		}
	}
	n.judgement = n.judgedBy()
	if n.wasJudged() {
		n.replica.LoadJudged()
	}
	var damaged error
	f := replica.Flush{Added: make([]crdt.Live, 0, 64)} // entries on their way
	load := func() {
		if len(f.Added) > 0 {
			n.replica.Load(f)
			f.Added = f.Added[:0]
		}
	}
	err = n.store.Restore(store.Visitor{
		Key: func(k causal.Key) {
			n.trust.Learn(k)
			n.keyKept[k.ID()] = true
		},
		Checkpoint: func(space causal.SpaceID, b []byte) {
			c, err := decodeNote(b)
			if err != nil {
				damaged = errors.New("node: the store's note of a checkpoint is malformed: " + err.Error())
				return
			}
			n.signed[space] = c.signed
			n.replica.LoadNeeds(space, c.needs)
		},
		Base: n.replica.LoadBase,
		Gone: func(space causal.SpaceID, id causal.EntryID, e crdt.Entry) {
			n.replica.LoadGone(space, crdt.Live{ID: id, Entry: e})
		},
		Proven: n.replica.LoadProven,
		Request: func(no uint64, record []byte) {
			if err := n.serial.desk.Load(now, no, record); err != nil {
				damaged = errors.New("node: the store's note of a serial request is malformed: " + err.Error())
			}
		},
		Seal: n.replica.LoadSeal,
		Head: func(c causal.Chain, h causal.Head) {
			n.replica.Load(replica.Flush{Space: c.Space, Chains: []replica.ChainHead{{Chain: c, Head: h}}})
		},
		Maximal: func(space causal.SpaceID, dots []causal.Dot) {
			if n.cfg.Planted.LosesHeads {
				return
			}
			n.replica.Load(replica.Flush{Space: space, Maximal: dots})
		},
		Outside: func(space causal.SpaceID, refs []causal.Ref) {
			n.replica.Load(replica.Flush{Space: space, Outside: refs})
		},
		Entry: func(space causal.SpaceID, id causal.EntryID, e crdt.Entry) {
			if f.Space != space || len(f.Added) == cap(f.Added) {
				load()
				f.Space = space
			}
			f.Added = append(f.Added, crdt.Live{ID: id, Entry: e})
		},
		Part: func(p *causal.Part) {
			load()
			if p.Replica == n.self || p.Replica == n.homeID {
				n.clock.Restore(p.Stamp)
			} else {
				n.clock.Witness(now, p.Stamp)
			}
			n.replica.Replay(p)
		},
	})
	if err = errors.Join(err, damaged); err != nil {
		return err
	}
	load()
	n.trust.Learn(n.cfg.Key)
	n.trust.Learn(n.cfg.HomeKey)
	return n.replica.Loaded()
}

// live returns all live entries, as if they had just come.
func (n *Node) live() []flow.Change {
	changes := make([]flow.Change, 0, n.replica.Status().Entries)
	for space, e := range n.replica.Entries() {
		if isReserved(e.Database) {
			n.heedReserved(replica.Change{Space: space, Database: e.Database, Key: e.Key, Item: e.Item()})
		}
		if isReserved(e.Database) && e.Database != flow.SealedName {
			continue
		}
		changes = append(changes, flow.Change{
			Database: e.Database,
			Key:      e.Key,
			Item:     crdt.Item{ID: e.ID, Stamp: e.Stamp, Value: e.Value},
		})
	}
	return changes
}

// record writes a group's parts to the log.
func (n *Node) record(g replica.Group) {
	n.keepKeys(g)
	for i, p := range g.Parts {
		n.store.PutPart(p, g.Hashes[i])
		n.stir(p.Space)
	}
	if n.cfg.Observe != nil && len(g.Parts) > 0 {
		n.cfg.Observe(g.Parts, g.Missing)
	}
}

// flush writes the state that changed since the last flush, so that a restart
// replays only the log above it.
func (n *Node) flush() {
	for _, f := range n.replica.Flush() {
		for _, id := range f.Removed {
			n.store.DeleteEntry(f.Space, id)
		}
		for _, e := range f.Gone {
			n.store.Copy(f.Space).PutGone(e.ID, e.Entry)
		}
		for _, e := range f.Added {
			n.store.PutEntry(f.Space, e.ID, e.Entry)
		}
		for _, h := range f.Chains {
			n.store.PutHead(h.Chain, h.Head)
		}
		n.store.PutMaximal(f.Space, f.Maximal)
		if f.Outside != nil {
			n.store.PutOutside(f.Space, f.Outside)
		}
	}
	n.keepJudged()
	n.keepClock()
}

// flushIfDue flushes when as many parts have come as Limits.FlushEvery says, and
// no fewer than the references that a flush writes anyhow: so it costs a part
// what a part costs.
func (n *Node) flushIfDue() {
	if count := n.replica.Unflushed(); count >= n.cfg.Limits.FlushEvery && count >= n.replica.FlushRefs() {
		n.flush()
	}
}

// keepClock writes down where the clock is.
func (n *Node) keepClock() {
	n.store.PutMeta(metaClock, wire.AppendUint64(nil, uint64(n.clock.Last())))
}
