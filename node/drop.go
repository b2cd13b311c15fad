package node

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
)

// A database that the program names no more is carried on until somebody drops
// it. Dropping is an ordinary removal: the first node removes, in ordinary
// parts, the entries that it has. So all replicas agree on what went, and what
// another node adds that has not heard of it stays, until it is said again.

// Words with which a drop aborts.
const (
	AbortNamed    = "database_named"   // the program names the database
	AbortUnstored = "no_such_database" // no entry of it is here
)

// dropPartMax is how many entries one part of a Drop removes: with their largest
// ids that is less than authors seal at once.
const dropPartMax = 1 << 12

// Dropped is what a drop has removed.
type Dropped struct {
	Entries, Bytes int  // bytes of their keys and values
	Spaces         int  // in which nothing of the database is left
	IsMore         bool // something is: drop again
}

// Drop removes the entries of a database, at most Limits.DropMax of them: while the
// answer says that there is more, it is to be called again. Of a record it
// removes all fields. Only the steward may, and only what its program does not
// name. A crash between two parts leaves the rest to the next Drop. It costs a
// walk over the entries, and what it removes. The answer bears a Dropped.
func (n *Node) Drop(now causal.Instant, t Ticket, database string) {
	c := caller{ticket: t}
	reason := cmp.Or(n.barred[n.self], n.barred[n.homeID])
	switch {
	case n.self != n.cfg.Steward:
		n.abort(c, AbortSteward, "only the steward, node "+n.cfg.Steward.Short()+", may drop a database")
	case reason != replica.Valid:
		n.abort(c, abortOf(reason), barredText(reason))
	case isReserved(database):
		n.abort(c, AbortNamed, "databases whose names begin with "+reserved+" are the nodes' own and are not dropped")
	case isNamed(n.cfg.Program, database):
		n.abort(c, AbortNamed, "the program names "+database+": take it out of the program at all nodes, start them again with that, and drop it then")
	default:
		d := n.drop(now, database)
		if d.Entries == 0 {
			n.abort(c, AbortUnstored, "no entry of a database "+strconv.Quote(database)+" is here; see `martinelli status` for those that the program does not name")
			break
		}
		n.answer(c, Answer{Committed: true, Dropped: &d})
	}
	n.settle(now)
}

// isNamed reports whether a program names a database, or a field of a record
// of that name.
func isNamed(p *plan.Program, database string) bool {
	_, ok := p.Database(database)
	return ok || len(p.Fields(database)) > 0
}

// isOf reports whether what is stored under a name is of a database: it is that
// or a field of it.
func isOf(database, name string) bool {
	rest, ok := strings.CutPrefix(name, database)
	return ok && (rest == "" || rest[0] == '.')
}

// drop removes entries space by space.
func (n *Node) drop(now causal.Instant, database string) (d Dropped) {
	for _, space := range n.replica.Spaces() {
		var found []crdt.Live
		for e := range n.replica.EntriesIn(space) {
			if !isOf(database, e.Database) {
				continue
			}
			if d.Entries == n.cfg.Limits.DropMax {
				d.IsMore = true
				break
			}
			found = append(found, e)
			d.Entries++
			d.Bytes += len(e.Key) + len(e.Value)
		}
		n.remove(now, space, found)
		if d.IsMore {
			return d
		}
		if len(found) > 0 {
			d.Spaces++
		}
	}
	return d
}

// remove removes entries of databases that the program does not name, in
// commits of one part each.
func (n *Node) remove(now causal.Instant, space causal.SpaceID, found []crdt.Live) {
	author := n.author(!n.shared(space))
	for len(found) > 0 {
		some := found[:min(len(found), dropPartMax)]
		found = found[len(some):]
		w := replica.Write{Space: space, Removed: make([]causal.EntryID, len(some))}
		for i := range some {
			w.Removed[i] = some[i].ID
			n.unnamed.note(&flow.Change{Database: some[i].Database, Key: some[i].Key, Item: some[i].Item(), Removed: true})
		}
		n.mint(now, replica.Draft{Author: author, Stamp: n.clock.Tick(now), Writes: []replica.Write{w}})
	}
}
