// Package sight tells which wine a photograph shows: it compares the colours
// of a label, cell by cell, with those of every label of the catalogue.
//
// Where in the picture the label is, is not known, so the comparison is made
// at some hundred places, sizes and angles, with few cells, and in each of them
// only with labels whose perceptual hash is near; the best are then turned and tilted until they fit, with many. Brightness is compared
// after its mean and its spread are taken out, and a cell that differs very
// much, as glare does, counts no more than one that differs much.
//
// It is a function of the picture alone, and its work is bounded by the size of
// the picture; README.md of the example has the figures.
package sight

import (
	_ "embed"
	"math"
	"math/bits"
	"strconv"
)

// Match is what a picture shows.
type Match struct {
	Wine       string  // "" if it shows no wine of the catalogue
	Confidence float64 // 0 to 1; below Sure there is no wine
}

// Sure is the confidence that a wine has at least.
const Sure = 0.5

// Cells of a label: few to look everywhere, many to look closely.
const (
	fewX, fewY   = 6, 8
	manyX, manyY = 12, 16
	few          = fewX * fewY
	many         = manyX * manyY
)

// The catalogue's labels, as Features writes them: of each wine the brightness
// of many cells, then the two colours of few.
//
//go:embed labels.bin
var features string

const wineBytes = many + 2*few

// spread is the spread that brightness is brought to.
const spread = 40

// known is the labels of the catalogue, made ready for comparing.
type known struct {
	fine   []int16 // brightness, of each wine many
	coarse []int16 // of each wine few times brightness and the colours
	colour []int16 // of each wine few times the colours
	hashes []hash
}

// hash is a label in three bits a cell: is it brighter than the mean, is it
// blue, is it red. Most bits stay as they are when a picture is taken badly, so
// that few labels are near in bits, and only those are compared (after the
// average hash of N. Krawetz, 2011).
type hash [3]uint64

func hashOf(cells *[few * 3]int16) (h hash) {
	for i := range few {
		for plane := range h {
			if cells[3*i+plane] > 0 {
				h[plane] |= 1 << i
			}
		}
	}
	return h
}

// differs is in how many bits two hashes differ.
func (h *hash) differs(g *hash) int {
	return bits.OnesCount64(h[0]^g[0]) + bits.OnesCount64(h[1]^g[1]) + bits.OnesCount64(h[2]^g[2])
}

func ready(features string) *known {
	n := len(features) / wineBytes
	k := &known{fine: make([]int16, n*many), coarse: make([]int16, n*few*3), colour: make([]int16, n*few*2), hashes: make([]hash, n)}
	for w := range n {
		b := features[w*wineBytes:]
		var y [many]int32
		var all, fourth [many]bool
		for i := range y {
			y[i], all[i] = int32(b[i]), true
		}
		level(y[:], all[:], k.fine[w*many:][:many])
		for i := range few {
			x, row := i%fewX*2, i/fewX*2
			at := row*manyX + x
			y[i] = int32(b[at]) + int32(b[at+1]) + int32(b[at+manyX]) + int32(b[at+manyX+1])
			y[i] /= 4
			fourth[i] = true
		}
		var bright [few]int16
		level(y[:few], fourth[:few], bright[:])
		for i := range few {
			cb, cr := int16(b[many+2*i])-128, int16(b[many+2*i+1])-128
			k.colour[(w*few+i)*2], k.colour[(w*few+i)*2+1] = cb, cr
			at := (w*few + i) * 3
			k.coarse[at], k.coarse[at+1], k.coarse[at+2] = bright[i], cb, cr
		}
		k.hashes[w] = hashOf((*[few * 3]int16)(k.coarse[w*few*3:]))
	}
	return k
}

// level takes the mean and the spread out of brightness. It returns false
// where there is nothing to see: one brightness, or hardly any cells.
func level(y []int32, isThere []bool, out []int16) bool {
	var n, sum, squares int32
	for i, v := range y {
		if isThere[i] {
			n, sum, squares = n+1, sum+v, squares+v*v
		}
	}
	if n < int32(len(y))*2/3 {
		return false
	}
	mean := sum / n
	variance := squares/n - mean*mean
	if variance < 30 {
		return false
	}
	scale := int32(spread * 256 / math.Sqrt(float64(variance)))
	for i, v := range y {
		out[i] = int16(max(-127, min(127, (v-mean)*scale>>8)))
	}
	return true
}

// pose is where in a picture a label is, in shares of the picture's height.
type pose struct {
	x, y   float32 // of the middle, from the picture's middle
	height float32
	angle  float32 // in radians
	tiltX  float32 // how much narrower the bottom is than the top
	tiltY  float32 // how much lower the right side is than the left
	wide   float32 // how much wider it is than a label is
}

// grid is the places of the cells of a label in one picture.
type grid struct {
	p      *planes
	ox, oy float32
	ux, uy float32 // along the label's width
	vx, vy float32 // along its height
	tx, ty float32
	size   float32
}

func (p *planes) grid(at pose) grid {
	size := float32(min(p.w, p.h))
	h := at.height * size
	w := h * 3 / 4 * (1 + at.wide)
	sin, cos := float32(math.Sin(float64(at.angle))), float32(math.Cos(float64(at.angle)))
	return grid{
		p: p, ox: float32(p.w)/2 + at.x*size, oy: float32(p.h)/2 + at.y*size,
		ux: w * cos, uy: w * sin, vx: -h * sin, vy: h * cos, tx: at.tiltX, ty: at.tiltY, size: h,
	}
}

// look returns a cell, by its middle in shares of the label from its own.
func (g *grid) look(u, v, half float32) ([3]int32, bool) {
	a, b := u*(1-g.tx*v), v*(1+g.ty*u)
	return g.p.mean(g.ox+a*g.ux+b*g.vx, g.oy+a*g.uy+b*g.vy, half)
}

// Find tells which wine a picture, base64 of a JPEG or PNG file, shows. The
// error says why it is no picture.
func Find(picture string) (Match, error) {
	p, err := decode(picture)
	if err != nil {
		return Match{}, err
	}
	return find(p), nil
}

func find(p *planes) Match {
	s := newSearch(p, ready(features))
	s.everywhere()
	return matchOf(s.closely())
}

// matchOf judges the two wines that fit best.
func matchOf(best, second candidate) Match {
	if best.wine < 0 {
		return Match{}
	}
	m := Match{Confidence: confidence(best.distance, second.distance)}
	if m.Confidence >= Sure {
		m.Wine = idOf(best.wine)
	}
	return m
}

func idOf(wine int) string { return "w" + strconv.Itoa(1001 + wine)[1:] }
