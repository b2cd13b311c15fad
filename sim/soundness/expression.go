package soundness

import "fmt"

// Expressions are texts: of collections of ints, of ints and of bools. Ints in
// scope are the writer's vars.

// over writes a block with so many parameters, all of them ints.
func (w *writer) over(params int, body func() string) string {
	outer, names := w.vars, ""
	for i := range params {
		name := w.name("x")
		w.vars = append(w.vars[:len(w.vars):len(w.vars)], name)
		if i > 0 {
			names += ", "
		}
		names += name
	}
	text := " do |" + names + "| " + body() + " end"
	w.vars = outer
	return text
}

// which returns a base that the expression may read, nil where there is none.
func (w *writer) which(fits func(*base) bool) *base {
	for _, i := range w.Perm(len(w.bases)) {
		b := w.bases[i]
		if (w.home || b.place != atHome) && fits(b) {
			return b
		}
	}
	return nil
}

// viewOf returns the name of an earlier view, or other where there is none.
func (w *writer) viewOf(kind, other string) string {
	for _, i := range w.Perm(len(w.views)) {
		if v := w.views[i]; v.kind == kind && (w.home || !v.home) {
			return v.name
		}
	}
	return other
}

// keys are the keys of a reading: numbers, and now and then what moves.
func (w *writer) keys(b *base) []string {
	if b.isUser() {
		return []string{w.one(`"client1"`, `"client1"`, `"a1"`)}
	}
	key := func() string {
		if len(w.vars) > 0 && w.IntN(2) == 0 {
			return w.one(w.vars...)
		}
		return w.one("0", "1", "2")
	}
	return []string{key(), key()}
}

// elements is the collection of the ints in a base.
func (w *writer) elements(b *base) string {
	of := b.at(w.keys(b)...)
	if b.elem == "item" {
		return of + ".map do |i| i.n end"
	}
	if b.elem == "tag" {
		return of + ".map do |i| i.n end"
	}
	return of
}

// whole is the collection of all ints in a base with dimensions.
func (w *writer) whole(b *base) string {
	names := map[int]string{1: "k, e", 2: "k, j, e"}[len(b.dims)]
	value := "e"
	if b.elem == "item" && b.isSet() {
		value = "e.n"
	}
	return fmt.Sprintf("%s%s.map do |%s| %s end", b.name, b.field, names, value)
}

func (w *writer) set(depth int) string {
	if depth == 0 {
		return w.someSet()
	}
	d := depth - 1
	xs := w.set(d)
	switch w.IntN(13) {
	case 0:
		return xs + ".map" + w.over(1, func() string { return w.int(d) })
	case 1, 2:
		return xs + ".filter" + w.over(1, func() string { return w.bool(d) })
	case 3:
		return xs + ".flat_map" + w.over(1, func() string { return "[" + w.int(0) + ", " + w.int(d) + "]" })
	case 4:
		return xs + ".flat_map" + w.over(1, func() string { return w.set(d) })
	case 5:
		return xs + ".join(" + w.set(d) + ")" + w.over(2, func() string { return w.bool(d) }) +
			".map" + w.over(2, func() string { return w.int(0) + " + " + w.int(0) })
	case 6, 7:
		return xs + w.one(".union(", ".intersection(") + w.set(d) + ")"
	case 8:
		return xs + ".minus(" + w.set(d) + ")"
	case 9:
		return xs + ".product(" + w.set(0) + ").closure.map" + w.over(2, func() string { return w.int(0) + " * 2 - " + w.int(0) })
	case 10:
		return xs + ".group" + w.over(1, func() string { return w.int(0) + " % 3" }) + ".map do |key, of| key * 4 + of.count end"
	case 11:
		return xs + ".filter" + w.over(1, func() string {
			return w.one(w.vars...) + " in " + w.set(0) + w.one(".top(2)", ".sort_by") + w.over(1, func() string { return "0 - " + w.int(0) })
		})
	}
	return xs + ".product(" + w.set(0) + ").map" + w.over(2, func() string { return w.int(0) + " * 2 - " + w.int(0) })
}

// someSet is a collection that is there.
func (w *writer) someSet() string {
	b := w.which(func(b *base) bool { return b.isSet() || len(b.dims) == 1 && b.elem != "tag" })
	switch {
	case b == nil:
		return w.viewOf("set", w.bases[0].name)
	case w.IntN(6) == 0:
		return w.viewOf("set", w.someSet())
	case !b.isUser() && len(b.dims) == 1 && b.field == "" && (!b.isSet() || w.IntN(4) == 0):
		if !b.isMap && (b.isNumber() || b.isSet() && b.elem != "tag") && w.IntN(2) == 0 {
			return w.whole(b)
		}
		return b.name + ".keys"
	case b.isSet() && (len(b.dims) < 2 || w.IntN(2) == 0):
		return w.elements(b)
	case b.isSet():
		return w.whole(b)
	}
	return b.name + ".keys" + map[bool]string{true: ".map do |u| 1 end"}[b.isUser()]
}

