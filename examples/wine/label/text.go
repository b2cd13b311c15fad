package label

import (
	"image/color"

	"github.com/go-fonts/latin-modern/lmroman10italic"
	"github.com/go-fonts/latin-modern/lmroman17regular"
	"github.com/go-fonts/latin-modern/lmromancaps10regular"
	"github.com/go-fonts/latin-modern/lmromandunh10regular"
	"github.com/go-fonts/latin-modern/lmsansdemicond10regular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The letters are Latin Modern, which has a face for each voice of a label.
var (
	roman   = face(lmroman17regular.TTF)
	italic  = face(lmroman10italic.TTF)
	caps    = face(lmromancaps10regular.TTF)
	dunhill = face(lmromandunh10regular.TTF)
	sans    = face(lmsansdemicond10regular.TTF)
)

func face(data []byte) *sfnt.Font {
	f, err := sfnt.Parse(data)
	if err != nil {
		panic("label: a font that is built in is none: " + err.Error())
	}
	return f
}

// line is text in one face.
type line struct {
	text   string
	face   *sfnt.Font
	size   float64
	spaced float64 // between letters
}

// unit is the size that letters are measured at; what is drawn is scaled.
const unit = 1000

// width says how wide a line is.
func (l line) width() float64 {
	return l.walk(func(sfnt.GlyphIndex, float64) {})
}

// walk visits each letter with its place, and returns the width of all.
func (l line) walk(visit func(g sfnt.GlyphIndex, x float64)) float64 {
	var b sfnt.Buffer
	x := 0.0
	for i, r := range l.text {
		g, err := l.face.GlyphIndex(&b, r)
		if err != nil || g == 0 {
			panic("label: no letter for " + string(r))
		}
		if i > 0 {
			x += l.spaced
		}
		visit(g, x)
		advance, err := l.face.GlyphAdvance(&b, g, fixed.I(unit), font.HintingNone)
		if err != nil {
			panic("label: " + err.Error())
		}
		x += float64(advance) / 64 / unit * l.size
	}
	return x
}

// text writes a line at a baseline: x is its middle. It shrinks where it
// would be wider than room.
func (d *drawing) text(l line, x, y, room float64, c color.RGBA) {
	if w := l.width(); w > room {
		l.size, l.spaced = l.size*room/w, l.spaced*room/w
	}
	left := x - l.width()/2
	d.fill(c, func(o outline) {
		l.walk(func(g sfnt.GlyphIndex, at float64) { o.glyph(l, g, point{left + at, y}) })
	})
}

// glyph adds the outline of a letter.
func (o outline) glyph(l line, g sfnt.GlyphIndex, origin point) {
	var b sfnt.Buffer
	segments, err := l.face.LoadGlyph(&b, g, fixed.I(unit), nil)
	if err != nil {
		panic("label: " + err.Error())
	}
	at := func(p fixed.Point26_6) point {
		return point{origin.x + float64(p.X)/64/unit*l.size, origin.y + float64(p.Y)/64/unit*l.size}
	}
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			o.close()
			o.move(at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			o.line(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			o.quad(at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			o.cube(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	o.close()
}
