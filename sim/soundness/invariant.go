package soundness

import "fmt"

// invariant declares one of a shape, and shows what breaks it: of what the
// compiler takes for free that is nothing, ever.
func (w *writer) invariant() {
	if i := w.IntN(len(shapes) + 1); i < len(shapes) {
		shapes[i](w)
		return
	}
	w.combination()
}

// combination is any condition, which the compiler mostly refuses.
func (w *writer) combination() {
	if w.IntN(3) > 0 {
		shapes[w.IntN(len(shapes))](w)
		return
	}
	s := w.need(w.one("set", "gset"), false, "add", "remove")
	w.vars = []string{"x"}
	cond := w.literal() + w.one(" or ", " and ") + w.literal()
	w.vars = nil
	w.that(s.name, "x", cond, "")
}

// that says an invariant over a source, "" for none, whose parameters are given.
func (w *writer) that(source, params, cond, repair string) {
	w.thatOr(source, params, cond, repair, "")
}

// thatOr is that where what is repaired may stay as it is where mended holds.
func (w *writer) thatOr(source, params, cond, repair, mended string) {
	name := w.name("i")
	over := ""
	if source != "" {
		over = "|" + params + " in " + source + "| "
	}
	otherwise := ""
	if repair != "" {
		otherwise = " else " + repair
	}
	shown := "broken_"
	if repair != "" {
		shown = "mended_"
	}
	w.say("invariant :%s do %s%s%s end", name, over, cond, otherwise)
	if mended != "" {
		cond += " or " + mended
	}
	if source != "" {
		w.say("view :%s%s do %s.filter do |%s| not (%s) end end", shown, name, source, params, cond)
	} else {
		w.say("view :%s%s do not (%s) end", shown, name, cond)
	}
	w.say("process do render(%s%s) end", shown, name)
}

// verbs are those under which an invariant is free, or now and then others:
// then the compiler has to see it.
func (w *writer) verbs(free []string, others ...string) []string {
	if w.ventures(20) {
		return others
	}
	return free
}

// ventures throws whether to do what the compiler should refuse: once in so
// many times, or every other time where the writer is rash.
func (w *writer) ventures(often int) bool {
	if w.rash {
		often = 2
	}
	return w.IntN(often) == 0
}

// pair declares two databases that one handler writes together.
func (w *writer) pair(kind string, write func(l, r string) []string) (l, r *base) {
	l = w.declare(&base{kind: kind, elem: "int", dims: []string{"k"}, own: true})
	r = w.declare(&base{kind: kind, elem: "int", dims: []string{"k"}, own: true})
	both := write(l.name+"[a]", r.name+"[a]")
	if w.ventures(20) { // in two commits, which the compiler has to see
		w.add(append(append([]string{}, smaller...), both[0]))
		both = both[1:]
	}
	w.add(append(append([]string{}, smaller...), both...))
	return l, r
}

