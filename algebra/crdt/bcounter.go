package crdt

import (
	"maps"
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// bcounter is the bounded counter: it never falls below its bound, or never
// rises above it, with no coordination, with the verbs inc, dec and transfer.
//
// Its distance from the bound is made of rights, each of which one replica
// holds. Of a lower bound who increments holds them, who decrements spends
// them, and transfer hands them on; of an upper bound inc spends and dec makes. A replica spends and hands
// on only what it holds. The rights of all together are the value, no replica
// can have less than none, so the value cannot be negative: neither at a
// replica nor after any join, for rights that some replica has seen given away
// were held by the giver in the past it has seen as well.
//
// The books are a matrix: what each replica incremented (its diagonal), spent,
// and handed to each other one. A replica writes its own row alone, each field
// a running total under its newest dot, as a counter's; so joining books takes
// every row at its newest, and merging transfers, one's own among them, is
// nothing special. Amounts are nats: a negative transfer would make rights out
// of nothing, and one to oneself would count as an increment. That a liar has
// overdrawn its row anyone can see in the row (Rights), and the verdict of the
// space voids such a part.
//
// The rights that there are while nothing was counted, from zero to the bound,
// belong to the cluster's steward, who writes them down once (open). Those of
// a replica that was retired it takes back (take): who was retired spends no
// more, so nobody else will hold them.
//
// There is no bounded counter below a map: to remove one is to destroy rights
// that others are spending at that moment.
//
// V. Balegas et al., "Extending Eventually Consistent Cloud Databases for
// Enforcing Numeric Invariants", SRDS 2015, section IV.
type bcounter struct {
	bound  Bound
	books  map[EscrowField]*account   // none is without an entry
	rights map[causal.ReplicaID]int64 // what each replica holds; none is zero
	sum    int64                      // of what was made less what was spent
	moved  int                        // how many of books tell of those
}

// Bound is what a counter is kept to: the zero Bound is "never below zero".
type Bound struct {
	IsUpper bool  // it never rises above Opening; otherwise it never falls below -Opening
	Opening int64 // the rights there are while nothing was counted; not negative
}

// NewBounded returns an empty cell of a counter that is kept to a bound. Its
// verbs are inc, dec and transfer, and those of the steward, open and take.
func NewBounded(b Bound) Cell { return newBounded(b) }

// EscrowField names one running total of an author in a bounded counter.
type EscrowField struct {
	Author causal.ReplicaID
	kind   fieldKind
	To     causal.ReplicaID // who was handed it, or whose was taken; else zero
}

// IsMade reports whether the total is of what the author incremented.
func (f EscrowField) IsMade() bool { return f.kind == made }

// IsHanded reports whether the total is of what the author handed to To.
func (f EscrowField) IsHanded() bool { return f.kind == handed }

// IsOpened reports whether the total is of the rights that there were at first,
// which the author holds. Only the steward may write that.
func (f EscrowField) IsOpened() bool { return f.kind == opened }

// IsTaken reports whether the total is of what the author took back from To.
// Only the steward may, from who was retired. What is none of these was spent.
func (f EscrowField) IsTaken() bool { return f.kind == taken }

// ReadEscrow reads an entry of a bounded counter: the total it sets. It is
// false for what no verb writes.
func ReadEscrow(author causal.ReplicaID, value string) (f EscrowField, total int64, ok bool) {
	return readField(Item{ID: causal.EntryID{Dot: causal.Dot{Replica: author}}, Value: value})
}

type fieldKind uint8

const (
	made fieldKind = iota
	spent
	handed
	opened
	taken
)

// Escrow is a cell whose units are held by replicas.
type Escrow interface {
	// Rights returns how many units r may spend or hand on, as far as is known
	// here; less than zero says that r has spent what it did not hold. O(1).
	Rights(r causal.ReplicaID) int64

	// Holders yields who holds rights and how many, in no order, until yield
	// returns false.
	Holders(yield func(r causal.ReplicaID, rights int64) bool)

	// Spends reports whether a verb takes rights of who runs it.
	Spends(verb string) bool

	// Unopened returns the rights that there were at first, as long as the
	// steward has not written them down; then 0. O(n) for n totals.
	Unopened() int64
}

func newBCounter() *bcounter { return newBounded(Bound{}) }

func newBounded(b Bound) *bcounter {
	return &bcounter{bound: b, books: map[EscrowField]*account{}, rights: map[causal.ReplicaID]int64{}}
}

// entry writes a total: the pair of what it counts and the total. What was
// made is true, what was spent false, what was handed on the receiver's id, what
// was taken a list of whose it was, and what there was at first nil.
func (f EscrowField) entry(total int64) string {
	label := value.Bool(f.kind == made)
	switch f.kind {
	case handed:
		label = value.String(f.To.String())
	case taken:
		label = value.List(value.String(f.To.String()))
	case opened:
		label = value.Nil
	}
	return value.Encode(value.Tuple(label, value.Int(total)))
}

// readField is the inverse of entry; it is false for what no verb writes.
func readField(it Item) (f EscrowField, total int64, ok bool) {
	label, amount, ok := value.CutPair(it.Value)
	if !ok || it.Path != "" {
		return EscrowField{}, 0, false
	}
	v, _ := value.DecodeAll(amount) // CutPair cut valid bytes
	f = EscrowField{Author: it.ID.Replica, kind: spent}
	switch label {
	case on:
		f.kind = made
	case off:
	default:
		if f.kind, f.To, ok = readLabel(label); !ok || f.To == f.Author {
			return EscrowField{}, 0, false
		}
	}
	return f, v.AsInt(), v.Kind() == value.KindInt && v.AsInt() > 0
}

// readLabel reads what a total that is neither made nor spent counts.
func readLabel(label string) (kind fieldKind, to causal.ReplicaID, ok bool) {
	name, _ := value.DecodeAll(label)
	kind = handed
	switch {
	case name.Kind() == value.KindNil:
		return opened, to, true
	case name.Kind() == value.KindList && len(name.Elems()) == 1:
		kind, name = taken, name.Elems()[0]
	}
	if name.Kind() != value.KindString {
		return kind, to, false
	}
	to, err := causal.ParseReplicaID(name.AsString())
	return kind, to, err == nil
}

func (c *bcounter) number() number { return number{c.value(), c.Empty()} }

func (c *bcounter) value() int64 {
	if c.bound.IsUpper {
		return -c.sum
	}
	return c.sum
}

func (c *bcounter) Insert(it Item, emit Emit) (changed bool) {
	f, total, ok := readField(it)
	if !ok {
		return false
	}
	was := c.number()
	a := c.books[f]
	if a == nil {
		a = new(account)
		c.books[f] = a
		c.moved += f.counts()
	}
	before := a.newest.total
	a.insert(credit{it.ID.Seq, it.ID.Offset, total})
	c.book(f, a.newest.total-before)
	return c.number().settle(was, emit)
}

func (c *bcounter) Remove(it Item, emit Emit) (changed bool) {
	f, _, ok := readField(it)
	a := c.books[f]
	if !ok || a == nil {
		return false
	}
	was := c.number()
	before := a.newest.total
	a.remove(credit{seq: it.ID.Seq, offset: it.ID.Offset})
	if a.newest.seq == 0 {
		delete(c.books, f)
		c.moved -= f.counts()
	}
	c.book(f, a.newest.total-before)
	return c.number().settle(was, emit)
}

// book brings rights and sum up to date with a changed total. All wrap as ints
// do, so they are free of order.
func (c *bcounter) book(f EscrowField, change int64) {
	switch f.kind {
	case made:
		c.hold(f.Author, change)
		c.sum += change
	case spent:
		c.hold(f.Author, -change)
		c.sum -= change
	case handed:
		c.hold(f.Author, -change)
		c.hold(f.To, change)
	case taken:
		c.hold(f.Author, change)
		c.hold(f.To, -change)
	case opened:
		c.hold(f.Author, change)
	}
}

// counts is 1 of a total that is part of the value.
func (f EscrowField) counts() int {
	if f.kind == made || f.kind == spent {
		return 1
	}
	return 0
}

func (c *bcounter) hold(r causal.ReplicaID, change int64) {
	if c.rights[r] += change; c.rights[r] == 0 {
		delete(c.rights, r)
	}
}

// Rights returns what r holds.
func (c *bcounter) Rights(r causal.ReplicaID) int64 { return c.rights[r] }

// Holders yields who holds rights.
func (c *bcounter) Holders(yield func(causal.ReplicaID, int64) bool) {
	for r, n := range c.rights {
		if !yield(r, n) {
			return
		}
	}
}

// Spends reports whether a verb takes rights of who runs it.
func (c *bcounter) Spends(verb string) bool {
	return verb == "transfer" || verb == "dec" && !c.bound.IsUpper || verb == "inc" && c.bound.IsUpper
}

// Unopened returns what open would write.
func (c *bcounter) Unopened() int64 {
	for f := range c.books {
		if f.kind == opened {
			return 0
		}
	}
	return c.bound.Opening
}

// Do runs inc(n), dec(n), transfer((to, n)), open() or take((from, n)), where to
// and from are ids as ReplicaID.String writes them. Who spends or hands on more
// than it holds gets ErrRights, and who takes more than from holds; a transfer
// to nobody or to oneself is ErrRange. What was opened is not opened again.
func (c *bcounter) Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	f := EscrowField{Author: self}
	switch verb {
	case "inc", "dec":
		if c.Spends(verb) {
			f.kind = spent
		}
	case "open":
		f.kind = opened
		if c.Unopened() == 0 {
			return Delta{}, nil
		}
		return Delta{Add: []string{f.entry(c.bound.Opening)}}, nil
	case "transfer", "take":
		if arg.Kind() != value.KindTuple || len(arg.Elems()) != 2 || arg.Field(0).Kind() != value.KindString {
			return Delta{}, ErrRange
		}
		to, err := causal.ParseReplicaID(arg.Field(0).AsString())
		if err != nil || to == self {
			return Delta{}, ErrRange
		}
		f.kind, f.To, arg = handed, to, arg.Field(1)
		if verb == "take" {
			f.kind = taken
		}
	default:
		return Delta{}, ErrVerb
	}
	n, err := nat(arg)
	if err != nil || n == 0 {
		return Delta{}, err
	}
	return c.add(f, n)
}

