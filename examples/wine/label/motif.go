package label

import (
	"image/color"
	"math"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
)

// A motif is the picture on a label. Most are drawn by what was measured of
// the wine, so that two of one family differ as the wines do.
var motifs = []func(artist, box){
	artist.hills, artist.rose, artist.tiles, artist.grapes, artist.rays, artist.rows, artist.shield, artist.rings, artist.tower,
}

// hills: the sun over the Langhe.
func (a artist) hills(b box) {
	sun := point{b.x + b.w*(0.2+0.6*a.share(9)), b.y + b.h*(0.42-0.2*a.share(0))}
	a.d.circle(sun, b.w*(0.11+0.07*a.share(12)), a.p.second)
	for i := range 3 {
		base := b.y + b.h*(0.45+0.17*float64(i))
		phase, waves := a.die.Float64()*6, 1.2+a.die.Float64()*1.6
		a.d.fill([]rgba{a.p.main, a.p.ink, a.p.second}[(i+len(a.w.Place))%3], func(o outline) {
			o.move(point{b.x, b.y + b.h})
			for s := range 61 {
				t := float64(s) / 60
				o.line(point{b.x + b.w*t, base + b.h*0.11*math.Sin(phase+t*waves*math.Pi)})
			}
			o.line(point{b.x + b.w, b.y + b.h})
			o.close()
		})
	}
}

// rose: a petal for each of the thirteen measurements.
func (a artist) rose(b box) {
	c, r := b.middle(), min(b.w, b.h)/2
	a.d.ring(c, r, 1.2, a.p.ink)
	for j := range catalogue.Attributes {
		angle := 2*math.Pi*float64(j)/catalogue.Attributes - math.Pi/2
		length := r * (0.34 + 0.62*a.share(j))
		tint := []rgba{a.p.main, a.p.second, a.p.ink}[j%3]
		a.d.fill(tint, func(o outline) {
			o.move(c)
			o.quad(turn(c, length*0.7, angle-0.36), turn(c, length, angle))
			o.quad(turn(c, length*0.7, angle+0.36), c)
			o.close()
		})
	}
	a.d.circle(c, r*0.12, a.p.paper)
}

// tiles: quarters of circles, as on a floor.
func (a artist) tiles(b box) {
	const n = 4
	side := min(b.w, b.h) / n
	left, top := b.x+(b.w-side*n)/2, b.y+(b.h-side*n)/2
	for i := range n * n {
		x, y := left+float64(i%n)*side, top+float64(i/n)*side
		tints := []rgba{a.p.main, a.p.second, a.p.ink, a.p.paper}
		ground, figure := a.die.IntN(4), a.die.IntN(3)
		if figure >= ground {
			figure++
		}
		a.d.rect(x, y, side, side, tints[ground])
		corner := a.die.IntN(4)
		c := point{x + side*float64(corner%2), y + side*float64(corner/2)}
		from := [4]float64{0, math.Pi / 2, -math.Pi / 2, math.Pi}[corner]
		a.d.fill(tints[figure], func(o outline) {
			o.move(c)
			o.arc(c, side, from, from+math.Pi/2)
			o.close()
		})
	}
}

// grapes: a bunch, some of it ripe.
func (a artist) grapes(b box) {
	r := min(b.w/10.5, b.h/13.2)
	c := b.middle()
	for row, n := range []int{4, 5, 4, 3, 2, 1} {
		for i := range n {
			p := point{c.x + (float64(i)-float64(n-1)/2)*2.06*r, b.y + 3.2*r + float64(row)*1.78*r}
			if a.die.Float64() < 0.25+0.6*a.share(9) {
				a.d.circle(p, r, a.p.main)
				a.d.circle(point{p.x - r*0.3, p.y - r*0.3}, r*0.22, a.p.paper)
			} else {
				a.d.circle(p, r, a.p.second)
			}
		}
	}
	a.d.stroke(point{c.x, b.y + 2.6*r}, point{c.x + r*0.6, b.y}, 3.4, a.p.ink)
	side := float64(a.die.IntN(2)*2 - 1)
	a.d.fill(a.p.ink, func(o outline) {
		stem := point{c.x + r*0.4, b.y + r}
		o.move(stem)
		o.cube(point{stem.x + side*r*1.2, stem.y - r*1.8}, point{stem.x + side*r*3, stem.y - r}, point{stem.x + side*r*3.9, stem.y + r*0.4})
		o.cube(point{stem.x + side*r*2.6, stem.y + r*1.2}, point{stem.x + side*r*1, stem.y + r}, stem)
		o.close()
	})
}

// rays: a sun that rises behind the name.
func (a artist) rays(b box) {
	c := point{b.x + b.w/2, b.y + b.h*0.94}
	n := 7 + 2*a.die.IntN(7)
	r := min(b.w/2, b.h*0.9)
	for i := range n {
		from := math.Pi + math.Pi*float64(i)/float64(n)
		to := from + math.Pi/float64(n)
		tint := []rgba{a.p.main, a.p.second}[i%2]
		length := r * (0.72 + 0.28*a.share(i%catalogue.Attributes))
		a.d.fill(tint, func(o outline) {
			o.polygon(c, turn(c, length, from+0.01), turn(c, length, to-0.01))
		})
	}
	a.d.fill(a.p.ink, func(o outline) {
		o.move(c)
		o.arc(c, r*(0.22+0.22*a.share(0)), math.Pi, 2*math.Pi)
		o.close()
	})
	a.d.rect(b.x, c.y, b.w, 2.4, a.p.ink)
}

