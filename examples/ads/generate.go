package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
)

// The input of the example. With these sizes the three most shown of the
// advertisements pass the program's budget of 50,000 impressions.
const (
	adCount       = 500
	contractCount = 300
	zipfExponent  = 1.1
)

type ad struct {
	ID    string `json:"id"`
	Image string `json:"image"`
}

type contract struct {
	Ad        string `json:"ad"`
	Publisher string `json:"publisher"`
}

// adName names the advertisement of a rank, the most shown first.
func adName(rank int) string { return fmt.Sprintf("ad-%03d", rank) }

// catalogue returns the argument of the event load.
func catalogue() map[string]any {
	ads := make([]ad, adCount)
	for i := range ads {
		ads[i] = ad{ID: adName(i), Image: "https://img.example/" + adName(i) + ".png"}
	}
	return map[string]any{"batch": ads}
}

// contracts returns the argument of the event sign: the first 300
// advertisements have one publisher each, of 40.
func contracts() map[string]any {
	batch := make([]contract, contractCount)
	for i := range batch {
		batch[i] = contract{Ad: adName(i), Publisher: fmt.Sprintf("publisher-%02d", i%40)}
	}
	return map[string]any{"batch": batch}
}

// A zipf draws ranks 0 .. adCount-1, rank k as often as 1/(k+1)^zipfExponent says.
type zipf struct {
	die        *rand.Rand
	cumulative []float64
}

func newZipf(seed uint64) *zipf {
	z := &zipf{die: rand.New(rand.NewPCG(seed, 0)), cumulative: make([]float64, adCount)}
	sum := 0.0
	for k := range z.cumulative {
		sum += math.Pow(float64(k+1), -zipfExponent)
		z.cumulative[k] = sum
	}
	return z
}

func (z *zipf) rank() int {
	x := z.die.Float64() * z.cumulative[adCount-1]
	return min(sort.SearchFloat64s(z.cumulative, x), adCount-1)
}

// writeImpressions writes n lines, each the argument of the event shown. One
// seed gives one stream.
func writeImpressions(w io.Writer, n int, seed uint64) error {
	z := newZipf(seed)
	buffered := bufio.NewWriterSize(w, 1<<16)
	for range n {
		fmt.Fprintf(buffered, "{\"ad_id\":%q}\n", adName(z.rank()))
	}
	return buffered.Flush()
}

// generate writes load.ndjson, sign.ndjson and shown.ndjson into dir, for
// "martinelli raise load --file" and its like.
func generate(dir string, impressions int, seed uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	write := func(name string, fill func(io.Writer) error) error {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := fill(f); err != nil {
			f.Close()
			return err
		}
		return f.Close()
	}
	line := func(v any) func(io.Writer) error {
		return func(w io.Writer) error { return json.NewEncoder(w).Encode(v) }
	}
	if err := write("load.ndjson", line(catalogue())); err != nil {
		return err
	}
	if err := write("sign.ndjson", line(contracts())); err != nil {
		return err
	}
	return write("shown.ndjson", func(w io.Writer) error { return writeImpressions(w, impressions, seed) })
}
