package flow_test

import (
	"cmp"
	"fmt"
	"slices"
)

// The readers of all elements together, as text and by Go's own slices.

// inner is a number of one element p of ys, which may look at the element x around it.
func (c *composer) inner(x bodyOf[int64]) (text string, eval func(w *world, t tuple, p int64) int64) {
	switch c.IntN(6) {
	case 0:
		return "-p", func(_ *world, _ tuple, p int64) int64 { return -p }
	case 1:
		return "p % 3 - 1", func(_ *world, _ tuple, p int64) int64 { return p%3 - 1 }
	case 2:
		return "p * (" + x.text + ")", func(w *world, t tuple, p int64) int64 { return p * x.eval(w, t) }
	case 3:
		return `p + c["k0"]`, func(w *world, _ tuple, p int64) int64 { return p + w.c["k0"] }
	case 4:
		return `if p in b
			7 else -p end`, func(w *world, _ tuple, p int64) int64 {
				if w.b[p] {
					return 7
				}
				return -p
			}
	}
	return "p", func(_ *world, _ tuple, p int64) int64 { return p }
}

// together is a number that looks at all elements of a collection.
func (c *composer) together(x bodyOf[int64], depth int) bodyOf[int64] {
	ys := c.ints(depth)
	text, image := c.inner(x)
	each := func(w *world, t tuple) (elems, images []int64) {
		for u := range ys.eval(w) {
			elems = append(elems, u[0])
		}
		slices.Sort(elems)
		for _, p := range elems {
			images = append(images, image(w, t, p))
		}
		return elems, images
	}
	sum := func(ns []int64) (n int64) {
		for _, m := range ns {
			n += m
		}
		return n
	}
	block := " do |p| " + text + " end"
	over := func(reader, after string, f func(elems, images []int64) int64) bodyOf[int64] {
		return bodyOf[int64]{ys.text + "." + reader + block + after, func(w *world, t tuple) int64 { return f(each(w, t)) }}
	}
	// ordered are the elements by their images, the largest first if down is -1.
	ordered := func(elems, images []int64, down int) []int64 {
		at := make([]int, len(elems))
		for i := range at {
			at[i] = i
		}
		slices.SortStableFunc(at, func(i, j int) int { return down * cmp.Compare(images[i], images[j]) })
		var out []int64
		for _, i := range at {
			out = append(out, elems[i])
		}
		return out
	}
	switch c.IntN(11) {
	case 0:
		return over("max", ".or(4)", func(_, images []int64) int64 { return slices.Max(append(images, orNone(images, 4)...)) })
	case 1:
		return over("min", ".or(4)", func(_, images []int64) int64 { return slices.Min(append(images, orNone(images, 4)...)) })
	case 2:
		return bodyOf[int64]{fmt.Sprintf("%s.count do |p| (%s) > 2 end", ys.text, text), func(w *world, t tuple) int64 {
			_, images := each(w, t)
			return int64(len(slices.DeleteFunc(images, func(n int64) bool { return n <= 2 })))
		}}
	case 3:
		return bodyOf[int64]{fmt.Sprintf("(if %s.any do |p| (%s) == 3 end\n1 else 2 end)", ys.text, text), func(w *world, t tuple) int64 {
			if _, images := each(w, t); slices.Contains(images, 3) {
				return 1
			}
			return 2
		}}
	case 4:
		return bodyOf[int64]{fmt.Sprintf("(if %s.avg do |p| %s end.or(1.5) > 1.25\n1 else 2 end)", ys.text, text), func(w *world, t tuple) int64 {
			if _, images := each(w, t); len(images) == 0 || float64(sum(images))/float64(len(images)) > 1.25 {
				return 1
			}
			return 2
		}}
	case 5:
		return over("sort_by", ".first.or(9)", func(elems, images []int64) int64 { return append(ordered(elems, images, 1), 9)[0] })
	case 6:
		return over("top(2)", ".sum do |p| p * 3 - 1 end", func(elems, images []int64) int64 {
			best := ordered(elems, images, -1)
			best = best[:min(2, len(best))]
			return 3*sum(best) - int64(len(best))
		})
	case 7:
		return over("group", ".sum do |k, g| k * g.count + g.max.or(0) end", func(elems, images []int64) int64 {
			largest, n := map[int64]int64{}, sum(images)
			for i, k := range images {
				largest[k] = elems[i] // elems ascend
			}
			for _, p := range largest {
				n += p
			}
			return n
		})
	case 8: // the pairs of x and its successor, and of what is there
		text := ys.text + ".join(" + ys.text + ") do |p, s| p + 1 == s or p == s + 3 end.closure.count"
		return bodyOf[int64]{text, func(w *world, t tuple) int64 {
			elems, _ := each(w, t)
			return ways(elems, func(p, s int64) bool { return p+1 == s || p == s+3 })
		}}
	}
	return over("sum", "", func(_, images []int64) int64 { return sum(images) })
}

func orNone(ns []int64, or int64) []int64 {
	if len(ns) == 0 {
		return []int64{or}
	}
	return nil
}

// ways counts the pairs with a way from the one to the other (Warshall's algorithm).
func ways(elems []int64, edge func(p, s int64) bool) (count int64) {
	reach := map[[2]int64]bool{}
	for _, p := range elems {
		for _, s := range elems {
			reach[[2]int64{p, s}] = edge(p, s)
		}
	}
	for _, by := range elems {
		for _, p := range elems {
			for _, s := range elems {
				if reach[[2]int64{p, by}] && reach[[2]int64{by, s}] {
					reach[[2]int64{p, s}] = true
				}
			}
		}
	}
	for _, is := range reach {
		if is {
			count++
		}
	}
	return count
}
