package catalogue

import (
	"math"
	"testing"
)

// TestCatalogue: 178 wines of the three cultivars, each with an estate, grape
// and vintage of its own, and with measurements that are standardised.
func TestCatalogue(t *testing.T) {
	wines, of, names := All(), [3]int{}, map[string]string{}
	var mean, squares [Attributes]float64
	for _, w := range wines {
		of[w.Cultivar]++
		name := w.Estate + " " + w.Grape + " " + w.Place + string(rune(w.Vintage))
		if names[name] != "" {
			t.Errorf("%s is called what %s is", w.ID, names[name])
		}
		names[name] = w.ID
		if w.Cents < 500 || w.Cents > 5000 || w.Vintage < 2010 || w.Vintage > 2024 {
			t.Errorf("%+v", w)
		}
		for j, s := range w.Standard {
			mean[j] += s / Size
			squares[j] += s * s / Size
		}
	}
	if of != [3]int{59, 71, 48} {
		t.Errorf("of the cultivars there are %v", of)
	}
	for j := range mean {
		if math.Abs(mean[j]) > 1e-9 || math.Abs(squares[j]-1) > 1e-9 {
			t.Errorf("attribute %d has the mean %v and the variance %v", j, mean[j], squares[j])
		}
	}
}