// add is the delta that moves a total of its author by n.
func (c *bcounter) add(f EscrowField, n int64) (Delta, error) {
	if from, takes := f.from(); takes && c.rights[from] < n {
		return Delta{}, ErrRights
	}
	var total int64
	var seen []Item
	if a := c.books[f]; a != nil {
		total, seen = a.newest.total, c.items(f, a)
	}
	if total > math.MaxInt64-n || f.kind == made && c.sum > math.MaxInt64-c.bound.Opening-n {
		return Delta{}, ErrRange
	}
	return Delta{Add: []string{f.entry(total + n)}, Remove: seen}, nil
}

// from returns whose rights a total takes; false if it takes none.
func (f EscrowField) from() (causal.ReplicaID, bool) {
	switch f.kind {
	case made, opened:
		return f.Author, false
	case taken:
		return f.To, true
	}
	return f.Author, true
}

// items returns the entries of a field, ascending.
func (c *bcounter) items(f EscrowField, a *account) []Item {
	items := a.items(f.Author)
	for i, credit := range a.older {
		items[i].Value = f.entry(credit.total)
	}
	items[len(items)-1].Value = f.entry(a.newest.total)
	return items
}

func (c *bcounter) Value() value.Value { return value.Int(c.value()) }

// Empty reports whether nothing was counted; rights may be held all the same.
func (c *bcounter) Empty() bool { return c.moved == 0 }

func (c *bcounter) Len() int { return c.number().Len() }

func (c *bcounter) Has(elem string) bool { return c.number().Has(elem) }

func (c *bcounter) Each(yield func(elem string) bool) { c.number().Each(yield) }

func (c *bcounter) Items(yield func(Item) bool) {
	for f := range maps.Keys(c.books) {
		for _, it := range c.items(f, c.books[f]) {
			if !yield(it) {
				return
			}
		}
	}
}

func (c *bcounter) Bare() bool { return len(c.books) == 0 }
