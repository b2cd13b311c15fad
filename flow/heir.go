package flow

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// heir is a cell of a database that `:was` another: it reads its own entries
// and, in its own form, those that programs before write in the old one. What
// a verb takes back of the old form is not removed but marked: programs before
// may have acted on what they were promised to stay. So the old form reads at
// their nodes as if this database were not there, and this cell is a function
// of three sets of entries: its own, the old ones, and the marks.
// docs/why/was.md has the reasons.
type heir struct {
	crdt.Cell                                   // its own items, and the old ones that nothing hides
	grow      func(crdt.Item) crdt.Item         // an old item in the new form
	old       map[causal.EntryID]crdt.Item      // in the new form
	hidden    map[causal.EntryID]int            // how many marks name an entry
	inner     map[causal.EntryID]causal.EntryID // of an old item as Cell has it: what it is called
}

// Where an item of an heir stands: an own one nowhere, an old one and a mark at
// these places. A mark's is behind the key of its entry.
const placeOld = "was"

var placeMark = value.Encode(value.Symbol("was"))

func newHeir(db *database, own crdt.Cell) *heir {
	return &heir{own, db.grow, map[causal.EntryID]crdt.Item{}, map[causal.EntryID]int{}, map[causal.EntryID]causal.EntryID{}}
}

func (h *heir) Insert(it crdt.Item, emit crdt.Emit) (changed bool) {
	switch it.Path {
	case placeOld:
		grown := h.grow(it)
		h.old[it.ID], h.inner[grown.ID] = grown, it.ID
		return h.hidden[it.ID] == 0 && h.Cell.Insert(grown, emit)
	case placeMark:
		id, ok := markOf(it.Value)
		if !ok {
			return false
		}
		h.hidden[id]++
		old, isHere := h.old[id]
		return isHere && h.hidden[id] == 1 && h.Cell.Remove(old, emit)
	}
	return h.Cell.Insert(it, emit)
}

func (h *heir) Remove(it crdt.Item, emit crdt.Emit) (changed bool) {
	switch it.Path {
	case placeOld:
		old, isHere := h.old[it.ID]
		if !isHere {
			return false
		}
		delete(h.old, it.ID)
		delete(h.inner, old.ID)
		return h.hidden[it.ID] == 0 && h.Cell.Remove(old, emit)
	case placeMark:
		id, ok := markOf(it.Value)
		if !ok || h.hidden[id] == 0 {
			return false
		}
		if h.hidden[id]--; h.hidden[id] > 0 {
			return false
		}
		delete(h.hidden, id)
		old, isHere := h.old[id]
		return isHere && h.Cell.Insert(old, emit)
	}
	return h.Cell.Remove(it, emit)
}

// Do removes own items and, at placeOld, names the old ones to be marked.
func (h *heir) Do(verb string, self causal.ReplicaID, arg value.Value) (crdt.Delta, error) {
	delta, err := h.Cell.Do(verb, self, arg)
	for i, it := range delta.Remove {
		delta.Remove[i] = h.named(it)
	}
	return delta, err
}

func (h *heir) Items(yield func(crdt.Item) bool) {
	h.Cell.Items(func(it crdt.Item) bool { return yield(h.named(it)) })
}

// named calls an item of the inner cell what it is called outside.
func (h *heir) named(it crdt.Item) crdt.Item {
	if id, isOld := h.inner[it.ID]; isOld {
		it.ID, it.Path = id, placeOld
	}
	return it
}

func (h *heir) Bare() bool { return len(h.old)+len(h.hidden) == 0 && h.Cell.Bare() }

// Total is what an author counted in the new form.
func (h *heir) Total(author causal.ReplicaID) int64 {
	if t, is := h.Cell.(crdt.Totals); is {
		return t.Total(author)
	}
	return 0
}

// markMax is more than the bytes that a mark takes beyond its key, with its place.
const markMax = 96

// mark is the value of the entry that hides an old one.
func mark(id causal.EntryID) string {
	return value.Encode(value.Tuple(value.String(wire.Hex(id.Replica[:])), value.Int(int64(id.Seq)), value.Int(int64(id.Offset))))
}

// markOf reads a mark. Other values hide nothing, at every replica alike.
func markOf(bytes string) (id causal.EntryID, ok bool) {
	v, err := value.DecodeAll(bytes)
	if err != nil || v.Kind() != value.KindTuple || len(v.Elems()) != 3 {
		return id, false
	}
	replica, seq, offset := v.Elems()[0], v.Elems()[1], v.Elems()[2]
	if id.Replica, ok = replicaOf(replica.AsString()); !ok || seq.AsInt() < 0 || offset.AsInt() < 0 || offset.AsInt() > 1<<32-1 {
		return id, false
	}
	id.Seq, id.Offset = uint64(seq.AsInt()), uint32(offset.AsInt())
	return id, mark(id) == bytes
}

// replicaOf reads the digits of a replica's id.
func replicaOf(digits string) (id causal.ReplicaID, ok bool) {
	if len(digits) != 2*len(id) {
		return id, false
	}
	for i := range digits {
		d := strings.IndexByte("0123456789abcdef", digits[i])
		if d < 0 {
			return id, false
		}
		id[i/2] = id[i/2]<<4 | byte(d)
	}
	return id, true
}

// inherit ties the databases to those whose entries they read.
func (e *Engine) inherit() {
	for _, db := range e.databases {
		if old := e.byName[db.decl.Was]; db.decl.Was != "" && old != nil {
			db.was, old.heir = old, db
			db.grow = growing(db, old)
		}
	}
}

// growing returns what makes an old item one of the new form. An author's
// running total of the old form is one of another author, so that both count.
func growing(db, old *database) func(crdt.Item) crdt.Item {
	_, isTotal := db.bottom.(crdt.Totals)
	to, from := db.element, old.element
	isSame, isPair := !db.typed || from.AssignableTo(to), db.decl.Lattice.Kind == plan.KindRSet
	return func(it crdt.Item) crdt.Item {
		it.Path = ""
		if isTotal {
			for i := range it.ID.Replica {
				it.ID.Replica[i] ^= 0xff
			}
		}
		if isSame {
			return it
		}
		first, bytes, _ := "", it.Value, false
		if isPair {
			first, bytes, _ = value.CutPair(it.Value)
		}
		it.Value = value.Encode(to.Grow(decoded(bytes), from))
		if isPair {
			it.Value = value.EncodePair(first, it.Value)
		}
		return it
	}
}

// cutMark cuts the place of a mark off a key that the database does not have.
func (db *database) cutMark(path string) (key string, isMark bool) {
	if db.was == nil || db.cells[path] != nil {
		return path, false
	}
	if _, isKey := db.decodeKey(path); isKey {
		return path, false
	}
	return strings.CutSuffix(path, placeMark)
}
