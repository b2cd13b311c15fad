package label

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
)

// TestDraw: every label can be drawn, at any size, the same each time, and no
// two are one picture.
func TestDraw(t *testing.T) {
	seen := map[string]string{}
	for _, w := range catalogue.All() {
		m := Draw(w, 80)
		if m.Rect.Dx() != 60 || m.Rect.Dy() != 80 {
			t.Fatalf("%s has %v", w.ID, m.Rect)
		}
		if other := seen[string(m.Pix)]; other != "" {
			t.Errorf("%s looks as %s does", w.ID, other)
		}
		seen[string(m.Pix)] = w.ID
		if !bytes.Equal(m.Pix, Draw(w, 80).Pix) {
			t.Errorf("%s looks different the second time", w.ID)
		}
	}
}
