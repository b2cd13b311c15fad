package oracle

import (
	"fmt"
	"math/rand/v2"
)

// Draw draws the i-th pair of a seed: of two generators that take turns. One
// follows the rows of the catalogue, the other knows but the grammar.
func Draw(seed, i uint64) *Pair {
	die := rand.New(rand.NewPCG(seed, i))
	d := drawer{die}
	if i%2 == 0 {
		return d.byCatalogue()
	}
	return d.byGrammar()
}

type drawer struct{ die *rand.Rand }

func (d drawer) n(n int) int { return d.die.IntN(n) }

func (d drawer) coin() bool { return d.n(2) == 0 }

func (d drawer) of(dbs string) byte { return dbs[d.n(len(dbs))] }

func (d drawer) word(words ...string) string { return words[d.n(len(words))] }

// verbs are those of each database.
var verbs = map[byte][]string{
	'c': {"inc", "dec"}, 'd': {"inc", "dec"}, 'g': {"inc"}, 'a': {"inc", "dec"}, 'b': {"inc", "dec"},
	's': {"add", "remove"}, 't': {"add", "remove"}, 'u': {"add"}, 'r': {"add", "remove"}, 'e': {"add", "remove"},
	'p': {"on", "off"}, 'q': {"on", "off"}, 'o': {"on"}, 'w': {"set"}, 'v': {"set"}, 'm': {"set"},
}

func (d drawer) act(db byte) Act {
	a := Act{DB: db, Verb: d.word(verbs[db]...), Value: Given, Key: Given}
	if d.n(3) == 0 {
		a.Value = 1 + d.n(valuesMax-1)
	}
	switch {
	case db == 'e' && a.Verb == "add" && d.coin():
		a.Key = Fresh
	case d.n(3) == 0:
		a.Key = 1 + d.n(keysMax)
	}
	return a
}

// handlers draws handlers of at most n acts on the databases; half of those of
// several say the same in each.
func (d drawer) handlers(dbs string, handlers, n int) [][]Act {
	var out [][]Act
	for range 1 + d.n(handlers) {
		h := []Act{d.act(d.of(dbs))}
		for range d.n(n) {
			a := d.act(d.of(dbs))
			if d.coin() {
				a.Value = h[0].Value
			}
			if d.coin() && h[0].Key != Fresh {
				a.Key = h[0].Key
			}
			h = append(h, a)
		}
		out = append(out, h)
	}
	return out
}

var comparisons = []string{"<=", ">=", "==", "!="}

func compared(text, op string, k int, f func(w *world, x int) int) Formula {
	return Formula{fmt.Sprintf("%s %s %d", text, op, k), func(w *world, x int) bool {
		v := f(w, x)
		return op == "<=" && v <= k || op == ">=" && v >= k || op == "==" && v == k || op == "!=" && v != k
	}}
}

// byCatalogue draws one row, and handlers on its terms.
func (d drawer) byCatalogue() *Pair {
	p := &Pair{isMV: d.coin()}
	dbs := rows[d.n(len(rows))](d, p)
	p.Handlers = d.handlers(dbs, 3, 2)
	return p
}

// rows draw the condition of a row each, and return the databases it speaks of.
var rows = []func(d drawer, p *Pair) string{
	func(d drawer, p *Pair) string { // c >= k, c <= k, c == k, c != k
		db, i := d.counter()
		p.Cond = compared(string(db), d.word(comparisons...), d.n(3), func(w *world, _ int) int { return int(w.num[i]) })
		return string(db)
	},
	func(d drawer, p *Pair) string { // x + y == const, x <= y
		by, sign := 1, "+"
		if d.coin() {
			by, sign = -1, "-"
		}
		p.Cond = compared("c "+sign+" d", d.word(comparisons...), 0, func(w *world, _ int) int { return int(w.num[numC]) + by*int(w.num[numD]) })
		return "cd"
	},
	func(d drawer, p *Pair) string { // the same at every key
		by, sign := 1, "+"
		if d.coin() {
			by, sign = -1, "-"
		}
		p.Over = Range(d.of("ab"))
		p.Cond = compared("a[x] "+sign+" b[x]", d.word(comparisons...), 0, func(w *world, x int) int {
			return int(w.num[numA+x-1]) + by*int(w.num[numB+x-1])
		})
		return "ab"
	},
	func(d drawer, p *Pair) string { // c >= k at every key
		p.Over = KeysA
		p.Cond = compared("a[x]", d.word(comparisons...), d.n(3), func(w *world, x int) int { return int(w.num[numA+x-1]) })
		return "a"
	},
	func(d drawer, p *Pair) string { // s.count <= k
		db := d.of("sur")
		p.Cond = compared(string(db)+".count", d.word(comparisons...), d.n(3), func(w *world, _ int) int { return w.size(db) })
		return string(db)
	},
	func(d drawer, p *Pair) string { // foreign key
		p.Over = Range(d.of("sur"))
		in := d.of("tu")
		p.Cond = Formula{fmt.Sprintf("x in %c", in), func(w *world, x int) bool { return w.contains(in, x) }}
		return string([]byte{byte(p.Over), in})
	},
	func(d drawer, p *Pair) string { // p implies q, not (p and q)
		a, more := d.literal()
		b, evenMore := d.literal()
		p.Cond = either(a, b)
		return more + evenMore
	},
	func(d drawer, p *Pair) string { // the same of two marks
		a, more := d.mark()
		b, evenMore := d.mark()
		p.Cond = either(a, b)
		return more + evenMore
	},
	func(d drawer, p *Pair) string { // two registers equal
		p.Cond = Formula{"w == v", func(w *world, _ int) bool { return w.reg[0] == w.reg[1] }}
		return "wv"
	},
	func(d drawer, p *Pair) string { // predicate of one element
		p.Over = Range(d.of("sur"))
		p.Cond = compared("x", d.word(comparisons...), d.n(3), func(_ *world, x int) int { return x })
		return string(byte(p.Over))
	},
	func(d drawer, p *Pair) string { // a total kept by hand beside a set
		p.Cond = Formula{"g == u.count", func(w *world, _ int) bool { return int(w.num[numG]) == w.size('u') }}
		return "gu"
	},
	func(d drawer, p *Pair) string { // unique, as pairs
		p.Over = Pairs
		p.Cond = Formula{"x.f != y.f or x == y", func(w *world, x int) bool { return w.alone(x) }}
		return "e"
	},
	func(d drawer, p *Pair) string { // unique, as a count
		p.Over = Each
		p.Cond = Formula{"e.filter do |y| y.f == x.f end.count <= 1", func(w *world, x int) bool { return w.alone(x) }}
		return "e"
	},
	func(d drawer, p *Pair) string { // unique beside a bound
		k := 1 + d.n(2)
		p.Over = Each
		p.Cond = Formula{fmt.Sprintf("x.h <= %d", k), func(_ *world, x int) bool { return numberOf(x) <= k }}
		return "e"
	},
	func(d drawer, p *Pair) string { // x in s
		f, dbs := d.membership()
		p.Cond = f
		return dbs
	},
	func(d drawer, p *Pair) string { // predicate of one register
		f, dbs := d.register()
		p.Cond = f
		return dbs
	},
}

