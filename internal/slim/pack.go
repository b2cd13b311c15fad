package slim

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// What is left of the tables is mostly numbers that follow from others: places
// of tables that lie in a row, counters, an index of 320 bytes for each
// function. They are written as columns, which the module itself unfolds as it
// starts (unfold.go). Tables lie in the order in which the columns meet them,
// so a column tells a length for a new one, and a place for one met before.

// column is what is unfolded into equally distant words of memory: for a
// ramp, base + row*step/16; otherwise a number is read for each row. Without
// a unit the word is base + number. With one, the word is the place of a
// table: base for 0, half of an odd number in units, and for an even one where
// the last new table ended, half the number of units before this one's end.
type column struct {
	to, stride, rows uint32
	kind             uint32
	base, step       uint32 // step is a ramp's step, or the unit
	next             uint32 // where the first new table begins
}

// Kinds of a column.
const (
	numbers = 0
	ramp    = 1
)

const (
	columnSize  = 7 * 4
	rampShift   = 4
	bucketSize  = 20 // bytes of the index for bucketSpan instructions
	bucketSpan  = 4096
	bucketsEach = 16 // of a function, which has 65,536 instructions
)

// packer gathers columns and their numbers.
type packer struct {
	*tables
	list    []record
	columns []column
	stream  []byte

	from, numbersAt uint32 // addresses of the columns and of their numbers
}

// pack makes the tables small, and returns the function that unfolds them, and
// which functions are never called.
func (t *tables) pack() (unfolder []byte, idle map[uint64]bool, err error) {
	list, begins, err := t.records()
	if err != nil {
		return nil, nil, err
	}
	if idle, err = t.idle(list); err != nil {
		return nil, nil, err
	}
	p := &packer{tables: t, list: list}
	if err := p.checkShape(); err != nil {
		return nil, nil, err
	}
	names, err := t.rename(list)
	if err != nil {
		return nil, nil, err
	}
	perPC, err := p.perPCTables()
	if err != nil {
		return nil, nil, err
	}
	stack, err := p.stackTables(begins)
	if err != nil {
		return nil, nil, err
	}
	for _, word := range []int{recordName, recordArgs, recordDefer} {
		p.number(word, 0)
	}
	p.number(recordKind, keptStack<<24)
	p.regular()
	clear(p.indexed())
	if !replace(t.b[t.functions:t.stack], nil) || !replace(t.b[t.perPC:t.functions], perPC) ||
		!replace(t.b[t.stack:t.index], stack) || !replace(t.b[t.names:t.perPC], p.folded(names)) {
		return nil, nil, errors.New("what is left is more than there was")
	}
	return unfold(p.from, p.numbersAt), idle, nil
}

// replace writes what is left of a part over it: behind it are zeros.
func replace(part, left []byte) bool {
	if len(left) > len(part) {
		return false
	}
	clear(part[copy(part, left):])
	return true
}

// checkShape reports whether what is regular in a program of Go 1.26 is so here.
func (p *packer) checkShape() error {
	if len(p.indexed()) == 0 || 8*(p.count+1)+4*recordSize*p.count > p.stack-p.functions {
		return errTable
	}
	for i, r := range p.list {
		if r[recordEntry] != p.list[0][recordEntry]+uint32(i) {
			return errors.New("functions do not follow each other")
		}
	}
	for i := range p.buckets() {
		if le32(p.indexed()[bucketSize*i:], 0) != uint32(i/bucketsEach) {
			return errors.New("the index of functions is another")
		}
	}
	return nil
}

// buckets counts those of the index.
func (p *packer) buckets() int {
	return int(p.moduleWord(moduleLast)-p.moduleWord(moduleFirst)-1)/bucketSpan + 1
}

// indexed returns the index, up to the last bucket's number; nothing if there is none.
func (p *packer) indexed() []byte {
	size := (p.buckets()-1)*bucketSize + 4
	if n := p.buckets(); n <= 0 || n > p.count*bucketsEach || size > len(p.b)-p.index {
		return nil
	}
	return p.b[p.index : p.index+size]
}

// at returns the address of a place.
func (p *packer) at(place int) uint32 { return uint32(p.address + place) }

// recordsAt is where the records begin, behind a pair for each function and one more.
func (p *packer) recordsAt() int { return p.functions + 8*(p.count+1) }