func (w *writer) int(depth int) string {
	small := fmt.Sprint(w.IntN(7) - 2)
	if depth == 0 {
		if len(w.vars) > 0 && w.IntN(3) > 0 {
			return w.one(w.vars...)
		}
		return w.someInt(small)
	}
	d := depth - 1
	switch a := w.int(d); w.IntN(12) {
	case 0, 1:
		return w.set(d) + ".count"
	case 2:
		return "(" + a + " + " + w.int(d) + ")"
	case 3:
		return "(" + a + " - " + w.int(d) + ")"
	case 4:
		return "(" + a + w.one(" * ", " / ") + small + ")"
	case 5:
		return "(0 - " + a + ")"
	case 6, 7:
		return w.set(d) + w.one(".max", ".min", ".first", ".last") + w.one(".or(-100)", ".or(0)", ".or(100)")
	case 8:
		return w.set(d) + ".sum" + w.over(1, func() string { return w.int(0) })
	case 9:
		return "odd(" + a + ")"
	case 10:
		return w.set(d) + ".count" + w.over(1, func() string { return w.bool(0) })
	}
	return "(if " + w.bool(d) + "\n" + w.int(d) + "\nelse\n" + w.int(d) + "\nend)"
}

func (w *writer) someInt(small string) string {
	if w.IntN(4) == 0 {
		return small
	}
	if w.IntN(6) == 0 {
		return w.viewOf("int", small)
	}
	if keyed := w.viewOf("keyed", ""); keyed != "" && w.IntN(6) == 0 {
		return keyed + "[" + w.one("0", "1", "2") + "].or(" + small + ")"
	}
	b := w.which(func(b *base) bool { return b.isNumber() || b.isRegister() || b.kind == "gset" && b.elem == "nat" })
	switch {
	case b == nil:
		return small
	case b.isNumber():
		return b.at(w.keys(b)...)
	case b.isSet():
		return b.at(w.keys(b)...) + ".sum"
	}
	return b.at(w.keys(b)...) + ".or(" + w.one(small, small, "0", "-100", "100") + ")"
}

func (w *writer) bool(depth int) string {
	if depth == 0 {
		if b := w.which(func(b *base) bool { return b.kind == "once" || b.kind == "flag" }); b != nil && w.IntN(2) == 0 {
			return b.at(w.keys(b)...)
		}
		return w.int(0) + w.one(" > 1", " < 3", " >= 2", " % 2 == 0")
	}
	d := depth - 1
	switch w.IntN(10) {
	case 0:
		return "(" + w.bool(d) + w.one(" and ", " or ") + w.bool(d) + ")"
	case 1:
		return "(not " + w.bool(d) + ")"
	case 2, 3:
		return "(" + w.int(d) + " in " + w.set(d) + ")"
	case 4:
		return w.set(d) + ".any" + w.over(1, func() string { return w.bool(d) })
	case 5:
		return "(" + w.set(d) + ".avg.or(0.5) > 1.5)"
	case 6:
		return w.viewOf("bool", w.bool(0))
	}
	return "(" + w.int(d) + w.one(" > ", " >= ", " < ", " <= ", " == ", " != ") + w.int(d) + ")"
}

// settled is a condition that stays true once it is, as far as its writer
// knows: it reads what grows.
func (w *writer) settled(depth int) string {
	grown := w.which(func(b *base) bool { return b.grows() && b.elem != "tag" && b.place != atHome })
	if depth == 0 || grown == nil {
		return w.one(w.vars...) + w.one(" > 1", " < 3", " % 2 == 0", " != 2")
	}
	at := grown.at(w.keys(grown)...)
	switch w.IntN(16) {
	case 0, 1:
		return "(" + w.settled(depth-1) + w.one(" and ", " or ") + w.settled(depth-1) + ")"
	case 2, 3:
		return w.settled(depth - 1)
	case 4:
		return w.viewOf("bool", w.settled(depth-1))
	}
	switch {
	case grown.kind == "once":
		return at
	case grown.isNumber():
		return at + w.one(" > 2", " >= 3", " * 2 > 7")
	case grown.kind == "max":
		return at + ".or(-100) > " + w.one("0", "2", "4")
	}
	xs := w.elements(grown)
	switch w.IntN(4) {
	case 0:
		return "(" + w.one(w.vars...) + " in " + xs + ")"
	case 1:
		return xs + ".any" + w.over(1, func() string { return w.one(w.vars...) + " > 1" })
	case 2:
		return xs + ".filter" + w.over(1, func() string { return w.settled(depth - 1) }) + ".count > " + w.one("0", "1")
	}
	return xs + ".count" + w.one(" > 1", " >= 3")
}

// view declares one, and what renders it.
func (w *writer) view() {
	w.home = w.IntN(8) == 0 && w.which(func(b *base) bool { return true }) != nil
	defer func() { w.home = false }()
	name, depth := w.name("v"), 1+w.IntN(4)/2+w.IntN(2)
	kind := w.one("set", "set", "int", "int", "bool", "list", "keyed")
	switch kind {
	case "set":
		w.say("view :%s do %s end", name, w.set(depth))
	case "int":
		w.say("view :%s do %s end", name, w.int(depth))
	case "bool":
		w.say("view :%s do %s end", name, w.bool(depth))
	case "list":
		w.say("view :%s do %s%s%s end", name, w.set(depth-1), w.one(".top(3)", ".sort_by"), w.over(1, func() string { return w.int(1) }))
	case "keyed":
		source := w.viewOf("set", w.bases[0].name)
		w.vars = []string{"q"}
		w.say("view :%s do |q in %s| %s end", name, source, w.int(1))
		w.vars = nil
	}
	w.views = append(w.views, view{name, kind, w.home})
	if !w.home {
		w.say("process do render(%s) end", name)
	}
}
