package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/go-fonts/latin-modern/lmroman10italic"
	"github.com/go-fonts/latin-modern/lmroman17regular"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
	"github.com/martinelli-lang/martinelli/examples/wine/label"
	"github.com/martinelli-lang/martinelli/examples/wine/studio"
)

// Pictures and letters of the pages are made here and kept nowhere else.

// labelHeight is how high the labels of the pages are, in pixels.
const labelHeight = 480

// buildAssets writes what the pages show into a folder: labels, icons, sample
// photographs, letters. What is there already is kept: it follows from the
// program, and mark says of which. It takes some seconds the first time.
func buildAssets(dir, mark string) error {
	marked := filepath.Join(dir, ".mark")
	if is, err := os.ReadFile(marked); err == nil && string(is) == mark {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	files := map[string][]byte{"fonts/roman.otf": lmroman17regular.TTF, "fonts/italic.otf": lmroman10italic.TTF}
	wines := catalogue.All()
	for _, w := range wines {
		files["labels/"+w.ID+".png"] = flat(label.Draw(w, labelHeight))
	}
	for _, size := range []int{192, 512} {
		files["icons/icon-"+strconv.Itoa(size)+".png"] = flat(label.Icon(size))
	}
	for i, shot := range samples {
		files["samples/"+strconv.Itoa(i+1)+".jpg"] = photographed(wines[shot.wine-1], shot.condition)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, files[name], 0o644)
		}
		if err != nil {
			return err
		}
	}
	return os.WriteFile(marked, []byte(mark), 0o644)
}

// samples are the pictures to try the application with.
var samples = []struct {
	wine      int
	condition string
}{{11, "background"}, {63, "perspective"}, {122, "rotation"}, {84, "crop"}, {47, "noise"}, {150, "background"}}

func photographed(w catalogue.Wine, condition string) []byte {
	s := studio.Take(condition, rand.New(rand.NewPCG(2, uint64(len(w.Estate)))))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, s.Photograph(label.Draw(w, 640), 400), &jpeg.Options{Quality: 82}); err != nil {
		panic("wine: " + err.Error())
	}
	return b.Bytes()
}

// flat writes a drawing as a PNG file with a palette: it has a handful of inks
// and what lies between two of them.
func flat(m *image.RGBA) []byte {
	b := m.Bounds()
	counts := map[color.RGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			counts[m.RGBAAt(x, y)]++
		}
	}
	order := slices.SortedFunc(maps.Keys(counts), func(a, c color.RGBA) int {
		if counts[a] != counts[c] {
			return counts[c] - counts[a]
		}
		return slices.Compare([]uint8{a.R, a.G, a.B}, []uint8{c.R, c.G, c.B})
	})
	var inks color.Palette
	for _, c := range order[:min(len(order), 128)] {
		inks = append(inks, c)
	}
	nearest := map[color.RGBA]uint8{}
	for c := range counts {
		nearest[c] = uint8(inks.Index(c))
	}
	p := image.NewPaletted(image.Rect(0, 0, b.Dx(), b.Dy()), inks)
	for y := range b.Dy() {
		for x := range b.Dx() {
			p.Pix[y*p.Stride+x] = nearest[m.RGBAAt(b.Min.X+x, b.Min.Y+y)]
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, p); err != nil {
		panic("wine: " + err.Error())
	}
	return out.Bytes()
}

// buildSite packs the pages, the package they import and the functions into a
// folder that a server serves. quick leaves brotli to another time.
func buildSite(ctx context.Context, dir, web, assets, module string) error {
	pack := exec.CommandContext(ctx, "go", "run", "github.com/martinelli-lang/martinelli/host/browser/pack", "-quick", "-o", dir, web, assets, module)
	if out, err := pack.CombinedOutput(); err != nil {
		return fmt.Errorf("pack the pages: %w\n%s", err, out)
	}
	return nil
}
