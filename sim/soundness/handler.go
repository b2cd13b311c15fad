package soundness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Every handler has numbers from small pools, so that events meet.
const params = "p: nat, x: nat, n: nat"

func handlerHead(event string) string { return "on_" + event + " do |" + params + "|" }

var smaller = []string{"let a = p % 3", "let b = x % 5 - 1"}

// handler declares one, with what it relies on as a claim: a database of the
// facts of each run, and a view of those that have become wrong, which must
// stay empty everywhere.
func (w *writer) handler() {
	w.vars = []string{"a", "b", "n"}
	defer func() { w.vars = nil }()
	body := slices.Clone(smaller)
	for range 1 + w.IntN(3) {
		body = append(body, w.statement())
	}
	w.add(body)
}

// add declares a handler of an event of its own.
func (w *writer) add(body []string) {
	d := Decl{Head: handlerHead(w.name("h")), Parts: body}
	if w.IntN(8) == 0 {
		d.Head, d.Foot = "at :server do\n"+d.Head, "end\n"
	}
	w.decls = append(w.decls, d)
}

func (w *writer) statement() string {
	switch w.IntN(10) {
	case 0, 1:
		guard := w.guard()
		text := "if " + guard + "\n" + w.update() + w.claim(guard, "0")
		if w.ventures(30) {
			text += "else\n" + w.update() + w.claim("(not "+guard+")", "0")
		}
		return text + "end"
	case 2, 3:
		guard := w.guard()
		return "if not (" + guard + ")\nabort :no\nend\n" + w.update() + w.claim(guard, "0")
	case 4:
		return w.each()
	case 5:
		amount := w.amount()
		w.vars = append(w.vars, "y")
		text := "let y = " + amount + "\n" + w.update() + w.reached(amount)
		w.vars = w.vars[:3]
		return strings.TrimSpace(regexp.MustCompile(`\by\b`).ReplaceAllString(text, w.name("y")))
	case 6:
		return "tentatively do\nif " + w.bool(2) + "\n" + w.update() + "else\n" + w.update() + "end\nend"
	}
	return strings.TrimSpace(w.update())
}

// guard is a condition to act on: mostly one that is settled.
func (w *writer) guard() string {
	if w.ventures(20) {
		return w.bool(1)
	}
	return w.settled(1 + w.IntN(2))
}

// amount is a number to act with: mostly one that grows.
func (w *writer) amount() string {
	outer := w.vars
	w.vars = nil
	defer func() { w.vars = outer }()
	b := w.which(func(b *base) bool {
		return b.grows() && b.place != atHome && b.elem != "tag" && (b.isSet() || b.isNumber())
	})
	switch {
	case b == nil || w.ventures(20):
		return w.int(1)
	case b.isNumber():
		return b.at(w.keys(b)...) + w.one("", " * 2", " + 1")
	}
	return w.elements(b) + w.one(".count", ".count + 1", ".filter do |c| c > 0 end.count")
}

// each goes over what grows, or takes away what it finds.
func (w *writer) each() string {
	b := w.which(func(b *base) bool { return b.isSet() && b.elem == "int" && b.place != atHome && !b.own })
	if b == nil {
		return strings.TrimSpace(w.update())
	}
	xs := b.at(w.keys(b)...)
	if !b.grows() {
		if !slices.Contains(b.verbs, "remove") {
			return strings.TrimSpace(w.update())
		}
		return xs + ".each do |e|\n" + xs + ".remove(e)\nend"
	}
	w.vars = append(w.vars, "e")
	text := xs + ".each do |e|\n" + w.update() + w.claim("(e in "+xs+")", "e") + "end"
	w.vars = w.vars[:3]
	return text
}

// update writes somewhere, in a line.
func (w *writer) update() string {
	for _, i := range w.Perm(len(w.bases)) {
		if b := w.bases[i]; !b.own && len(b.verbs) > 0 {
			return w.write(b, w.one(b.verbs...)) + "\n"
		}
	}
	return ""
}

// write calls a verb of a base.
func (w *writer) write(b *base, verb string) string {
	keys := []string{w.one("a", "a", "a", "1"), "b"}
	switch {
	case b.isUser():
		keys[0] = ":user_id"
	case b.isMap && w.IntN(4) == 0:
		return b.name + ".remove(a)"
	}
	return fmt.Sprintf("%s.%s(%s)", b.at(keys...), verb, w.argument(b, verb))
}

func (w *writer) argument(b *base, verb string) string {
	switch {
	case verb == "inc" || verb == "dec":
		return w.one("1", "2", "n")
	case verb == "on" || verb == "off":
		return ""
	case b.elem == "item":
		return "{ id: a, n: " + w.one("b", "1") + " }"
	case b.elem == "tag" && b.isChosen:
		return `{ id: "t", n: b }`
	case b.elem == "tag":
		return "{ id: new_id(), n: b }"
	case b.elem == "nat":
		return w.one("p", "x", "n", "2")
	}
	return w.one(append(w.vars, "b", "1", "2", "n")...)
}

// reached notes a number that the run went by, which may be more by now.
func (w *writer) reached(amount string) string {
	high := w.name("high")
	w.say("database :%s, gset<int>, :replicated => true", high)
	w.say("allow :write, %s do |me| true end", high)
	w.say("view :claim_%s do %s.filter do |z| z > %s end end", high, high, amount)
	w.say("process do render(claim_%s) end", high)
	return high + ".add(y)\n"
}

var variable = regexp.MustCompile(`(^|[^.\w])([abne])\b`)

// claim notes in the commit that what it relied on was so.
func (w *writer) claim(guard, extra string) string {
	if strings.Contains(guard, "user_id") || w.IntN(4) == 0 {
		return ""
	}
	facts := w.name("facts")
	w.say("database :%s, gset<Fact>, :replicated => true", facts)
	w.say("allow :write, %s do |me| true end", facts)
	later := variable.ReplaceAllString(guard, "${1}z.$2")
	w.say("view :claim_%s do %s.filter do |z| not (%s) end end", facts, facts, later)
	w.say("process do render(claim_%s) end", facts)
	return fmt.Sprintf("%s.add({ a: a, b: b, n: n, e: %s })\n", facts, extra)
}

// leftOver writes the databases that no handler writes.
func (w *writer) leftOver() {
	text := w.decls.String()
	w.vars = []string{"a", "b", "n"}
	defer func() { w.vars = nil }()
	var body []string
	flush := func() {
		if len(body) > 0 {
			w.add(append(slices.Clone(smaller), body...))
			body = nil
		}
	}
	for _, b := range w.bases {
		for _, verb := range b.verbs {
			is := regexp.MustCompile(regexp.QuoteMeta(b.name) + `(\[[^\n]*\])?` + regexp.QuoteMeta(b.field) + `\.` + verb + `\(`)
			if b.own || is.MatchString(text) {
				continue
			}
			if b.place == atHome {
				w.add(append(slices.Clone(smaller), w.write(b, verb)))
				continue
			}
			if body = append(body, w.write(b, verb)); w.IntN(2) == 0 {
				flush()
			}
		}
	}
	flush()
}
