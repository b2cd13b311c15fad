// Package studio photographs labels as a hurried person does: askew, from too
// near, out of focus, in bad light, with a lamp in the glass and a kitchen
// behind. The tests of the classifier are made of such pictures, and the
// application has a few to try.
package studio

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Shot is how one picture is taken. Lengths are shares of the picture's side.
type Shot struct {
	Height       float64 // of the label
	X, Y         float64 // of its middle, from the picture's
	Angle        float64 // in radians
	TiltX, TiltY float64 // perspective: one side is so much shorter than the other
	Bend         float64 // how far round the bottle the label goes, in radians
	Light        float64 // 1: as it is
	Red, Blue    float64 // what the lamp adds to these, as factors
	Blur         float64 // in pixels of the picture
	Noise        float64 // of 255
	Glare        int     // lamps in the glass
	Quality      int     // of the JPEG
	isPlain      bool    // nothing behind but a wall
	die          *rand.Rand
}

// Conditions are families of shots. Plain has none of the others' faults.
var Conditions = []string{"plain", "rotation", "glare", "crop", "blur", "perspective", "noise", "background", "everything"}

// Take rolls a shot under a condition. What is said in the example's README of
// how far a condition goes stands here.
func Take(condition string, die *rand.Rand) Shot {
	within := func(lo, hi float64) float64 { return lo + (hi-lo)*die.Float64() }
	s := Shot{Height: within(0.7, 0.86), X: within(-0.03, 0.03), Y: within(-0.03, 0.03), Angle: within(-0.03, 0.03),
		Bend: within(0.5, 0.9), Light: within(0.92, 1.06), Red: 1, Blue: 1, Blur: 0.4, Noise: 2, Quality: 82, isPlain: true, die: die}
	every := condition == "everything"
	if condition == "rotation" || every {
		s.Angle = within(-0.2, 0.2)
	}
	if condition == "glare" || every {
		s.Glare = 1 + die.IntN(2)
	}
	if condition == "crop" || every && die.IntN(3) == 0 {
		s.Height = within(0.95, 1.1)
		s.X, s.Y = within(-0.09, 0.09), within(-0.09, 0.09)
	} else if every {
		s.Height, s.X, s.Y = within(0.6, 0.95), within(-0.07, 0.07), within(-0.07, 0.07)
	}
	if condition == "blur" || every {
		s.Blur = within(0.6, 1.8)
	}
	if condition == "perspective" || every {
		s.TiltX, s.TiltY, s.Bend = within(-0.16, 0.16), within(-0.12, 0.12), within(0.4, 1.3)
	}
	if condition == "noise" || every {
		s.Noise, s.Quality = within(5, 16), 60+die.IntN(25)
	}
	if condition == "background" || every {
		s.isPlain = false
		s.Light, s.Red, s.Blue = within(0.65, 1.2), within(0.9, 1.12), within(0.86, 1.08)
	}
	return s
}

// Photograph takes a picture of a label, so many pixels wide and high.
func (s Shot) Photograph(label image.Image, side int) *image.RGBA {
	src := toRGBA(label)
	scene := s.scene()
	const over = 2
	sums := make([][3]float64, side*side)
	for y := range side * over {
		for x := range side * over {
			c := s.ray(src, scene, (float64(x)+0.5)/float64(side*over)-0.5, (float64(y)+0.5)/float64(side*over)-0.5)
			at := &sums[y/over*side+x/over]
			for i := range c {
				at[i] += c[i] / (over * over)
			}
		}
	}
	return s.develop(blurred(sums, side, s.Blur), side)
}

// ray is the colour of one point of the picture.
func (s Shot) ray(label *image.RGBA, scene func(x, y float64) [3]float64, x, y float64) [3]float64 {
	sin, cos := math.Sin(-s.Angle), math.Cos(-s.Angle)
	dx, dy := x-s.X, y-s.Y
	a, b := (dx*cos-dy*sin)/(s.Height*0.75), (dx*sin+dy*cos)/s.Height
	u, v := a, b
	for range 6 { // undo the tilt, which a fixed point does
		u, v = a/(1-s.TiltX*v), b/(1+s.TiltY*u)
	}
	glass := 0.5 / math.Sin(s.Bend) // the bottle's radius, in widths of the label as it is seen
	if math.Abs(u) > glass*1.04 {
		return scene(x, y)
	}
	around := math.Asin(max(-1, min(1, u*math.Sin(s.Bend)*2*0.96)))
	shade := 0.55 + 0.45*math.Cos(around*0.9)
	if math.Abs(u) <= 0.5 && math.Abs(v) <= 0.5 {
		w := math.Asin(u*2*math.Sin(s.Bend)) / s.Bend / 2
		px, py := int((w+0.5)*float64(label.Rect.Dx())), int((v+0.5)*float64(label.Rect.Dy()))
		at := label.PixOffset(min(px, label.Rect.Dx()-1), min(py, label.Rect.Dy()-1))
		c := label.Pix[at:]
		return [3]float64{float64(c[0]) * (0.25 + 0.75*shade), float64(c[1]) * (0.25 + 0.75*shade), float64(c[2]) * (0.25 + 0.75*shade)}
	}
	edge := math.Pow(math.Abs(u)/glass, 6)
	return [3]float64{22*shade + 30*edge, 34*shade + 38*edge, 24*shade + 26*edge}
}

