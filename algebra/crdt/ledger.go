package crdt

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/value"
)

// ledger is a gcounter or a counter that may be removed: below a map, or where
// keys expire. Each increment stays an entry of its own, and the value is the
// sum of those that are there.
//
// Running totals are not for such a place. A total holds what its author
// counted long ago; let one replica remove the counter while another adds 1 to
// its total of 5, and the new total, which the removal has not seen, brings
// all 6 back. With an entry for each increment a removal takes back just those
// it saw, and beside it 1 is left: a clean reset. The price is an entry for
// each increment since the last removal.
//
// No entry is ever replaced, so an entry is counted while it is there and not
// otherwise: equal entries, equal sum.
//
// C. Baquero, P. S. Almeida, C. Lerche, "The problem with embedded CRDT
// counters and a solution", PaPoC 2016.
type ledger struct {
	verbs   []string
	amounts map[causal.EntryID]int64
	sum     int64
}

// newLedger returns a ledger with the given verbs, of inc and dec.
func newLedger(verbs ...string) *ledger {
	return &ledger{verbs: verbs, amounts: map[causal.EntryID]int64{}}
}

func (l *ledger) number() number { return number{l.sum, l.Empty()} }

func (l *ledger) Insert(it Item, emit Emit) (changed bool) {
	v, err := value.DecodeAll(it.Value)
	amount, isInt := v.AsInt(), v.Kind() == value.KindInt
	if _, known := l.amounts[it.ID]; known || err != nil || !isInt || it.Path != "" || !l.allows(amount) {
		return false
	}
	was := l.number()
	l.amounts[it.ID] = amount
	l.sum += amount
	return l.number().settle(was, emit)
}

// allows reports whether a verb writes such an amount.
func (l *ledger) allows(amount int64) bool {
	return 0 < amount && amount <= NatMax || -NatMax <= amount && amount < 0 && slices.Contains(l.verbs, "dec")
}

func (l *ledger) Remove(it Item, emit Emit) (changed bool) {
	amount, known := l.amounts[it.ID]
	if !known || it.Path != "" {
		return false
	}
	was := l.number()
	delete(l.amounts, it.ID)
	l.sum -= amount
	return l.number().settle(was, emit)
}

func (l *ledger) Do(verb string, _ causal.ReplicaID, arg value.Value) (Delta, error) {
	if !slices.Contains(l.verbs, verb) {
		return Delta{}, ErrVerb
	}
	n, err := nat(arg)
	if err != nil || n == 0 {
		return Delta{}, err
	}
	if verb == "dec" {
		n = -n
	}
	return Delta{Add: []string{value.Encode(value.Int(n))}}, nil
}

func (l *ledger) Value() value.Value { return value.Int(l.sum) }

func (l *ledger) Empty() bool { return len(l.amounts) == 0 }

func (l *ledger) Len() int { return l.number().Len() }

func (l *ledger) Has(elem string) bool { return l.number().Has(elem) }

func (l *ledger) Each(yield func(elem string) bool) { l.number().Each(yield) }

func (l *ledger) Items(yield func(Item) bool) {
	for id, amount := range l.amounts {
		if !yield(Item{ID: id, Value: value.Encode(value.Int(amount))}) {
			return
		}
	}
}

func (l *ledger) Bare() bool { return l.Empty() }
