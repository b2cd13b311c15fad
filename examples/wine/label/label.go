package label

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
)

// palette is the inks of a label.
type palette struct{ paper, ink, main, second, third color.RGBA }

func ink(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

func inks(paper, text, main, second, third uint32) palette {
	return palette{ink(paper), ink(text), ink(main), ink(second), ink(third)}
}

// palettes of the three grapes: brick and garnet, straw and sage, plum and ink.
var palettes = [3][8]palette{
	{
		inks(0xF4EBDC, 0x3A1712, 0x8C2B22, 0xC9793F, 0xE4B363), inks(0x6E1B1B, 0xF6E7CF, 0xE0A458, 0xB5452F, 0x3F0E10),
		inks(0xF7F2E8, 0x2B2320, 0xB23A2B, 0x2F4B4F, 0xD9C4A0), inks(0x1D1A1B, 0xE8CFA4, 0xD4624C, 0xD49A5B, 0x5B2A26),
		inks(0xEFD9C0, 0x4A1D16, 0xC4502F, 0x7B2D26, 0xF3B67A), inks(0xFBF8F1, 0x5A1620, 0x9E2A3A, 0xE3A28F, 0x6B4A3A),
		inks(0xC98A4B, 0x2A120C, 0x7A1F1C, 0xF1D9A7, 0x41211A), inks(0xECE3D4, 0x1F2A36, 0xA5382C, 0x34495E, 0xD6A24A),
	},
	{
		inks(0xF8F4E3, 0x2F3A2C, 0x6E8B5B, 0xD8A24A, 0xB9C7A0), inks(0xDDE5D3, 0x24352A, 0x3F6B4F, 0xE08E6D, 0xF3EBD7),
		inks(0xF9E9E1, 0x5A2A2F, 0xD9776C, 0x8FA98F, 0xF0BFA8), inks(0x2F4A3C, 0xF2E8CC, 0xD9B65A, 0x86A873, 0x1C2E26),
		inks(0xFFFDF6, 0x27343B, 0x4F8A8B, 0xEAC26B, 0xB6D3CB), inks(0xF0E2B6, 0x3B331C, 0xB4832A, 0x5D7052, 0xE8C56A),
		inks(0xE9C1B0, 0x43201F, 0xB04A4A, 0xF8E8DA, 0x7C8B6F), inks(0xE6EEF0, 0x1F3440, 0x2F7A8C, 0xD6705A, 0xA9C9D1),
	},
	{
		inks(0xF3EEF2, 0x2A1730, 0x5B2A6B, 0xC06C84, 0xB9A3C9), inks(0x2C1836, 0xF1E2F0, 0xC58BB5, 0x7D4C94, 0xE7B75F),
		inks(0xF6F1E7, 0x1E2038, 0x2F3A75, 0xB8496B, 0xC9CBE0), inks(0x17203A, 0xE9DFC6, 0x6E7FC0, 0xC9A24B, 0x2F4A80),
		inks(0xEADDE6, 0x3C1030, 0x8E2C5E, 0x3E3A6E, 0xE7A5BE), inks(0xFBF7F4, 0x301A26, 0x6A1F47, 0x6C8AA5, 0xDCC6B4),
		inks(0xA9486E, 0xFFF3EA, 0x4B1237, 0xF2B8A6, 0x2A0B22), inks(0xDADDE8, 0x1B1D33, 0x41479B, 0x7A2F57, 0xA6AED6),
	},
}

// Draw draws the label of a wine, so many pixels high and three quarters as
// wide. The same wine has the same label, on every machine of one kind. It
// takes some milliseconds at 640.
func Draw(w catalogue.Wine, height int) *image.RGBA {
	number, err := strconv.Atoi(w.ID[1:])
	if err != nil {
		panic("label: " + w.ID + " is no id of the catalogue")
	}
	p := palettes[w.Cultivar][(number/len(motifs))%8]
	d := newDrawing(height, p.paper)
	a := artist{d: d, p: p, w: w, die: rand.New(rand.NewPCG(uint64(number), 7))}
	layouts[number%len(layouts)](a, motifs[number%len(motifs)])
	return d.img
}

// artist is who draws one label.
type artist struct {
	d   *drawing
	p   palette
	w   catalogue.Wine
	die *rand.Rand
}

// box is where a motif goes.
type box struct{ x, y, w, h float64 }

func (b box) middle() point { return point{b.x + b.w/2, b.y + b.h/2} }

var layouts = []func(a artist, motif func(artist, box)){artist.classic, artist.modern, artist.banner, artist.window, artist.tall}

func (a artist) year() string { return strconv.Itoa(a.w.Vintage) }

// classic: a frame, the picture above, everything centred.
func (a artist) classic(motif func(artist, box)) {
	a.d.frame(12, 12, 276, 376, 2.2, a.p.ink)
	a.d.frame(17, 17, 266, 366, 0.8, a.p.ink)
	motif(a, box{55, 36, 190, 172})
	a.d.text(line{strings.ToUpper(a.w.Estate), caps, 17, 2.2}, 150, 243, 235, a.p.ink)
	a.d.stroke(point{120, 256}, point{180, 256}, 1, a.p.main)
	a.d.text(line{a.w.Grape, dunhill, 46, 0.5}, 150, 305, 235, a.p.main)
	a.d.text(line{a.w.Place, italic, 20, 0}, 150, 334, 235, a.p.ink)
	a.d.text(line{a.year(), roman, 22, 5}, 150, 366, 235, a.p.ink)
}

// modern: the picture to all edges above, small letters below.
func (a artist) modern(motif func(artist, box)) {
	a.d.rect(0, 0, Width, 250, a.p.third)
	motif(a, box{35, 18, 230, 214})
	a.d.rect(0, 250, Width, 5, a.p.main)
	a.d.text(line{a.w.Grape, sans, 44, 0}, 150, 306, 264, a.p.ink)
	a.d.text(line{a.w.Estate + ", " + a.w.Place, sans, 17, 0.6}, 150, 336, 264, a.p.ink)
	a.d.text(line{a.year(), sans, 26, 8}, 150, 376, 264, a.p.main)
}

// banner: a band of colour with the grape across the middle.
func (a artist) banner(motif func(artist, box)) {
	motif(a, box{60, 14, 180, 158})
	a.d.rect(0, 188, Width, 84, a.p.main)
	a.d.rect(0, 192, Width, 1.2, a.p.paper)
	a.d.rect(0, 266.8, Width, 1.2, a.p.paper)
	a.d.text(line{a.w.Grape, roman, 54, 0}, 150, 248, 262, a.p.paper)
	a.d.text(line{a.w.Estate, italic, 27, 0}, 150, 312, 258, a.p.ink)
	a.d.text(line{strings.ToUpper(a.w.Place), caps, 15, 3.5}, 150, 340, 250, a.p.ink)
	a.d.text(line{a.year(), dunhill, 28, 3}, 150, 382, 250, a.p.main)
}

// window: the picture in a round window below, the words above.
func (a artist) window(motif func(artist, box)) {
	a.d.frame(8, 8, 284, 384, 5, a.p.main)
	a.d.text(line{a.year(), roman, 20, 6}, 150, 44, 240, a.p.main)
	a.d.text(line{a.w.Grape, dunhill, 48, 0}, 150, 96, 250, a.p.ink)
	a.d.text(line{strings.ToUpper(a.w.Estate), caps, 16, 2}, 150, 126, 244, a.p.ink)
	c := point{150, 250}
	a.d.circle(c, 112, a.p.third)
	a.d.ring(c, 112, 3, a.p.main)
	motif(a, box{74, 174, 152, 152})
	a.d.text(line{a.w.Place, italic, 19, 0}, 150, 384, 120, a.p.ink)
}

// tall: a stripe of colour at the left, the picture in the middle.
func (a artist) tall(motif func(artist, box)) {
	a.d.rect(0, 0, 58, Height, a.p.main)
	a.d.rect(62, 0, 2, Height, a.p.second)
	for i, r := range a.year() {
		a.d.text(line{string(r), dunhill, 40, 0}, 29, 78+float64(i)*78, 50, a.p.paper)
	}
	a.d.text(line{a.w.Estate, roman, 26, 0}, 180, 52, 216, a.p.ink)
	motif(a, box{85, 76, 190, 200})
	a.d.text(line{strings.ToUpper(a.w.Grape), caps, 34, 1}, 180, 330, 214, a.p.main)
	a.d.text(line{a.w.Place, italic, 22, 0}, 180, 364, 214, a.p.ink)
}

// share returns a measurement as a share of what is usual, 0 to 1.
func (a artist) share(attribute int) float64 {
	return max(0, min(1, 0.5+a.w.Standard[attribute]/4))
}

func turn(c point, r, angle float64) point {
	return point{c.x + r*math.Cos(angle), c.y + r*math.Sin(angle)}
}

// Icon draws the application's icon: a bunch on a square, with room around it
// for systems that cut icons into shapes of their own.
func Icon(size int) *image.RGBA {
	p := palettes[0][1]
	d := newDrawing(size*Height/Width, p.paper)
	d.img = d.img.SubImage(image.Rect(0, 0, size, size)).(*image.RGBA)
	a := artist{d: d, p: palette{paper: ink(0xF6E7CF), ink: ink(0xF6E7CF), main: ink(0xE0A458), second: ink(0xC9523F)}, die: rand.New(rand.NewPCG(3, 5))}
	a.grapes(box{70, 52, 160, 196})
	return d.img
}
