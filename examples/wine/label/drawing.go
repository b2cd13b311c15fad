// Package label draws the label of a wine. What is drawn follows from the
// wine alone, so that nobody keeps pictures: who needs one has it made.
package label

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// Width and Height are the space a label is drawn in, whatever the size of
// the picture.
const (
	Width  = 300
	Height = 400
)

type point struct{ x, y float64 }

// drawing is a picture that is filled shape by shape.
type drawing struct {
	img   *image.RGBA
	scale float64
	r     *vector.Rasterizer
	path  []segment // of the shape that is being filled
}

func newDrawing(height int, paper color.RGBA) *drawing {
	scale := float64(height) / Height
	d := &drawing{img: image.NewRGBA(image.Rect(0, 0, int(Width*scale), height)), scale: scale}
	d.r = vector.NewRasterizer(0, 0)
	d.rect(0, 0, Width, Height, paper)
	return d
}

// fill paints what the outline holds, which trace draws. Only the pixels
// around it are looked at.
func (d *drawing) fill(c color.RGBA, trace func(o outline)) {
	o := outline{scale: d.scale, path: &d.path}
	d.path = d.path[:0]
	trace(o)
	around := o.bounds().Intersect(d.img.Rect)
	if around.Empty() {
		return
	}
	d.r.Reset(around.Dx(), around.Dy())
	for _, s := range d.path {
		s.draw(d.r, float32(around.Min.X), float32(around.Min.Y))
	}
	d.r.Draw(d.img, around, image.NewUniform(c), image.Point{})
}

// segment is a step of an outline, in pixels: to its last point, along
// curves by way of those before. None at all closes it.
type segment struct {
	isMove bool
	n      int
	p      [3][2]float32
}

func (s segment) draw(r *vector.Rasterizer, x, y float32) {
	p := s.p
	for i := range p {
		p[i][0] -= x
		p[i][1] -= y
	}
	switch {
	case s.isMove:
		r.MoveTo(p[0][0], p[0][1])
	case s.n == 0:
		r.ClosePath()
	case s.n == 1:
		r.LineTo(p[0][0], p[0][1])
	case s.n == 2:
		r.QuadTo(p[0][0], p[0][1], p[1][0], p[1][1])
	case s.n == 3:
		r.CubeTo(p[0][0], p[0][1], p[1][0], p[1][1], p[2][0], p[2][1])
	}
}

// outline is the edge of a shape; what turns the other way is a hole.
type outline struct {
	scale float64
	path  *[]segment
}

func (o outline) add(isMove bool, points ...point) {
	s := segment{isMove: isMove, n: len(points)}
	for i, p := range points {
		s.p[i] = [2]float32{float32(p.x * o.scale), float32(p.y * o.scale)}
	}
	*o.path = append(*o.path, s)
}

func (o outline) move(p point)       { o.add(true, p) }
func (o outline) line(p point)       { o.add(false, p) }
func (o outline) quad(a, p point)    { o.add(false, a, p) }
func (o outline) cube(a, b, p point) { o.add(false, a, b, p) }
func (o outline) close()             { o.add(false) }

// bounds are the pixels that the outline may touch.
func (o outline) bounds() image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, s := range *o.path {
		for _, p := range s.p[:s.n] {
			x0, x1 = min(x0, float64(p[0])), max(x1, float64(p[0]))
			y0, y1 = min(y0, float64(p[1])), max(y1, float64(p[1]))
		}
	}
	if x0 > x1 {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1))+1, int(math.Ceil(y1))+1)
}

func (o outline) polygon(points ...point) {
	o.move(points[0])
	for _, p := range points[1:] {
		o.line(p)
	}
	o.close()
}

// arc continues with a part of a circle, in steps too short to be seen.
func (o outline) arc(c point, r, from, to float64) {
	const steps = 40
	for i := range steps + 1 {
		a := from + (to-from)*float64(i)/steps
		o.line(point{c.x + r*math.Cos(a), c.y + r*math.Sin(a)})
	}
}

func (o outline) circle(c point, r float64) {
	o.move(point{c.x + r, c.y})
	o.arc(c, r, 0, 2*math.Pi)
	o.close()
}

func (d *drawing) rect(x, y, w, h float64, c color.RGBA) {
	d.fill(c, func(o outline) { o.polygon(point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h}) })
}

func (d *drawing) circle(c point, r float64, fill color.RGBA) {
	d.fill(fill, func(o outline) { o.circle(c, r) })
}

func (d *drawing) ring(c point, r, width float64, fill color.RGBA) {
	d.fill(fill, func(o outline) {
		o.circle(c, r)
		o.move(point{c.x + r - width, c.y})
		o.arc(c, r-width, 2*math.Pi, 0)
		o.close()
	})
}

// stroke draws a line of a width.
func (d *drawing) stroke(a, b point, width float64, c color.RGBA) {
	length := math.Hypot(b.x-a.x, b.y-a.y)
	n := point{-(b.y - a.y) / length * width / 2, (b.x - a.x) / length * width / 2}
	d.fill(c, func(o outline) {
		o.polygon(point{a.x + n.x, a.y + n.y}, point{b.x + n.x, b.y + n.y}, point{b.x - n.x, b.y - n.y}, point{a.x - n.x, a.y - n.y})
	})
}

// frame draws the edge of a rectangle.
func (d *drawing) frame(x, y, w, h, width float64, c color.RGBA) {
	d.rect(x, y, w, width, c)
	d.rect(x, y+h-width, w, width, c)
	d.rect(x, y, width, h, c)
	d.rect(x+w-width, y, width, h, c)
}
