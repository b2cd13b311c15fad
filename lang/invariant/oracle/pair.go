package oracle

import (
	"fmt"
	"strings"
)

// What an act says instead of a number or a key.
const (
	Given = -1 // the handler's argument
	Fresh = -2 // new_id(), of a record's name
)

// Act is one verb in a handler.
type Act struct {
	DB    byte
	Verb  string
	Value int // 0 to 3, or Given
	Key   int // 1 or 2, Given or Fresh: of a and b the key, of e the name of the record
}

// Formula is a condition, as a text and as what it means of an element x.
type Formula struct {
	Text string
	is   func(w *world, x int) bool
}

// Pair is an invariant and the handlers of a program.
type Pair struct {
	Over     Range
	Cond     Formula
	Handlers [][]Act
	isMV     bool // the registers are of mv, not lww
}

// Range is what an invariant ranges over.
type Range byte

// Beside the sets s, t, u and r there are the keys of a and b, the records of
// e, and the pairs of those.
const (
	Once  Range = 0
	KeysA Range = 'a'
	KeysB Range = 'b'
	Each  Range = 'e'
	Pairs Range = 'E'
)

func (r Range) text() string {
	switch r {
	case Once:
		return ""
	case KeysA, KeysB:
		return fmt.Sprintf("|x in %c.keys| ", r)
	case Pairs:
		return "|x, y in e.product(e)| "
	}
	return fmt.Sprintf("|x in %c| ", r)
}

// Declarations stand at the head of every program.
const Declarations = `type :E, { f: id, h: int }
database :c, counter, :replicated => true
database :d, counter, :replicated => true
database :g, gcounter, :replicated => true
database :a, counter, :by => :k, :replicated => true
database :b, counter, :by => :k, :replicated => true
database :s, set<int>, :replicated => true
database :t, set<int>, :replicated => true
database :u, gset<int>, :replicated => true
database :r, rset<int>, :replicated => true
database :e, set<E>, :replicated => true
database :p, flag, :replicated => true
database :q, flag, :replicated => true
database :o, once, :replicated => true
database :m, max<int>, :replicated => true
`

// Text writes the pair as a program.
func (p *Pair) Text() string { return Declarations + p.Own() }

// Own is what the program has beside the declarations that all have.
func (p *Pair) Own() string {
	var b strings.Builder
	kind := "lww"
	if p.isMV {
		kind = "mv"
	}
	fmt.Fprintf(&b, "database :w, %s<int>, :replicated => true\ndatabase :v, %s<int>, :replicated => true\n", kind, kind)
	for i, h := range p.Handlers {
		fmt.Fprintf(&b, "on_h%d do |n: nat, k: id|\n", i)
		for _, a := range h {
			fmt.Fprintf(&b, "  %s\n", a.text())
		}
		b.WriteString("end\n")
	}
	fmt.Fprintf(&b, "invariant :i do %s%s end\n", p.Over.text(), p.Cond.Text)
	return b.String()
}

func (a *Act) text() string {
	v, k := "n", "k"
	if a.Value != Given {
		v = fmt.Sprint(a.Value)
	}
	switch a.Key {
	case Given:
	case Fresh:
		k = "new_id()"
	default:
		k = []string{"", `"x"`, `"y"`}[a.Key]
	}
	switch a.DB {
	case 'a', 'b':
		return fmt.Sprintf("%c[%s].%s(%s)", a.DB, k, a.Verb, v)
	case 'e':
		return fmt.Sprintf("e.%s({ f: %s, h: %s })", a.Verb, k, v)
	case 'p', 'q', 'o':
		return fmt.Sprintf("%c.%s()", a.DB, a.Verb)
	}
	return fmt.Sprintf("%c.%s(%s)", a.DB, a.Verb, v)
}

// holds reports whether the invariant holds of a world.
func (p *Pair) holds(w *world) bool {
	switch p.Over {
	case Once:
		return p.Cond.is(w, 0)
	case KeysA, KeysB:
		bit := bitKeysA
		if p.Over == KeysB {
			bit = bitKeysB
		}
		for k := 1; k <= keysMax; k++ {
			if w.is(bit+k-1) && !p.Cond.is(w, k) {
				return false
			}
		}
		return true
	case Each, Pairs:
		return p.holdsOfRecords(w)
	}
	for x := range valuesMax {
		if w.contains(byte(p.Over), x) && !p.Cond.is(w, x) {
			return false
		}
	}
	return true
}

// holdsOfRecords asks of each record; of pairs, Cond is asked of the first and finds the second.
func (p *Pair) holdsOfRecords(w *world) bool {
	for i := range (keysMax + freshMax) * valuesMax {
		if w.is(bitE+i) && !p.Cond.is(w, i) {
			return false
		}
	}
	return true
}

// nameOf and numberOf take a record apart; names from keysMax+1 on are fresh.
func nameOf(record int) int   { return record/valuesMax + 1 }
func numberOf(record int) int { return record % valuesMax }
