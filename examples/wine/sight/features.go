//go:build !wasip1

package sight

import (
	"image"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
	"github.com/martinelli-lang/martinelli/examples/wine/label"
)

//go:generate go run ./generate

// Features draws the labels of the catalogue and returns what is kept of them.
func Features() []byte {
	var b []byte
	for _, w := range catalogue.All() {
		b = append(b, featuresOf(label.Draw(w, 320))...)
	}
	return b
}

func featuresOf(m image.Image) []byte {
	p := sum(m)
	var bright, colour []byte
	for i := range many {
		v := p.cell(i%manyX, i/manyX, manyX, manyY)
		bright = append(bright, byte(v[0]))
	}
	for i := range few {
		v := p.cell(i%fewX, i/fewX, fewX, fewY)
		colour = append(colour, byte(v[1]), byte(v[2]))
	}
	return append(bright, colour...)
}

// cell is one of the cells that a whole picture is divided into.
func (p *planes) cell(x, y, nx, ny int) [3]int32 {
	half := float32(p.h) / float32(ny) / 2
	v, _ := p.mean((float32(x)+0.5)*float32(p.w)/float32(nx), (float32(y)+0.5)*float32(p.h)/float32(ny), half)
	return v
}
