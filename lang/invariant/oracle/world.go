package oracle

// Elements are 0 to 3, keys and names are "x" and "y".
const (
	valuesMax = 4
	keysMax   = 2
)

// Where the databases lie in the bits of a world. Of what is a set of numbers
// there is a bit for each; of the keys of a and b one for each; of the records
// of e one for each name and number, then for each fresh id and number.
const (
	bitS, bitT, bitU, bitR = 0, 4, 8, 12
	bitP, bitQ, bitO       = 16, 17, 18
	bitKeysA, bitKeysB     = 19, 21
	bitE                   = 23
	bitFresh               = bitE + keysMax*valuesMax
	freshMax               = 8
)

// Where the counters lie in the numbers of a world; a and b have one per key.
const (
	numC, numD, numG, numA, numB = 0, 1, 2, 3, 5
	numbersMax                   = 7
)

// world is what one replica shows.
type world struct {
	has  uint64           // marks, elements and keys; of r: that were added
	gone uint8            // of r: removals that are remembered, and win
	num  [numbersMax]int8 // counters
	reg  [2]int8          // the registers w and v: one more than what they are; 0 is unset
	most int8             // the maximum m: one more than it is; 0 is unset
}

func (w *world) is(bit int) bool { return w.has&(1<<bit) != 0 }

// base returns where the bits of a set begin.
func base(db byte) int {
	switch db {
	case 's':
		return bitS
	case 't':
		return bitT
	case 'u':
		return bitU
	}
	return bitR
}

// contains reports whether the set has x, which is 0 to 3.
func (w *world) contains(db byte, x int) bool {
	return w.is(base(db)+x) && (db != 'r' || w.gone&(1<<x) == 0)
}

// size counts the elements of a set.
func (w *world) size(db byte) int {
	n := 0
	for x := range valuesMax {
		if w.contains(db, x) {
			n++
		}
	}
	return n
}

// named counts the records of e that bear the name k.
func (w *world) named(k int) int {
	n := 0
	for v := range valuesMax {
		if w.is(bitE + (k-1)*valuesMax + v) {
			n++
		}
	}
	return n
}

// unfresh returns the first pair of fresh ids behind all that are in e.
func (w *world) unfresh() int {
	for id := freshMax; id >= 2; id -= 2 {
		if w.has>>(bitFresh+(id-2)*valuesMax)&(1<<(2*valuesMax)-1) != 0 {
			return id
		}
	}
	return 0
}

// branch is a world since two replicas had it in common.
type branch struct {
	world
	added, dropped         uint64 // bits: entries made here that are left, entries of the common world that are not
	goneAdded, goneDropped uint8
	at                     [2]uint8 // by which commit a register was set last; 0: by none
	commits                uint8
	author, fresh          uint8 // who it is, 0 or 1, and the fresh id that it takes next
	far                    int8  // the bound of counters
}

// begin branches off.
func begin(w world, author int, far int8) branch {
	return branch{world: w, author: uint8(author), fresh: uint8(w.unfresh() + author), far: far}
}

func (b *branch) put(bit int) {
	b.has |= 1 << bit
	b.added |= 1 << bit
}

func (b *branch) drop(bit int) {
	b.dropped |= b.has & (1 << bit) // what was added here is dropped with it
	b.has &^= 1 << bit
	b.added &^= 1 << bit
}

// count adds to a counter; it reports whether that is still within the small numbers.
func (b *branch) count(i, by int) bool {
	b.num[i] += int8(by)
	return b.num[i] <= b.far && b.num[i] >= -b.far
}

// numberMax bounds counters: nothing that is drawn asks of more than half of it.
// What a handler counts in several steps may need the larger one. Where two
// replicas merge there are three of them in one number.
const (
	numberMax = 8
	largeMax  = 40
)

// do runs a handler as one commit with the argument n and the key k. It is
// false where that leads out of the small world.
func (b *branch) do(h []Act, n, k int) bool {
	b.commits++
	for i := range h {
		a := &h[i]
		v, key := a.Value, a.Key
		if v == Given {
			v = n
		}
		if key == Given {
			key = k
		}
		if !b.act(a, v, key) {
			return false
		}
	}
	return true
}

func (b *branch) act(a *Act, v, k int) bool {
	switch a.DB {
	case 'c', 'd', 'g', 'a', 'b':
		return b.counts(a, v, k)
	case 'p', 'q', 'o':
		bit := map[byte]int{'p': bitP, 'q': bitQ, 'o': bitO}[a.DB]
		if a.Verb == "on" {
			b.put(bit)
		} else {
			b.drop(bit)
		}
	case 'w', 'v':
		i := 0
		if a.DB == 'v' {
			i = 1
		}
		b.reg[i], b.at[i] = int8(v)+1, b.commits
	case 'm':
		b.most = max(b.most, int8(v)+1)
	case 'e':
		return b.record(a, v, k)
	default:
		b.element(a, v)
	}
	return true
}

func (b *branch) counts(a *Act, v, k int) bool {
	if a.Verb == "dec" {
		v = -v
	}
	switch a.DB {
	case 'c':
		return b.count(numC, v)
	case 'd':
		return b.count(numD, v)
	case 'g':
		return b.count(numG, v)
	case 'a':
		b.put(bitKeysA + k - 1)
		return b.count(numA+k-1, v)
	}
	b.put(bitKeysB + k - 1)
	return b.count(numB+k-1, v)
}

func (b *branch) element(a *Act, v int) {
	bit, mark := base(a.DB)+v, uint8(1)<<v
	if a.Verb == "add" {
		b.put(bit)
	} else {
		b.drop(bit)
	}
	switch {
	case a.DB != 'r':
	case a.Verb == "add": // it takes back the removals that it has seen
		b.goneDropped |= b.gone & mark
		b.gone, b.goneAdded = b.gone&^mark, b.goneAdded&^mark
	default:
		b.gone, b.goneAdded = b.gone|mark, b.goneAdded|mark
	}
}

func (b *branch) record(a *Act, v, k int) bool {
	switch {
	case a.Key == Fresh:
		if b.fresh >= freshMax {
			return false
		}
		b.put(bitFresh + int(b.fresh)*valuesMax + v)
		b.fresh += 2
	case a.Verb == "add":
		b.put(bitE + (k-1)*valuesMax + v)
	default:
		b.drop(bitE + (k-1)*valuesMax + v)
	}
	return true
}

// join merges two branches of one world. The stamps of their commits may be in
// any order that keeps each branch's own: before says, for each commit of a,
// how many of b's are earlier.
func join(w *world, a, b *branch, before [3]uint8) world {
	m := world{
		has:  w.has&^(a.dropped|b.dropped) | a.added | b.added,
		gone: w.gone&^(a.goneDropped|b.goneDropped) | a.goneAdded | b.goneAdded,
		most: max(a.most, b.most),
	}
	for i := range m.num {
		m.num[i] = a.num[i] + b.num[i] - w.num[i]
	}
	for i := range m.reg {
		m.reg[i] = a.reg[i]
		if b.at[i] > 0 && b.at[i] > before[a.at[i]] {
			m.reg[i] = b.reg[i]
		}
	}
	return m
}
