package flow

import (
	"errors"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// WritesMax is the largest number of entries one run may add or remove.
const WritesMax = 1 << 16

// WriteSizeMax is the largest size in bytes of what one run may write: with
// its references, a part that large still fits a frame.
const WriteSizeMax = 1<<20 - 64

// SpacesMax is the largest number of spaces one run may write: each part of a
// commit names all its siblings, so what they take grows with the square.
const SpacesMax = 256

// run is one handler run under way. It changes the cells as it goes, so it
// reads its own writes, and keeps a journal, so that an abort leaves nothing.
type run struct {
	engine  *Engine
	env     Env
	shares  []share
	journal []record
	taken   []crdt.Item // what removals took, in the order of the journal
	touched []*cell     // in the order of their first change
	reads   []string
	writes  int     // entries added and removed so far
	size    int     // bytes they take in a part at most
	isOwn   bool    // the program's own at a trusted role: it asks nobody's leave
	wanted  *Wanted // what it had no right to
	short   *Short  // of what escrow keeps: what it lacked
	notices []Notice
	uploads []Upload

	handed   *Handed // the block it has come to
	isServed bool    // it runs where it is ordered: what serial blocks keep must hold after it
}

// share is what the run writes in one space.
type share struct {
	space   string
	dot     causal.Dot
	added   []addition
	removed []causal.EntryID // of earlier parts
}

// addition is an entry of this run. One that the run has removed again is
// gone: nobody will hear of it.
type addition struct {
	cell   *cell
	item   crdt.Item
	isGone bool
}

// record says how to undo one change. It names the item and does not hold it:
// a run has a record for each of up to WritesMax entries.
type record struct {
	cell  *cell
	item  int32 // of an insert: its addition in the share; of a removal: in taken
	share int16
	undo  undoing
}

type undoing uint8

const (
	undoInsert undoing = iota
	undoRemove
	undoCreate // of the cell
)

// begin readies r for another run. Its slices keep their room.
func (r *run) begin(env Env) {
	user := env.User
	if user == "" {
		user = r.engine.cfg.User
	}
	r.beginAs(env, user)
}

// beginAs is begin on behalf of a user, or of nobody.
func (r *run) beginAs(env Env, user string) {
	r.env = env
	r.env.User = user
	r.shares, r.journal, r.taken, r.touched = r.shares[:0], r.journal[:0], emptied(r.taken), r.touched[:0]
	r.reads, r.writes, r.size = nil, 0, 0
	r.isOwn, r.wanted, r.short = false, nil, nil
	r.notices, r.uploads = nil, nil
	r.handed, r.isServed = nil, false
}

// write runs a verb on the cell at key and reports whether the run goes on.
func (r *run) write(m *machine, db *database, key []value.Value, verb string, arg value.Value) bool {
	if !r.may(db, key, verb, arg) {
		r.forbid(m, db, key)
		return false
	}
	if r.env.Holds != nil && !r.env.Holds(db.decl.SpaceName(key)) {
		m.stop(AbortNotHeld, "this node does not keep this key of "+db.decl.Name+": if it is of a space that nobody has begun, a trusted node begins it, or new_id() names it")
		return false
	}
	if r.engine.isSealed(db, key) {
		return m.refuseSealed(db)
	}
	c := r.open(m, db, key)
	delta, err := c.crdt.Do(verb, r.env.Self, arg)
	if errors.Is(err, crdt.ErrRights) || err == nil && r.env.Lapsed && spends(c, verb) {
		r.lack(m, db, c, arg)
		return false
	}
	if err != nil {
		m.stop(refusal(err), db.decl.Name+"."+verb+": "+err.Error())
		return false
	}
	if !r.fits(c, delta) {
		m.stop(AbortSize, "the run writes more than a part may hold")
		return false
	}
	if !r.apply(c, delta) {
		m.stop(AbortSize, "the run writes more spaces than a commit may have parts")
		return false
	}
	return true
}

// clear takes back what is seen at every key that begins with prefix, and
// reports whether the run goes on.
func (r *run) clear(m *machine, db *database, prefix []value.Value) bool {
	if !r.may(db, prefix, "", value.Nil) {
		r.forbid(m, db, prefix)
		return false
	}
	path := string(value.AppendPath(nil, prefix...))
	if len(prefix) == len(db.decl.Dims) {
		c := db.cells[path]
		return c == nil || m.spend(1) && r.clearCell(m, c)
	}
	for _, c := range db.sorted() {
		if !m.spend(1) || strings.HasPrefix(c.path, path) && !r.clearCell(m, c) {
			return false
		}
	}
	return true
}

// clearCell takes back what is seen at one key.
func (r *run) clearCell(m *machine, c *cell) bool {
	if r.engine.isSealed(c.db, c.key) {
		return m.refuseSealed(c.db)
	}
	delta := crdt.Clear(c.crdt)
	if !r.fits(c, delta) || !r.apply(c, delta) {
		m.stop(AbortSize, "the run removes more than a commit may hold")
		return false
	}
	return true
}

// fits counts a delta and reports whether the run is still within its bounds.
func (r *run) fits(c *cell, delta crdt.Delta) bool {
	const entry, removal = 16, 57 // what causal.BodySize counts beyond the texts
	r.writes += len(delta.Add) + len(delta.Remove)
	r.size += removal * len(delta.Remove)
	for _, bytes := range delta.Add {
		r.size += entry + len(c.db.decl.Name) + len(c.path) + len(bytes)
	}
	if c.db.was != nil {
		r.size += (entry + len(c.db.decl.Name) + len(c.path) + markMax - removal) * len(delta.Remove)
	}
	return r.writes <= WritesMax && r.size <= WriteSizeMax
}

// open finds the cell to write to.
func (r *run) open(m *machine, db *database, key []value.Value) *cell {
	m.buf = value.AppendPath(m.buf[:0], key...)
	if c, ok := db.cells[string(m.buf)]; ok {
		return c
	}
	c := db.open(string(m.buf), key)
	r.journal = append(r.journal, record{cell: c, undo: undoCreate})
	r.touch(c)
	return c
}

// refusal is the word for what a verb refuses.
func refusal(err error) string {
	if errors.Is(err, crdt.ErrRange) {
		return AbortRange
	}
	return AbortSize
}

// apply brings a delta into the cell and notes it in the share of its space; it
// fails where that is one space too many. Entries come before removals, so that
// a replaced element stays visible.
func (r *run) apply(c *cell, delta crdt.Delta) bool {
	if delta.Empty() {
		return true
	}
	at := r.share(c.space)
	if at == SpacesMax {
		return false
	}
	r.touch(c)
	s := &r.shares[at]
	for _, bytes := range delta.Add {
		r.add(c, at, "", bytes)
	}
	for _, it := range delta.Remove {
		if it.Path == placeOld {
			r.add(c, at, placeMark, mark(it.ID))
			continue
		}
		c.remove(it)
		r.journal = append(r.journal, record{c, int32(len(r.taken)), int16(at), undoRemove})
		r.taken = append(r.taken, it)
		if it.ID.Dot == s.dot {
			s.added[it.ID.Offset].isGone = true
		} else {
			s.removed = append(s.removed, it.ID)
		}
	}
	return true
}

// add brings an entry into the cell and notes it in a share.
func (r *run) add(c *cell, at int, place, bytes string) {
	s := &r.shares[at]
	id := causal.EntryID{Dot: s.dot, Offset: uint32(len(s.added))}
	it := crdt.Item{ID: id, Stamp: r.env.Stamp, Path: place, Value: bytes}
	c.insert(it)
	s.added = append(s.added, addition{cell: c, item: it})
	r.journal = append(r.journal, record{c, int32(id.Offset), int16(at), undoInsert})
}

func (r *run) touch(c *cell) {
	if !c.touched {
		c.touched = true
		r.touched = append(r.touched, c)
	}
}

// share returns the position of the run's share in a space, at most SpacesMax.
func (r *run) share(space string) int {
	for i := range r.shares {
		if r.shares[i].space == space {
			return i
		}
	}
	if len(r.shares) < cap(r.shares) {
		r.shares = r.shares[:len(r.shares)+1]
	} else {
		r.shares = append(r.shares, share{})
	}
	s := &r.shares[len(r.shares)-1]
	s.space, s.dot = space, r.env.Next(space)
	s.added, s.removed = emptied(s.added), emptied(s.removed)
	return len(r.shares) - 1
}

// undo takes back all changes, the last one first.
func (r *run) undo() {
	for i := len(r.journal) - 1; i >= 0; i-- {
		switch rec := r.journal[i]; rec.undo {
		case undoInsert:
			rec.cell.crdt.Remove(r.shares[rec.share].added[rec.item].item, nil)
		case undoRemove:
			rec.cell.crdt.Insert(r.taken[rec.item], nil)
		case undoCreate:
			rec.cell.db.drop(rec.cell)
		}
	}
	for _, c := range r.touched {
		c.rest()
	}
}

// outcome returns what the run wrote, by space. Entries that did not outlive
// the run are left out, and those behind them move up: entry i of a part has
// offset i.
func (r *run) outcome() []SpaceWrite {
	var writes []SpaceWrite
	for i := range r.shares {
		s := &r.shares[i]
		s.closeGaps()
		if len(s.added)+len(s.removed) == 0 {
			continue
		}
		w := SpaceWrite{Space: s.space, Entries: make([]causal.Entry, 0, len(s.added)), Removed: slices.Clone(s.removed)}
		order.Sort(w.Removed, causal.EntryID.Compare)
		for _, a := range s.added {
			w.Entries = append(w.Entries, causal.Entry{Database: a.cell.db.decl.Name, Key: a.cell.path + a.item.Path, Value: a.item.Value})
		}
		writes = append(writes, w)
	}
	order.Sort(writes, func(a, b SpaceWrite) int {
		if a.Space < b.Space {
			return -1
		}
		return 1
	})
	return writes
}

// closeGaps renames entries behind those that are gone. An entry keeps its
// place among the others, so no reading changes.
func (s *share) closeGaps() {
	kept := s.added[:0]
	for _, a := range s.added {
		if a.isGone {
			continue
		}
		if offset := uint32(len(kept)); a.item.ID.Offset != offset {
			a.cell.crdt.Remove(a.item, nil)
			a.item.ID.Offset = offset
			a.cell.crdt.Insert(a.item, nil)
		}
		kept = append(kept, a)
	}
	s.added = kept
}

// insert adds an item and notes the change of what is visible, if anybody listens.
func (c *cell) insert(it crdt.Item) {
	c.crdt.Insert(it, c.db.listen(c))
}

// remove is insert's inverse.
func (c *cell) remove(it crdt.Item) {
	c.crdt.Remove(it, c.db.listen(c))
}

// Run runs a handler as one commit: it reads the cells with its own writes and
// the views as they were before it. Unless it aborts, its writes are in the
// cells and in the views when Run returns. A handler that is not of this role
// aborts with AbortArgument, as do arguments that have not the types of its
// parameters.
func (e *Engine) Run(handler int, args []value.Value, env Env) Outcome {
	h := e.handlers[handler]
	if h == nil {
		return Outcome{Abort: AbortArgument, Detail: "this role has no such handler"}
	}
	if detail := refuseArgs(h.decl.Params, args); detail != "" {
		return Outcome{Abort: AbortArgument, Detail: detail}
	}
	m, r := &e.machine, &e.run
	m.begin(h.decl.Slots, e.cfg.FuelMax)
	r.begin(env)
	r.isOwn = h.isOwn
	copy(m.slots, args)
	if h.decl.User >= 0 {
		m.slots[h.decl.User] = value.String(r.env.User)
	}
	return e.execute(h.body)
}

// refuseArgs says what is wrong with arguments, or "".
func refuseArgs(params []plan.Param, args []value.Value) string {
	if len(args) != len(params) {
		return "the number of arguments is not that of the parameters"
	}
	for i, p := range params {
		if !p.Type.Takes(args[i]) {
			return p.Name + " is not of type " + p.Type.Label()
		}
	}
	return ""
}

// execute runs a body whose slots are bound, and settles or undoes it.
func (e *Engine) execute(body stepFn) Outcome {
	m, r := &e.machine, &e.run
	m.run, m.env, m.reads = r, &r.env, &r.reads
	body(m)
	if m.abort != "" {
		r.undo()
	} else if r.isServed {
		e.uphold(m, r)
	}
	if m.abort == abortCalls {
		return m.stopped()
	}
	if m.abort != "" {
		return Outcome{Abort: m.abort, Detail: m.detail, Reads: r.reads, Wanted: r.wanted, Short: r.lacked()}
	}
	r.join(m)
	for _, c := range r.touched {
		c.newest = max(c.newest, r.env.Stamp)
	}
	out := Outcome{Writes: r.outcome(), Reads: r.reads, Notices: r.notices, Uploads: r.uploads, Handed: r.handed}
	e.settle(r.touched)
	return out
}

// settle makes what became of cells visible in the views.
func (e *Engine) settle(touched []*cell) {
	for _, c := range touched {
		e.graph.settle(c)
		e.ages(c)
		if c.crdt.Bare() {
			c.db.drop(c) // what was seen is in the space's context
		}
	}
	e.graph.propagate()
}

// Repair runs the repair of a violation as one commit. Where the violation
// does not stand any more it does nothing.
func (e *Engine) Repair(v Violation, env Env) Outcome {
	if !e.Standing(v) {
		return Outcome{}
	}
	w := e.watches[v.Invariant]
	m := &e.machine
	m.begin(w.decl.Slots, e.cfg.FuelMax)
	m.bind(w.decl.Params, w.standing[v.Key])
	e.run.begin(env)
	return e.execute(w.repair)
}
