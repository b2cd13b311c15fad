package sight

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
	"github.com/martinelli-lang/martinelli/examples/wine/label"
	"github.com/martinelli-lang/martinelli/examples/wine/studio"
)

// heldOut is where the seeds of the pictures begin that figures are taken
// from. The numbers in sight.go were chosen on pictures of seeds below.
const heldOut = 1_000

// pictures is how many are taken of each kind.
func pictures() int {
	if os.Getenv("MARTINELLI_SOAK") != "" {
		return 200
	}
	if testing.Short() {
		return 2
	}
	return 6
}

// tally is what came of the pictures of one kind.
type tally struct{ all, nearest, right, none, wrong int }

func (t *tally) add(isNearest bool, m Match) {
	t.all++
	switch {
	case m.Wine == "":
		t.none++
	case isNearest:
		t.right++
	default:
		t.wrong++
	}
	if isNearest {
		t.nearest++
	}
}

// shown takes a picture and looks at it, and says what is nearest as well.
func shown(t *testing.T, w catalogue.Wine, condition string, die *rand.Rand) (m Match, nearest string) {
	t.Helper()
	s := studio.Take(condition, die)
	p, err := decode(s.JPEG(s.Photograph(label.Draw(w, 260), Side)))
	if err != nil {
		t.Fatal(err)
	}
	search := newSearch(p, ready(features))
	search.everywhere()
	best, second := search.closely()
	return matchOf(best, second), idOf(best.wine)
}

// TestAccuracy prints how often pictures under each condition are recognised.
// None of them was seen before.
func TestAccuracy(t *testing.T) {
	wines, sum := catalogue.All(), tally{}
	t.Logf("%-12s %8s %8s %8s %8s", "of 100", "nearest", "right", "none", "wrong")
	for c, condition := range studio.Conditions {
		kind := tally{}
		for i := range pictures() {
			die := rand.New(rand.NewPCG(uint64(heldOut+c), uint64(i)))
			w := wines[die.IntN(len(wines))]
			m, nearest := shown(t, w, condition, die)
			kind.add(nearest == w.ID, m)
			sum.add(nearest == w.ID, m)
		}
		kind.print(t, condition)
	}
	sum.print(t, "all")
	if sum.nearest*100 < 85*sum.all || sum.right*100 < 70*sum.all || sum.wrong*100 > 4*sum.all {
		t.Errorf("the figures of README.md are no longer reached")
	}
}

func (t tally) print(test *testing.T, of string) {
	share := func(n int) float64 { return 100 * float64(n) / float64(t.all) }
	test.Logf("%-12s %8.1f %8.1f %8.1f %8.1f", of, share(t.nearest), share(t.right), share(t.none), share(t.wrong))
}

// TestOtherLabels prints how often a label in the style of the catalogue that
// is not in it is taken for one that is.
func TestOtherLabels(t *testing.T) {
	wines, kind := catalogue.All(), tally{}
	for i := range 4 * pictures() {
		die := rand.New(rand.NewPCG(heldOut-1, uint64(i)))
		w := wines[die.IntN(len(wines))]
		w.ID, w.Cultivar = "w"+strconv.Itoa(300+die.IntN(600)), (w.Cultivar+1)%3
		for j := range w.Standard {
			w.Standard[j] = die.NormFloat64()
		}
		m, _ := shown(t, w, "everything", die)
		kind.add(false, m)
	}
	kind.print(t, "strangers")
	if kind.wrong*100 > 15*kind.all {
		t.Errorf("%d of %d strangers were taken for wines of the catalogue", kind.wrong, kind.all)
	}
}

// TestFeatures: what is kept of the labels is what is drawn. Rounding may
// differ between machines.
func TestFeatures(t *testing.T) {
	drawn := Features()
	if len(drawn) != len(features) {
		t.Fatalf("labels.bin has %d bytes, and the labels have %d: go generate ./examples/wine/sight", len(features), len(drawn))
	}
	for i := range drawn {
		if d := int(drawn[i]) - int(features[i]); d > 2 || d < -2 {
			t.Fatalf("byte %d of labels.bin is %d, and was drawn as %d: go generate ./examples/wine/sight", i, features[i], drawn[i])
		}
	}
}

// TestLabelsDiffer: no two labels are so alike that a good picture of one
// could be taken for the other.
func TestLabelsDiffer(t *testing.T) {
	k := ready(features)
	for a := range catalogue.Size {
		for b := range a {
			d := int32(0)
			for i := range many {
				d += min(cut, abs(k.fine[a*many+i]-k.fine[b*many+i]))
			}
			for i := range 2 * few {
				d += 2 * abs(k.colour[a*few*2+i]-k.colour[b*few*2+i])
			}
			if d/many < 4 {
				t.Errorf("%s and %s differ by %d a cell", idOf(a), idOf(b), d/many)
			}
		}
	}
}

func textOf(t *testing.T, m image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestPNG: a picture may be a PNG, with a palette or without.
func TestPNG(t *testing.T) {
	w := catalogue.All()[40]
	m, err := Find(textOf(t, studio.Take("plain", rand.New(rand.NewPCG(1, 1))).Photograph(label.Draw(w, 260), 128)))
	if err != nil || m.Wine != w.ID {
		t.Errorf("%v %v", m, err)
	}
	flat := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.White, color.Black})
	if m, err := Find(textOf(t, flat)); err != nil || m.Wine != "" {
		t.Errorf("an empty picture shows %v, %v", m, err)
	}
}

// TestWhatIsNoPicture: it is refused before anything of its size is made.
func TestWhatIsNoPicture(t *testing.T) {
	huge := textOf(t, image.NewGray(image.Rect(0, 0, SideMax+1, 40)))
	for _, c := range []struct {
		text string
		want error
	}{
		{"!", errText}, {"", errKind}, {base64.StdEncoding.EncodeToString([]byte("GIF89a")), errKind},
		{huge, errLarge}, {textOf(t, image.NewGray(image.Rect(0, 0, 40, sideMin-1))), errSmall},
		{huge[:len(huge)/8*4], errLarge},
	} {
		if _, err := Find(c.text); err != c.want {
			t.Errorf("%.20q: %v, not %v", c.text, err, c.want)
		}
	}
}

// FuzzFind: whatever is sent, it ends, and what it finds is in the catalogue.
func FuzzFind(f *testing.F) {
	s := studio.Take("plain", rand.New(rand.NewPCG(1, 1)))
	text := s.JPEG(s.Photograph(label.Draw(catalogue.All()[0], 100), 48))
	data, _ := base64.StdEncoding.DecodeString(text)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Find(base64.StdEncoding.EncodeToString(data))
		if err == nil && m.Wine != "" && (m.Confidence < Sure || m.Confidence > 1) {
			t.Errorf("%v", m)
		}
	})
}
