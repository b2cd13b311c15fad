package soundness

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Decl is one declaration of a program, whose body can be left out piece by
// piece.
type Decl struct {
	Head  string
	Parts []string // statements of a handler, each whole; nil where Head is all
	Foot  string   // behind the end
}

func (d Decl) String() string {
	if d.Parts == nil {
		return d.Head + "\n"
	}
	return d.Head + "\n" + strings.Join(d.Parts, "\n") + "\nend\n" + d.Foot
}

// Program is the text of a program.
type Program []Decl

func (p Program) String() string {
	text := ""
	for _, d := range p {
		text += d.String()
	}
	return text
}

// Where a database lives.
const (
	shared = iota
	byValue
	atHome
)

// base is a place that statements write and expressions read: a database, a
// field of a record of lattices, or the places below a map.
type base struct {
	name, field string // field begins with a dot
	kind        string // of lattice
	elem        string // of what it holds: int, nat, item, tag or ""
	dims        []string
	isMap       bool // its one dimension is the key of a map
	place       int
	verbs       []string // that handlers use
	isChosen    bool     // the ids of tags are no new ones
	own         bool     // only one handler, made for it, writes it
}

func (b *base) grows() bool {
	return !b.isMap && slices.Contains([]string{"gset", "gcounter", "once", "max", "log"}, b.kind)
}

func (b *base) isSet() bool { return slices.Contains([]string{"gset", "set", "rset", "log"}, b.kind) }

func (b *base) isNumber() bool { return b.kind == "gcounter" || b.kind == "counter" }

func (b *base) isRegister() bool {
	return slices.Contains([]string{"mv", "lww", "max", "min"}, b.kind)
}

func (b *base) isUser() bool { return slices.Contains(b.dims, "user_id") }

// at is the text of the place at keys.
func (b *base) at(keys ...string) string {
	if len(b.dims) == 0 {
		return b.name + b.field
	}
	return b.name + "[" + strings.Join(keys[:len(b.dims)], ", ") + "]" + b.field
}

// writer makes up one program.
type writer struct {
	*rand.Rand
	bases []*base
	views []view
	decls Program
	vars  []string // ints in scope, of the block that is written
	home  bool     // the expression that is written may read what has a home
	rash  bool     // it often does what the compiler should refuse
	n     int
}

// view is one that later ones may read.
type view struct {
	name, kind string // set, int, bool or keyed
	home       bool
}

// Write makes up the program of a seed. The compiler refuses little of it.
func Write(seed uint64) Program { return write(seed, false) }

// WriteRash makes up a program of which it refuses much.
func WriteRash(seed uint64) Program { return write(seed, true) }

func write(seed uint64, rash bool) Program {
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 0x6d616465)), rash: rash}
	w.decls = Program{
		{Head: "type :Item, { id: int, n: int }"},
		{Head: "type :Tag, { id: id, n: int }"},
		{Head: "type :Fact, { a: int, b: int, n: int, e: int }"},
		{Head: "def :odd do |x: int| x * 3 - 1 end"},
	}
	w.declare(&base{kind: "gset", elem: "int", verbs: []string{"add"}})
	for range 3 + w.IntN(4) {
		w.database()
	}
	for range 1 + w.IntN(3) {
		w.invariant()
	}
	for range 4 + w.IntN(5) {
		w.view()
	}
	for range 3 + w.IntN(3) {
		w.handler()
	}
	w.leftOver()
	return w.decls
}

func (w *writer) one(texts ...string) string { return texts[w.IntN(len(texts))] }

func (w *writer) name(prefix string) string {
	w.n++
	return fmt.Sprint(prefix, w.n)
}

func (w *writer) say(format string, args ...any) {
	w.decls = append(w.decls, Decl{Head: fmt.Sprintf(format, args...)})
}

// kinds are the lattices with the verbs that a program may use of them.
var kinds = []struct {
	kind  string
	verbs [][]string
}{
	{"gset", [][]string{{"add"}}},
	{"set", [][]string{{"add", "remove"}, {"add", "remove"}, {"add"}, {"remove"}}},
	{"rset", [][]string{{"add", "remove"}, {"add"}}},
	{"gcounter", [][]string{{"inc"}}},
	{"counter", [][]string{{"inc", "dec"}, {"inc"}, {"dec"}}},
	{"once", [][]string{{"on"}}},
	{"flag", [][]string{{"on", "off"}, {"on"}, {"off"}}},
	{"mv", [][]string{{"set"}}},
	{"lww", [][]string{{"set"}}},
	{"max", [][]string{{"set"}}},
	{"min", [][]string{{"set"}}},
	{"log", [][]string{{"append"}}},
}

