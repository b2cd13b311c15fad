package studio

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"
)

// TestPhotograph: the same die takes the same picture, and a page's limit on
// an event has room for it.
func TestPhotograph(t *testing.T) {
	label := image.NewRGBA(image.Rect(0, 0, 30, 40))
	for _, c := range Conditions {
		taken := func() (Shot, *image.RGBA) {
			s := Take(c, rand.New(rand.NewPCG(1, 2)))
			return s, s.Photograph(label, 40)
		}
		s, a := taken()
		if _, b := taken(); !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("%s: two pictures of one die differ", c)
		}
		if n := len(s.JPEG(s.Photograph(label, 160))); n > 60<<10 {
			t.Errorf("%s: %d bytes", c, n)
		}
	}
}
