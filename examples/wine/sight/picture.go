package sight

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/draw"
	_ "image/jpeg" // what a picture may be
	_ "image/png"
)

// Limits of a picture, held to before anything is decoded.
const (
	sideMin = 32
	SideMax = 320 // pixels; a page shrinks what a camera takes to Side
	Side    = 160
)

// Errors about pictures.
var (
	errText  = errors.New("a picture is base64 of a JPEG or PNG file")
	errKind  = errors.New("this is neither a JPEG nor a PNG file")
	errSmall = errors.New("a picture has at least 32 pixels a side")
	errLarge = errors.New("a picture has at most 320 pixels a side: shrink it to 160")
)

// planes is a picture as sums: of brightness and two colours, each entry the
// sum of all pixels above and left of it. So the mean of any box takes four
// looks, however large it is (Crow, 1984).
type planes struct {
	w, h int
	sums []int32 // (w+1) x (h+1), of each place three
}

// decode reads a picture from base64.
func decode(text string) (*planes, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errText
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil:
		return nil, errKind
	case cfg.Width < sideMin || cfg.Height < sideMin:
		return nil, errSmall
	case cfg.Width > SideMax || cfg.Height > SideMax:
		return nil, errLarge
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errKind
	}
	return sum(m), nil
}

// sum sums a picture up.
func sum(m image.Image) *planes {
	b := m.Bounds()
	p := &planes{w: b.Dx(), h: b.Dy()}
	p.sums = make([]int32, 3*(p.w+1)*(p.h+1))
	if y, ok := m.(*image.YCbCr); ok {
		p.add(func(x, row int) (int32, int32, int32) {
			at := y.COffset(b.Min.X+x, b.Min.Y+row)
			return int32(y.Y[y.YOffset(b.Min.X+x, b.Min.Y+row)]), int32(y.Cb[at]), int32(y.Cr[at])
		})
		return p
	}
	rgba, ok := m.(*image.RGBA)
	if !ok {
		rgba = image.NewRGBA(image.Rect(0, 0, p.w, p.h))
		draw.Draw(rgba, rgba.Rect, m, b.Min, draw.Src)
	}
	p.add(func(x, row int) (int32, int32, int32) {
		c := rgba.Pix[row*rgba.Stride+4*x:]
		return brightness(int32(c[0]), int32(c[1]), int32(c[2]))
	})
	return p
}

// brightness turns red, green and blue into what JPEG stores.
func brightness(r, g, b int32) (y, cb, cr int32) {
	return (19595*r + 38470*g + 7471*b) >> 16, (-11056*r-21712*g+32768*b)>>16 + 128, (32768*r-27440*g-5328*b)>>16 + 128
}

func (p *planes) add(pixel func(x, y int) (int32, int32, int32)) {
	stride := p.w + 1
	for y := range p.h {
		var row [3]int32
		for x := range p.w {
			a, b, c := pixel(x, y)
			row[0], row[1], row[2] = row[0]+a, row[1]+b, row[2]+c
			at := 3 * ((y+1)*stride + x + 1)
			for i := range row {
				p.sums[at+i] = p.sums[at-3*stride+i] + row[i]
			}
		}
	}
}

// mean is what the box around a point has on the average, or false where the
// point lies outside of the picture.
func (p *planes) mean(x, y, half float32) (v [3]int32, ok bool) {
	if x < 0 || y < 0 || x >= float32(p.w) || y >= float32(p.h) {
		return v, false
	}
	x0, x1 := max(0, int(x-half+0.5)), min(p.w, int(x+half+0.5))
	y0, y1 := max(0, int(y-half+0.5)), min(p.h, int(y+half+0.5))
	if x1 <= x0 {
		x0, x1 = int(x), int(x)+1
	}
	if y1 <= y0 {
		y0, y1 = int(y), int(y)+1
	}
	stride := p.w + 1
	share := 1 / float32((x1-x0)*(y1-y0))
	a, b := (*[3]int32)(p.sums[3*(y0*stride+x0):]), (*[3]int32)(p.sums[3*(y0*stride+x1):])
	c, d := (*[3]int32)(p.sums[3*(y1*stride+x0):]), (*[3]int32)(p.sums[3*(y1*stride+x1):])
	v[0] = int32(float32(d[0]-c[0]-b[0]+a[0])*share + 0.5)
	v[1] = int32(float32(d[1]-c[1]-b[1]+a[1])*share + 0.5)
	v[2] = int32(float32(d[2]-c[2]-b[2]+a[2])*share + 0.5)
	return v, true
}