// alone reports whether no other record of e bears the name of x.
func (w *world) alone(x int) bool {
	return w.named(nameOf(x)) == 1
}

func (d drawer) counter() (db byte, at int) {
	i := d.n(3)
	return "cdg"[i], i
}

func (d drawer) membership() (Formula, string) {
	db, x := d.of("stur"), 1+d.n(2)
	return d.perhapsNot(Formula{fmt.Sprintf("(%d in %c)", x, db), func(w *world, _ int) bool { return w.contains(db, x) }}), string(db)
}

func (d drawer) register() (Formula, string) {
	i, k := d.n(3), d.n(3)
	return compared(string("wvm"[i])+".or(0)", d.word(comparisons...), k, func(w *world, _ int) int {
		if i == 2 {
			return max(int(w.most)-1, 0)
		}
		return max(int(w.reg[i])-1, 0)
	}), string("wvm"[i])
}

func (d drawer) mark() (Formula, string) {
	i := d.n(3)
	return d.perhapsNot(Formula{string("pqo"[i]), func(w *world, _ int) bool { return w.is(bitP + i) }}), string("pqo"[i])
}

// literal draws a condition of one term, and returns its database.
func (d drawer) literal() (Formula, string) {
	switch d.n(5) {
	case 0:
		return d.mark()
	case 1:
		return d.membership()
	case 2:
		return d.register()
	case 3:
		db, i := d.counter()
		return compared(string(db), d.word(comparisons...), d.n(3), func(w *world, _ int) int { return int(w.num[i]) }), string(db)
	}
	db := d.of("stur")
	return compared(string(db)+".count", d.word(comparisons...), d.n(3), func(w *world, _ int) int { return w.size(db) }), string(db)
}

func (d drawer) perhapsNot(f Formula) Formula {
	if d.coin() {
		return f
	}
	return Formula{"not (" + f.Text + ")", func(w *world, x int) bool { return !f.is(w, x) }}
}

func either(a, b Formula) Formula {
	return Formula{"(" + a.Text + " or " + b.Text + ")", func(w *world, x int) bool { return a.is(w, x) || b.is(w, x) }}
}

func both(a, b Formula) Formula {
	return Formula{"(" + a.Text + " and " + b.Text + ")", func(w *world, x int) bool { return a.is(w, x) && b.is(w, x) }}
}

// byGrammar draws any condition and any handlers.
func (d drawer) byGrammar() *Pair {
	p := &Pair{isMV: d.coin(), Over: Range("\x00\x00\x00stuurab"[d.n(10)])}
	f, dbs := d.condition(p.Over, 2)
	p.Cond = f
	if p.Over != Once {
		dbs += string(byte(p.Over))
	}
	if d.n(4) == 0 {
		dbs += "cdgabsturepqowvm"
	}
	p.Handlers = d.handlers(dbs, 4, 3)
	return p
}

func (d drawer) condition(over Range, depth int) (Formula, string) {
	if depth > 0 && d.n(4) > 0 {
		a, more := d.condition(over, depth-1)
		b, evenMore := d.condition(over, depth-1)
		if d.n(3) == 0 {
			return both(a, b), more + evenMore
		}
		return either(a, b), more + evenMore
	}
	switch {
	case over == Once || d.n(3) == 0:
		return d.literal()
	case over == KeysA || over == KeysB:
		return d.atKey()
	}
	if d.coin() {
		return compared("x", d.word(comparisons...), d.n(3), func(_ *world, x int) int { return x }), ""
	}
	in := d.of("stur")
	return d.perhapsNot(Formula{fmt.Sprintf("(x in %c)", in), func(w *world, x int) bool { return w.contains(in, x) }}), string(in)
}

// atKey draws a condition at the key x.
func (d drawer) atKey() (Formula, string) {
	i := d.n(2)
	at, keys := []int{numA, numB}[i], []int{bitKeysA, bitKeysB}[i]
	db := string("ab"[i])
	if d.n(3) == 0 {
		return d.perhapsNot(Formula{"(x in " + db + ".keys)", func(w *world, x int) bool { return w.is(keys + x - 1) }}), db
	}
	return compared(db+"[x]", d.word(comparisons...), d.n(3), func(w *world, x int) int { return int(w.num[at+x-1]) }), db
}