// database declares one of any lattice, anywhere.
func (w *writer) database() *base {
	if w.IntN(12) == 0 {
		w.record()
	}
	k := kinds[w.IntN(len(kinds))]
	b := &base{kind: k.kind, verbs: k.verbs[w.IntN(len(k.verbs))]}
	switch w.IntN(10) {
	case 0, 1, 2, 3:
	case 4, 5, 6:
		b.dims = []string{"k"}
	case 7:
		b.dims = []string{"k", "j"}
	case 8:
		b.dims = []string{"user_id"}
	case 9:
		b.dims, b.isMap = []string{"m"}, true
	}
	if !b.isMap {
		b.place = []int{shared, shared, shared, byValue, atHome}[w.IntN(5)]
	}
	return w.declare(b)
}

// need returns a shared database of a kind that is written by no other verbs:
// one that is there, or a new one.
func (w *writer) need(kind string, keyed bool, verbs ...string) *base {
	verbs = verbsOf(kind, verbs)
	for _, i := range w.Perm(len(w.bases)) {
		b := w.bases[i]
		fits := b.kind == kind && (len(b.dims) == 1) == keyed && len(b.dims) < 2 && !b.isUser() && !b.isMap && !b.own && b.place == shared &&
			b.field == "" && (!b.isSet() || b.elem == "int") &&
			!slices.ContainsFunc(b.verbs, func(v string) bool { return !slices.Contains(verbs, v) })
		if fits && w.IntN(3) > 0 {
			return b
		}
	}
	b := &base{kind: kind, elem: "int", verbs: verbs}
	if keyed {
		b.dims = []string{"k"}
	}
	return w.declare(b)
}

// verbsOf are those of the verbs that a kind has.
func verbsOf(kind string, verbs []string) (has []string) {
	for _, k := range kinds {
		for _, v := range verbs {
			if k.kind == kind && slices.Contains(k.verbs[0], v) {
				has = append(has, v)
			}
		}
	}
	return has
}

func (w *writer) declare(b *base) *base {
	b.name = w.name(b.kind)
	if b.elem == "" {
		b.elem = w.one("int", "int", "int", "nat")
		if b.isSet() && w.IntN(6) == 0 {
			b.elem = "item"
		}
	}
	if b.place == byValue && len(b.dims) == 0 {
		b.place = shared
	}
	w.bases = append(w.bases, b)
	options := ""
	switch {
	case b.isMap:
		w.say("database :%s, map<int, %s>, :replicated => true", b.name, b.lattice())
		return w.open(b)
	case b.place == byValue:
		options = ", :replicated => :" + b.dims[0]
	case b.place == shared:
		options = ", :replicated => true"
	}
	if len(b.dims) == 1 {
		options = ", :by => :" + b.dims[0] + options
	} else if len(b.dims) == 2 {
		options = ", :by => [:k, :j]" + options
	}
	w.say("database :%s, %s%s", b.name, b.lattice(), options)
	return w.open(b)
}

// open lets users write a database, mostly.
func (w *writer) open(b *base) *base {
	if b.place != atHome && (b.own || w.IntN(6) > 0) {
		w.say("allow :write, %s do |me| true end", b.name)
	}
	return b
}

func (b *base) lattice() string {
	switch b.kind {
	case "gcounter", "counter", "once", "flag":
		return b.kind
	}
	return b.kind + "<" + map[string]string{"int": "int", "nat": "nat", "item": "Item", "tag": "Tag"}[b.elem] + ">"
}

// record declares a database of records of lattices.
func (w *writer) record() []*base {
	name := w.name("record")
	w.say("type :T%s, { lines: gset<int>, status: lww<int>, paid: once, marks: set<int>, sum: counter }", name)
	w.say("database :%s, T%s, :by => :k, :replicated => true", name, name)
	w.say("allow :write, %s do |me| true end", name)
	fields := []*base{
		{kind: "gset", field: ".lines", elem: "int", verbs: []string{"add"}},
		{kind: "lww", field: ".status", elem: "int", verbs: []string{"set"}},
		{kind: "once", field: ".paid", verbs: []string{"on"}},
		{kind: "set", field: ".marks", elem: "int", verbs: []string{"add", "remove"}},
		{kind: "counter", field: ".sum", verbs: []string{"inc", "dec"}},
	}
	for _, b := range fields {
		b.name, b.dims = name, []string{"k"}
	}
	w.bases = append(w.bases, fields...)
	return fields
}