// number adds a column of one word of all records.
func (p *packer) number(word int, base uint32) {
	p.column(word, column{base: base})
	for _, r := range p.list {
		p.stream = binary.AppendUvarint(p.stream, uint64(r[word]-base))
	}
}

func (p *packer) column(word int, c column) {
	c.to, c.stride, c.rows = p.at(p.recordsAt()+4*word), 4*recordSize, uint32(p.count)
	p.columns = append(p.columns, c)
}

// regular adds what follows from a row's number.
func (p *packer) regular() {
	first, n := p.list[0][recordEntry], uint32(p.count)
	p.column(recordEntry, column{kind: ramp, base: first, step: 1 << rampShift})
	p.column(recordCount, column{kind: ramp, base: keptPerPC})
	p.column(inlined, column{kind: ramp, base: none})
	p.columns = append(p.columns,
		column{to: p.at(p.functions), stride: 8, rows: n + 1, kind: ramp, base: first, step: 1 << rampShift},
		column{to: p.at(p.functions + 4), stride: 8, rows: n, kind: ramp, base: 8 * (n + 1), step: 4 * recordSize << rampShift},
		column{to: p.at(p.index), stride: bucketSize, rows: uint32(p.buckets()), kind: ramp, step: 1 << rampShift / bucketsEach})
}

// perPCTables adds columns of the tables over instructions, and returns those
// that are kept, behind a zero.
func (p *packer) perPCTables() (kept []byte, err error) {
	was := p.b[p.perPC:p.functions]
	begins := map[uint32]uint32{0: 0}
	kept = []byte{0}
	for _, word := range []int{recordStack, stackMapOf} {
		p.column(word, column{step: 1, next: uint32(len(kept))})
		for _, r := range p.list {
			size := 0
			if _, isKnown := begins[r[word]]; !isKnown {
				if size = perPCSize(was, int(r[word])); size == 0 {
					return nil, errTable
				}
			}
			kept = p.table(begins, kept, was, r[word], size, 1)
		}
	}
	return kept, nil
}

// perPCSize is that of one table over instructions: pairs of numbers, ended by
// a zero where a pair would begin; 0 where it does not end. The first pair may
// begin with a zero.
func perPCSize(b []byte, from int) int {
	for at := from; at < len(b); {
		if b[at] == 0 && at > from {
			return at + 1 - from
		}
		for range 2 {
			_, n := binary.Uvarint(b[min(at, len(b)):])
			if n <= 0 {
				return 0
			}
			at += n
		}
	}
	return 0
}

// stackUnit is what places and lengths of tables of stacks are multiples of.
const stackUnit = 4

// stackTables adds columns of the tables of stacks, and returns those that are
// kept. Objects are first: they begin with a word of eight bytes. A table ends
// where the next one begins.
func (p *packer) stackTables(all map[uint32]bool) (kept []byte, err error) {
	was := p.b[p.stack:p.index]
	edges := append(slices.Sorted(maps.Keys(all)), uint32(len(was)))
	begins := map[uint32]uint32{}
	for _, word := range []int{objects, argsMap, localsMap, openDefers} {
		p.column(word, column{base: none, step: stackUnit, next: uint32(len(kept))})
		for _, r := range p.list {
			if r[word] == none {
				p.stream = append(p.stream, 0)
				continue
			}
			i, _ := slices.BinarySearch(edges, r[word])
			if r[word] >= uint32(len(was)) || edges[i+1] > uint32(len(was)) {
				return nil, errTable
			}
			kept = p.table(begins, kept, was, r[word], int(edges[i+1]-r[word]), stackUnit)
		}
	}
	return kept, nil
}

// table adds a row for the table that was at a place: where it is now, or its
// length when it is met first.
func (p *packer) table(begins map[uint32]uint32, kept, was []byte, at uint32, size, unit int) []byte {
	now, isKnown := begins[at]
	switch {
	case isKnown && now == 0 && unit == 1: // the table that is none
		p.stream = append(p.stream, 0)
	case isKnown:
		p.stream = binary.AppendUvarint(p.stream, uint64(now)/uint64(unit)<<1|1)
	default:
		begins[at] = uint32(len(kept))
		kept = append(kept, was[at:int(at)+size]...)
		for len(kept)%unit != 0 {
			kept = append(kept, 0)
		}
		p.stream = binary.AppendUvarint(p.stream, (uint64(len(kept))-uint64(begins[at]))/uint64(unit)<<1)
	}
	return kept
}
