package crdt

import (
	"maps"
	"math"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// bcounter is the bounded counter: it never falls below zero, with no
// coordination, with the verbs inc, dec and transfer.
//
// Every unit is a right that one replica holds: who increments holds it, who
// decrements spends it, and transfer hands it on. A replica spends and hands
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
// There is no bounded counter below a map: to remove one is to destroy rights
// that others are spending at that moment.
//
// V. Balegas et al., "Extending Eventually Consistent Cloud Databases for
// Enforcing Numeric Invariants", SRDS 2015, section IV.
type bcounter struct {
	books  map[EscrowField]*account   // none is without an entry
	rights map[causal.ReplicaID]int64 // what each replica holds; none is zero
	sum    int64                      // of all rights
}

// EscrowField names one running total of an author in a bounded counter.
type EscrowField struct {
	Author causal.ReplicaID
	kind   fieldKind
	To     causal.ReplicaID // who was handed it; zero unless IsHanded
}

// IsMade reports whether the total is of what the author incremented.
func (f EscrowField) IsMade() bool { return f.kind == made }

// IsHanded reports whether the total is of what the author handed to To. What
// is neither made nor handed was spent.
func (f EscrowField) IsHanded() bool { return f.kind == handed }

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
)

// Escrow is a cell whose units are held by replicas.
type Escrow interface {
	// Rights returns how many units r may spend or hand on, as far as is known
	// here; less than zero says that r has spent what it did not hold. O(1).
	Rights(r causal.ReplicaID) int64
}

func newBCounter() *bcounter {
	return &bcounter{books: map[EscrowField]*account{}, rights: map[causal.ReplicaID]int64{}}
}

// entry writes a total: the pair of what it counts and the total. What was
// made is true, what was spent false, what was handed on the receiver's id.
func (f EscrowField) entry(total int64) string {
	label := value.Bool(f.kind == made)
	if f.kind == handed {
		label = value.String(f.To.String())
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
		name, _ := value.DecodeAll(label)
		to, err := causal.ParseReplicaID(name.AsString())
		if name.Kind() != value.KindString || err != nil || to == f.Author {
			return EscrowField{}, 0, false
		}
		f.kind, f.To = handed, to
	}
	return f, v.AsInt(), v.Kind() == value.KindInt && v.AsInt() > 0
}

func (c *bcounter) number() number { return number{c.sum, c.Empty()} }

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
	}
}

func (c *bcounter) hold(r causal.ReplicaID, change int64) {
	if c.rights[r] += change; c.rights[r] == 0 {
		delete(c.rights, r)
	}
}

// Rights returns what r holds.
func (c *bcounter) Rights(r causal.ReplicaID) int64 { return c.rights[r] }

// Do runs inc(n), dec(n) or transfer((to, n)), where to is the receiver's id
// as ReplicaID.String writes it. Who spends or hands on more than it holds
// gets ErrRights; a transfer to nobody or to oneself is ErrRange.
func (c *bcounter) Do(verb string, self causal.ReplicaID, arg value.Value) (Delta, error) {
	f := EscrowField{Author: self}
	switch verb {
	case "inc":
	case "dec":
		f.kind = spent
	case "transfer":
		if arg.Kind() != value.KindTuple || len(arg.Elems()) != 2 || arg.Field(0).Kind() != value.KindString {
			return Delta{}, ErrRange
		}
		to, err := causal.ParseReplicaID(arg.Field(0).AsString())
		if err != nil || to == self {
			return Delta{}, ErrRange
		}
		f.kind, f.To, arg = handed, to, arg.Field(1)
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
	if f.kind != made && c.rights[f.Author] < n {
		return Delta{}, ErrRights
	}
	var total int64
	var seen []Item
	if a := c.books[f]; a != nil {
		total, seen = a.newest.total, c.items(f, a)
	}
	if total > math.MaxInt64-n || f.kind == made && c.sum > math.MaxInt64-n {
		return Delta{}, ErrRange
	}
	return Delta{Add: []string{f.entry(total + n)}, Remove: seen}, nil
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

func (c *bcounter) Value() value.Value { return value.Int(c.sum) }

func (c *bcounter) Empty() bool { return len(c.books) == 0 }

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

func (c *bcounter) Bare() bool { return c.Empty() }