// rows: vines that run to the horizon.
func (a artist) rows(b box) {
	horizon := b.y + b.h*(0.25+0.25*a.share(2))
	eye := point{b.x + b.w*(0.15+0.7*a.die.Float64()), horizon}
	n := 5 + a.die.IntN(5)
	a.d.rect(b.x, horizon, b.w, b.y+b.h-horizon, a.p.second)
	for i := range n {
		l := b.x + b.w*float64(2*i)/float64(2*n-1)
		a.d.fill(a.p.main, func(o outline) {
			o.polygon(eye, point{l + b.w/float64(2*n-1), b.y + b.h}, point{l, b.y + b.h})
		})
	}
	a.d.rect(b.x, horizon-2, b.w, 2.4, a.p.ink)
	a.d.circle(point{b.x + b.w*(0.9-0.8*a.share(6)), b.y + b.h*0.13}, b.h*0.1, a.p.ink)
	for i := range 3 {
		x := b.x + b.w*(0.12+0.3*float64(i)) + 14*a.die.Float64()
		a.d.fill(a.p.ink, func(o outline) {
			o.move(point{x, horizon})
			o.quad(point{x + 6, horizon - b.h*0.3}, point{x + 12, horizon})
			o.close()
		})
	}
}

// shield: arms, quartered.
func (a artist) shield(b box) {
	w, h := min(b.w, b.h*0.84), b.h
	x, y := b.x+(b.w-w)/2, b.y
	trace := func(grow float64) func(o outline) {
		return func(o outline) {
			o.move(point{x - grow, y - grow})
			o.line(point{x + w + grow, y - grow})
			o.line(point{x + w + grow, y + h*0.5})
			o.cube(point{x + w + grow, y + h*0.8}, point{x + w*0.7, y + h*0.92}, point{x + w/2, y + h + grow})
			o.cube(point{x + w*0.3, y + h*0.92}, point{x - grow, y + h*0.8}, point{x - grow, y + h*0.5})
			o.close()
		}
	}
	a.d.fill(a.p.ink, trace(0))
	x, y, w, h = x+4, y+4, w-8, h-9
	a.d.fill(a.p.second, trace(0))
	switch a.die.IntN(4) {
	case 0:
		a.d.rect(x, y, w/2, h*0.46, a.p.main)
		a.d.rect(x+w/2, y+h*0.46, w*0.36, h*0.3, a.p.main)
	case 1:
		a.d.rect(x, y+h*0.3, w, h*0.2, a.p.main)
		a.d.rect(x, y+h*0.56, w, h*0.06, a.p.ink)
	case 2:
		a.d.fill(a.p.main, func(o outline) {
			o.polygon(point{x, y}, point{x + w*0.35, y}, point{x + w, y + h*0.42}, point{x + w, y + h*0.6})
		})
	default:
		a.d.rect(x+w*0.38, y, w*0.24, h*0.9, a.p.main)
		a.d.rect(x, y+h*0.28, w, h*0.2, a.p.main)
	}
	a.star(point{x + w*(0.25+0.5*float64(a.die.IntN(2))), y + h*0.22}, w*0.14, 5+a.die.IntN(4))
	if a.die.IntN(2) == 0 {
		a.star(point{x + w*0.5, y + h*0.7}, w*0.13, 5+a.die.IntN(4))
	}
}

// star draws a star with so many points.
func (a artist) star(c point, r float64, n int) {
	a.d.fill(a.p.paper, func(o outline) {
		for i := range 2 * n {
			length := r
			if i%2 == 1 {
				length = r * 0.45
			}
			p := turn(c, length, math.Pi*float64(i)/float64(n)-math.Pi/2)
			if i == 0 {
				o.move(p)
			}
			o.line(p)
		}
		o.close()
	})
}

// rings: the years of a vine, each as wide as something measured.
func (a artist) rings(b box) {
	c, r := b.middle(), min(b.w, b.h)/2
	c.x += r * 0.1 * (a.die.Float64() - 0.5)
	for j := range 7 {
		tint := []rgba{a.p.main, a.p.paper, a.p.second, a.p.ink}[(j+int(a.w.Vintage))%4]
		a.d.circle(c, r, tint)
		r -= min(b.w, b.h) / 2 * (0.06 + 0.13*a.share(j))
		c.x += 3 * (a.die.Float64() - 0.5)
		c.y += 3 * (a.die.Float64() - 0.5)
	}
}

// tower: a castle on its hill.
func (a artist) tower(b box) {
	foot := b.y + b.h*0.8
	a.d.circle(point{b.x + b.w*(0.15+0.7*a.die.Float64()), b.y + b.h*0.25}, b.h*(0.1+0.12*a.share(12)), a.p.second)
	x := b.x + b.w*0.14
	for range 3 {
		w, h := b.w*(0.12+0.14*a.die.Float64()), b.h*(0.28+0.42*a.die.Float64())
		a.d.rect(x, foot-h, w, h, a.p.main)
		if a.die.IntN(2) == 0 {
			for i := range 3 {
				a.d.rect(x+w*float64(i)*0.39, foot-h-w*0.2, w*0.22, w*0.22, a.p.main)
			}
		} else {
			a.d.fill(a.p.ink, func(o outline) {
				o.polygon(point{x - 3, foot - h}, point{x + w/2, foot - h - w*0.7}, point{x + w + 3, foot - h})
			})
		}
		a.d.rect(x+w*0.4, foot-h*0.7, w*0.2, h*0.18, a.p.paper)
		x += w + b.w*0.03
	}
	a.d.fill(a.p.ink, func(o outline) {
		o.move(point{b.x, b.y + b.h})
		o.quad(point{b.x + b.w*(0.3+0.4*a.die.Float64()), b.y + b.h*0.62}, point{b.x + b.w, b.y + b.h})
		o.close()
	})
}

type rgba = color.RGBA
