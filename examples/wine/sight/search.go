package sight

import (
	"cmp"
	"math"
	"slices"
)

// Where a label is looked for: the page shows a frame to put it into.
var (
	heights = []float32{0.58, 0.68, 0.8, 0.94}
	angles  = []float32{-0.18, -0.09, 0, 0.09, 0.18}
	shifts  = []float32{-0.09, 0, 0.09}
)

// near is how many wines, at least, are compared at one place; those with the
// nearest hashes.
const near = 12

// closer is how many wines are looked at closely.
const closer = 8

// closest is how many of them are brought to fit in full.
const closest = 3

// cut is where a difference in brightness counts no more.
const cut = 70

// blinding is a brightness behind which nothing is seen: where a label is
// darker, that says little against it.
const blinding = 236

// search is one picture's way through the catalogue.
type search struct {
	p     *planes
	known *known
	n     int
	best  []candidate // of each wine, where it fits best so far
	bits  []uint8     // of each wine, how its hash differs from the last one seen
}

type candidate struct {
	wine     int
	at       pose
	distance float64
}

func newSearch(p *planes, k *known) *search {
	s := &search{p: p, known: k, n: len(k.fine) / many}
	s.best, s.bits = make([]candidate, s.n), make([]uint8, s.n)
	for i := range s.best {
		s.best[i] = candidate{wine: i, distance: math.Inf(1)}
	}
	return s
}

// everywhere compares the catalogue at every place with few cells.
func (s *search) everywhere() {
	for _, h := range heights {
		for _, a := range angles {
			for _, x := range shifts {
				for _, y := range shifts {
					s.here(pose{x: x, y: y, height: h, angle: a})
				}
			}
		}
	}
}

// here compares the catalogue at one place.
func (s *search) here(at pose) {
	g := s.p.grid(at)
	var y [few]int32
	var isThere [few]bool
	var seen [few * 3]int16
	half := g.size / fewY / 2
	n := int32(0)
	for i := range few {
		v, ok := g.look((float32(i%fewX)+0.5)/fewX-0.5, (float32(i/fewX)+0.5)/fewY-0.5, half)
		y[i], isThere[i] = v[0], ok
		seen[3*i+1], seen[3*i+2] = int16(v[1]-128), int16(v[2]-128)
		if ok {
			n++
		}
	}
	var bright [few]int16
	if !level(y[:], isThere[:], bright[:]) {
		return
	}
	for i := range few {
		seen[3*i] = bright[i]
	}
	h := hashOf(&seen)
	limit := s.nearest(&h)
	for w := range s.best {
		if int(s.bits[w]) > limit {
			continue
		}
		b := &s.best[w]
		limit := int32(math.MaxInt32)
		if b.distance < 1e6 {
			limit = int32(b.distance * float64(n))
		}
		if d := apart(&seen, &isThere, (*[few * 3]int16)(s.known.coarse[w*few*3:]), limit); d < limit {
			b.distance, b.at = float64(d)/float64(n), at
		}
	}
}

// nearest counts the bits in which each wine's hash differs, and returns in how
// many the nearest ones do.
func (s *search) nearest(h *hash) int {
	var counts [few*3 + 1]int
	for w := range s.bits {
		n := h.differs(&s.known.hashes[w])
		s.bits[w] = uint8(n)
		counts[n]++
	}
	n := 0
	for bits, count := range counts {
		if n += count; n >= near {
			return bits
		}
	}
	return few * 3
}

// apart is how far a place is from a label, or no less than limit.
func apart(seen *[few * 3]int16, isThere *[few]bool, label *[few * 3]int16, limit int32) int32 {
	d := int32(0)
	for i := range few {
		if isThere[i] {
			d += min(cut, abs(seen[3*i]-label[3*i])) + abs(seen[3*i+1]-label[3*i+1]) + abs(seen[3*i+2]-label[3*i+2])
			if d >= limit {
				return limit
			}
		}
	}
	return d
}

func abs(x int16) int32 {
	if x < 0 {
		return -int32(x)
	}
	return int32(x)
}