var shapes = []func(w *writer){
	func(w *writer) { // c >= k
		c := w.need("counter", true, w.verbs([]string{"inc"}, "inc", "dec")...)
		w.that(c.name+".keys", "k", c.name+"[k] >= "+w.one("0", "-2"), "")
	},
	func(w *writer) { // c <= k
		c := w.need("counter", false, w.verbs([]string{"dec"}, "inc")...)
		w.that("", "", c.name+" <= "+w.one("0", "3"), "")
	},
	func(w *writer) { // c == k, c != k
		c := w.need("counter", false, w.verbs(nil, "inc")...)
		w.that("", "", c.name+w.one(" == 0", " != 4"), "")
	},
	func(w *writer) { // x + y == const
		l, r := w.pair("counter", func(l, r string) []string { return []string{l + ".dec(n)", r + ".inc(n)"} })
		w.that(l.name+".keys", "k", l.name+"[k] + "+r.name+"[k] == 0", "")
	},
	func(w *writer) { // x <= y
		if w.IntN(2) == 0 {
			l, r := w.pair("counter", func(l, r string) []string { return []string{r + ".inc(n)", l + ".inc(n)"} })
			w.that(l.name+".keys", "k", l.name+"[k] <= "+r.name+"[k]", "")
			return
		}
		c, d := w.need("counter", false, "dec"), w.need("counter", false, w.verbs([]string{"inc"}, "dec")...)
		w.that("", "", c.name+" <= "+d.name, "")
	},
	func(w *writer) { // an element
		s := w.need(w.one("set", "gset"), false, "add", "remove")
		w.that(s.name, "x", "x "+w.one("< 3", "> -1", "!= 2"), "")
	},
	func(w *writer) { // a register
		r := w.need(w.one("lww", "mv", "max", "min"), true, "set")
		w.that(r.name+".keys", "k", r.name+"[k].or(0) "+w.one("< 3", "!= 2", "> -2"), "")
	},
	func(w *writer) { // twins
		l, r := w.pair(w.one("lww", "mv"), func(l, r string) []string { return []string{l + ".set(b)", r + ".set(b)"} })
		w.that(l.name+".keys", "k", l.name+"[k] == "+r.name+"[k]", "")
	},
	func(w *writer) { // foreign key
		s := w.need(w.one("set", "gset"), false, "add", "remove")
		t := w.need(w.one("set", "gset", "rset"), false, w.verbs([]string{"add"}, "add", "remove")...)
		w.that(s.name, "x", "x in "+t.name, "")
	},
	func(w *writer) { // membership of keys
		c, t := w.need(w.one("gcounter", "lww", "gset"), true, "inc", "set", "add"), w.need("gset", false, "add")
		w.that(c.name+".keys", "k", "k in "+t.name, "")
	},
	func(w *writer) { // unique
		s := w.declare(&base{kind: w.one("gset", "set"), elem: "tag", verbs: []string{"add"}, isChosen: w.ventures(20)})
		if w.IntN(2) == 0 {
			w.that(s.name+".product("+s.name+")", "f, g", "f.id != g.id or f == g", "")
			return
		}
		w.that(s.name, "f", s.name+".filter do |g| g.id == f.id end.count <= 1", "")
	},
	func(w *writer) { // size
		s := w.need(w.one("set", "gset"), true, w.verbs([]string{"add"}, "add", "remove")...)
		w.that(s.name+".keys", "k", s.name+"[k].count >= 1", "")
	},
	func(w *writer) { // size, at most
		s := w.need("set", false, w.verbs([]string{"remove"}, "add")...)
		w.that("", "", s.name+".count <= 2", "")
	},
	func(w *writer) { // implication of words
		p, q := w.need(w.one("once", "flag"), false, "on", "off"), w.need(w.one("once", "flag"), false, w.verbs([]string{"on"}, "on", "off")...)
		w.that("", "", "not "+p.name+" or "+q.name, "")
	},
	func(w *writer) { // implication of elements
		p, q := w.need(w.one("set", "gset"), false, "add", "remove"), w.need(w.one("set", "gset"), false, "add")
		if w.IntN(3) == 0 {
			p = w.need("rset", false, w.verbs([]string{"add"}, "add", "remove")...)
		}
		w.that("", "", "not (1 in "+p.name+") or "+w.one("2 in "+q.name, q.name+".count >= 2"), "")
	},
	func(w *writer) { // implication inside a record
		r := w.record()[0].name
		w.that(r+".keys", "k", "not "+r+"[k].paid or "+r+"[k].lines.count >= 1", "")
	},
	func(w *writer) { // a register implies
		r, q := w.need("lww", true, "set"), w.need("gset", false, "add")
		w.that(r.name+".keys", "k", r.name+"[k] != 1 or k in "+q.name, "")
	},
	func(w *writer) { // exclusion
		p, q := w.need("flag", false, "on", "off"), w.need("flag", false, w.verbs([]string{"off"}, "on")...)
		w.that("", "", "not ("+p.name+" and "+q.name+")", "")
	},
	func(w *writer) { // a bound with a repair
		c, o := w.need("gcounter", false, "inc"), w.need(w.one("once", "flag"), false, "on")
		w.thatOr("", "", fmt.Sprintf("%s <= %d", c.name, 3+w.IntN(6)), o.name+".on()", o.name)
	},
	func(w *writer) { // budget
		s, c := w.need("set", false, "add", "remove"), w.need("gcounter", true, "inc")
		w.that(s.name, "x", fmt.Sprintf("%s[x] <= %d", c.name, 2+w.IntN(6)), s.name+".remove(x)")
	},
}

// literal is a condition that invariants are made of.
func (w *writer) literal() string {
	b := w.which(func(b *base) bool {
		return b.place == shared && !b.isUser() && len(b.dims) < 2 && (len(b.dims) == 0 || !b.isMap) && b.elem != "item" && b.elem != "tag" && !b.own
	})
	if b == nil {
		return "x > 0"
	}
	at := b.at("x")
	switch {
	case b.isSet():
		return w.one("", "not ") + "(" + w.one("x", "1") + " in " + at + ")"
	case b.isNumber():
		return at + w.one(" >= 0", " <= 3", " >= 1")
	case b.isRegister():
		return at + ".or(0)" + w.one(" < 3", " != 1")
	}
	return w.one("", "not ") + at
}