// scene is what is behind the bottle.
func (s Shot) scene() func(x, y float64) [3]float64 {
	base := [3]float64{150 + 80*s.die.Float64(), 150 + 70*s.die.Float64(), 140 + 80*s.die.Float64()}
	if s.isPlain {
		return func(x, y float64) [3]float64 {
			f := 1 - 0.2*y
			return [3]float64{base[0] * f, base[1] * f, base[2] * f}
		}
	}
	type thing struct {
		x, y, w, h float64
		c          [3]float64
		round      bool
	}
	var things []thing
	for range 5 + s.die.IntN(9) {
		c := [3]float64{255 * s.die.Float64(), 255 * s.die.Float64(), 255 * s.die.Float64()}
		things = append(things, thing{s.die.Float64() - 0.5, s.die.Float64() - 0.5, 0.06 + 0.3*s.die.Float64(), 0.06 + 0.4*s.die.Float64(), c, s.die.IntN(2) == 0})
	}
	planks, table := 8+30*s.die.Float64(), 0.1+0.5*s.die.Float64()
	return func(x, y float64) [3]float64 {
		c := base
		if y > table {
			grain := 0.75 + 0.15*math.Sin(planks*x*6+3*math.Sin(y*9))
			c = [3]float64{150 * grain, 104 * grain, 66 * grain}
		}
		for _, t := range things {
			dx, dy := (x-t.x)/t.w, (y-t.y)/t.h
			if t.round && dx*dx+dy*dy < 0.25 || !t.round && math.Abs(dx) < 0.5 && math.Abs(dy) < 0.5 {
				c = t.c
			}
		}
		return c
	}
}

// develop adds what light and the camera do.
func (s Shot) develop(sums [][3]float64, side int) *image.RGBA {
	type lamp struct{ x, y, rx, ry, power float64 }
	var lamps []lamp
	for range s.Glare {
		lamps = append(lamps, lamp{s.X + 0.5*(s.die.Float64()-0.5), s.Y + 0.7*(s.die.Float64()-0.5), 0.04 + 0.09*s.die.Float64(), 0.06 + 0.2*s.die.Float64(), 120 + 170*s.die.Float64()})
	}
	slope := 0.3 * (s.die.Float64() - 0.5)
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for i, c := range sums {
		x, y := float64(i%side)/float64(side)-0.5, float64(i/side)/float64(side)-0.5
		shine := 0.0
		for _, l := range lamps {
			dx, dy := (x-l.x)/l.rx, (y-l.y)/l.ry
			shine += l.power * math.Exp(-(dx*dx + dy*dy))
		}
		light := s.Light * (1 + slope*x)
		noise := func() float64 { return s.Noise * s.die.NormFloat64() }
		m.SetRGBA(i%side, i/side, color.RGBA{
			clamp(c[0]*light*s.Red + shine + noise()), clamp(c[1]*light + shine + noise()), clamp(c[2]*light*s.Blue + shine + noise()), 255,
		})
	}
	return m
}

func clamp(x float64) uint8 { return uint8(max(0, min(255, x))) }

// blurred spreads each point over its neighbours, as a lens out of focus does.
func blurred(sums [][3]float64, side int, sigma float64) [][3]float64 {
	n := int(math.Ceil(2.5 * sigma))
	weights := make([]float64, 2*n+1)
	total := 0.0
	for i := range weights {
		d := float64(i - n)
		weights[i] = math.Exp(-d * d / (2 * sigma * sigma))
		total += weights[i]
	}
	pass := func(in [][3]float64, dx, dy int) [][3]float64 {
		out := make([][3]float64, len(in))
		for i := range in {
			for j, w := range weights {
				x, y := i%side+dx*(j-n), i/side+dy*(j-n)
				from := in[max(0, min(side-1, y))*side+max(0, min(side-1, x))]
				for k := range from {
					out[i][k] += from[k] * w / total
				}
			}
		}
		return out
	}
	return pass(pass(sums, 1, 0), 0, 1)
}

// JPEG writes a picture as a page sends it: the text of a JPEG file.
func (s Shot) JPEG(m image.Image) string {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: s.Quality}); err != nil {
		panic("studio: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func toRGBA(m image.Image) *image.RGBA {
	if rgba, ok := m.(*image.RGBA); ok {
		return rgba
	}
	rgba := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	for y := range rgba.Rect.Dy() {
		for x := range rgba.Rect.Dx() {
			rgba.Set(x, y, m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y))
		}
	}
	return rgba
}
