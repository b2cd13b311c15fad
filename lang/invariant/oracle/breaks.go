package oracle

import (
	"fmt"
	"strings"
)

// Bounds of one search: worlds to begin with, and merges looked at.
const (
	worldsMax = 96
	mergesMax = 9_000
)

// step is one commit that may be tried anywhere.
type step struct {
	handler []Act
	n, k    int
}

// Breaks looks for two replicas that each keep the invariant and break it when
// they merge. It returns what they did, "" where there are none within the
// bounds: commits on numbers up to 8 and four elements, at most two at each
// replica between two merges. With more effort it looks at numbers up to 40, and
// at as many times more worlds and merges.
func (p *Pair) Breaks(effort int) string {
	s := search{pair: p, steps: p.steps(), known: map[world]bool{}, effort: effort, far: numberMax}
	if effort > 1 {
		s.far = largeMax
	}
	s.found(&world{})
	for lengths := range 3 { // one and one commit everywhere, then two and one, then two and two
		for i := 0; i < len(s.worlds) && s.merges < effort*mergesMax*(lengths+1)/3; i++ {
			if told := s.meet(s.worlds[i], 1+(lengths+1)/2, 1+lengths/2); told != "" {
				return told
			}
		}
	}
	return ""
}

// steps lists the commits that handlers may be, with each argument that they look at.
func (p *Pair) steps() []step {
	var out []step
	for _, h := range p.Handlers {
		ns, ks := 1, 1
		for _, a := range h {
			if a.Value == Given && a.DB != 'p' && a.DB != 'q' && a.DB != 'o' {
				ns = valuesMax
			}
			if a.Key == Given && (a.DB == 'a' || a.DB == 'b' || a.DB == 'e') {
				ks = keysMax
			}
		}
		for n := range ns {
			for k := 1; k <= ks; k++ {
				out = append(out, step{h, n, k})
			}
		}
	}
	return out
}

// search is one attempt.
type search struct {
	pair   *Pair
	steps  []step
	worlds []world // valid ones that replicas reach
	known  map[world]bool
	merges int
	effort int
	far    int8 // the bound of counters
}

// found keeps a world to begin with.
func (s *search) found(w *world) {
	if len(s.worlds) < s.effort*worldsMax && !s.known[*w] && s.pair.holds(w) {
		s.known[*w] = true
		s.worlds = append(s.worlds, *w)
	}
}

// meet lets two replicas make la and lb commits and merge.
func (s *search) meet(w world, la, lb int) string {
	as, bs := s.branches(w, 0, la), s.branches(w, 1, lb)
	for i := range as {
		from := 0
		if la == lb {
			from = i // the other half is the same with the replicas changed
		}
		for k := from; k < len(bs); k++ {
			if told := s.merge(&w, &as[i], &bs[k]); told != "" {
				return told
			}
		}
	}
	return ""
}

// merge merges two branches in every order of their stamps that may matter.
func (s *search) merge(w *world, a, b *branch) string {
	isOrdered := a.at[0] > 0 && b.at[0] > 0 || a.at[1] > 0 && b.at[1] > 0
	for first := range b.commits + 1 {
		for second := first; second <= b.commits; second++ {
			s.merges++
			m := join(w, a, b, [3]uint8{0, first, second})
			if !s.pair.holds(&m) {
				return fmt.Sprintf("from %s a makes %s, b makes %s, and they merge to %s", w.text(), a.text(), b.text(), m.text())
			}
			s.found(&m)
			if !isOrdered {
				return ""
			}
		}
	}
	return ""
}

// branches lists what a replica may make of a world with n commits that each
// keep the invariant, once each.
func (s *search) branches(w world, author, n int) []branch {
	out := []branch{begin(w, author, s.far)}
	for range n {
		var longer []branch
		for i := range out {
			for k := range s.steps {
				b := out[i]
				if st := &s.steps[k]; b.do(st.handler, st.n, st.k) && b != out[i] && s.pair.holds(&b.world) && !has(longer, &b) {
					longer = append(longer, b)
				}
			}
		}
		out = longer
	}
	if author == 0 && n == 1 {
		for i := range out {
			s.found(&out[i].world)
		}
	}
	return out
}

func has(bs []branch, b *branch) bool {
	for i := range bs {
		if bs[i] == *b {
			return true
		}
	}
	return false
}

// text writes a world down for who reads a failed test.
func (w *world) text() string {
	var b strings.Builder
	for i, n := range w.num {
		if n != 0 {
			fmt.Fprintf(&b, " %s=%d", []string{"c", "d", "g", "a[x]", "a[y]", "b[x]", "b[y]"}[i], n)
		}
	}
	for i, name := range []string{"s", "t", "u", "r"} {
		for x := range valuesMax {
			if w.contains("stur"[i], x) {
				fmt.Fprintf(&b, " %s+%d", name, x)
			}
		}
	}
	for i, name := range []string{"p", "q", "o", "a.keys+x", "a.keys+y", "b.keys+x", "b.keys+y"} {
		if w.is(bitP + i) {
			b.WriteString(" " + name)
		}
	}
	for i := range (keysMax + freshMax) * valuesMax {
		if w.is(bitE + i) {
			fmt.Fprintf(&b, " e+(%d,%d)", nameOf(i), numberOf(i))
		}
	}
	for i, v := range w.reg {
		if v != 0 {
			fmt.Fprintf(&b, " %c=%d", "wv"[i], v-1)
		}
	}
	if w.most != 0 {
		fmt.Fprintf(&b, " m=%d", w.most-1)
	}
	return "{" + strings.TrimPrefix(b.String(), " ") + "}"
}