// closely moves the best of all until they fit, all of them a little and the
// best of these as far as it goes, and returns the two that fit best.
func (s *search) closely() (best, second candidate) {
	var list []candidate
	for _, c := range s.best {
		if !math.IsInf(c.distance, 1) {
			list = append(list, c)
		}
	}
	nearer := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.wine, b.wine))
	}
	slices.SortFunc(list, nearer)
	list = list[:min(len(list), closer)]
	for i := range list {
		c := &list[i]
		c.distance = s.distance(c.wine, c.at)
		s.fit(c, 0.04)
		s.fit(c, 0.02)
	}
	slices.SortFunc(list, nearer)
	for i := range list[:min(len(list), closest)] {
		for _, step := range []float32{0.03, 0.015, 0.008, 0.004} {
			s.fit(&list[i], step)
		}
	}
	slices.SortFunc(list, nearer)
	none := candidate{wine: -1, distance: math.Inf(1)}
	list = append(list, none, none)
	return list[0], list[1]
}

// fit moves, turns, tilts and stretches a candidate by a step, each way that
// brings it nearer.
func (s *search) fit(c *candidate, step float32) {
	for _, what := range []func(*pose, float32){
		func(p *pose, d float32) { p.x += d },
		func(p *pose, d float32) { p.y += d },
		func(p *pose, d float32) { p.height *= 1 + 1.6*d },
		func(p *pose, d float32) { p.angle += 1.2 * d },
		func(p *pose, d float32) { p.wide += 1.6 * d },
		func(p *pose, d float32) { p.tiltX += 3 * d },
		func(p *pose, d float32) { p.tiltY += 3 * d },
	} {
		for _, d := range []float32{step, -step} {
			at := c.at
			what(&at, d)
			if distance := s.distance(c.wine, at); distance < c.distance {
				c.distance, c.at = distance, at
				break
			}
		}
	}
}

// distance compares one label with one place, with many cells.
func (s *search) distance(wine int, at pose) float64 {
	if at.height < 0.4 || at.height > 1.3 || at.wide < -0.25 || at.wide > 0.25 || max(at.tiltX, -at.tiltX, at.tiltY, -at.tiltY) > 0.4 {
		return math.Inf(1)
	}
	g := s.p.grid(at)
	var y, cb, cr [many]int32
	var isThere [many]bool
	half := g.size / manyY / 2
	for i := range many {
		v, ok := g.look((float32(i%manyX)+0.5)/manyX-0.5, (float32(i/manyX)+0.5)/manyY-0.5, half)
		y[i], cb[i], cr[i], isThere[i] = v[0], v[1]-128, v[2]-128, ok
	}
	var bright [many]int16
	if !level(y[:], isThere[:], bright[:]) {
		return math.Inf(1)
	}
	label, colour := s.known.fine[wine*many:][:many], s.known.colour[wine*few*2:][:few*2]
	relight(&y, &isThere, label, &bright)
	n, d := int32(0), int32(0)
	for i := range many {
		if isThere[i] {
			n++
			c := 2 * (i/manyX/2*fewX + i%manyX/2)
			bit := min(cut, abs(bright[i]-label[i])) + min(cut, abs(int16(cb[i])-colour[c])+abs(int16(cr[i])-colour[c+1]))
			if y[i] > blinding && bright[i] > label[i]+cut/2 {
				bit /= 4
			}
			d += bit
		}
	}
	return float64(d) / float64(n)
}

// relight brings brightness to that of the label: by the line through those
// cells that fit it, so that a lamp in the glass, which fits nothing, does not
// darken the rest (least squares over inliers).
func relight(y *[many]int32, isThere *[many]bool, label []int16, bright *[many]int16) {
	const fits = cut * 2 / 3
	var n, sx, sy, sxx, sxy int32
	for i := range many {
		if isThere[i] && abs(bright[i]-label[i]) < fits {
			l := int32(label[i])
			n, sx, sy, sxx, sxy = n+1, sx+l, sy+y[i], sxx+l*l, sxy+l*y[i]
		}
	}
	if n < many/3 {
		return
	}
	below := float32(n)*float32(sxx) - float32(sx)*float32(sx)
	slope := (float32(n)*float32(sxy) - float32(sx)*float32(sy)) / max(below, 1)
	if slope < 0.25 {
		return // a label without contrast is no label
	}
	level := (float32(sy) - slope*float32(sx)) / float32(n)
	for i := range many {
		bright[i] = int16(max(-127, min(127, (float32(y[i])-level)/slope)))
	}
}

// confidence is how sure it is that the nearest is what is shown: it is near,
// and the next one is not. The numbers were chosen on pictures of other seeds
// than those of the tests.
func confidence(best, second float64) float64 {
	if math.IsInf(second, 1) {
		second = 2 * best
	}
	near := 1 / (1 + math.Exp((best-27.5)/3))
	alone := 1 / (1 + math.Exp(-((second-best)/best-0.16)/0.04))
	return math.Round(100*near*alone) / 100
}
