// Command median reads what "go test -bench -count N" prints and writes a
// line per benchmark and unit: the median of its runs, and their range.
//
//	make bench PASSES=5 | (cd bench && go run ./median)
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "median:", err)
		os.Exit(1)
	}
}

// A figure is one unit of one benchmark.
type figure struct{ pkg, name, unit string }

// processors is the end of a benchmark's name, as in BenchmarkRun-2.
var processors = regexp.MustCompile(`-\d+$`)

func run(in io.Reader, out io.Writer) error {
	runs := map[figure][]float64{}
	var order []figure // as they first came
	pkg := ""
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) == 2 && words[0] == "pkg:":
			pkg = words[1]
		case len(words) >= 1 && (words[0] == "FAIL" || words[0] == "---"):
			fmt.Fprintln(out, lines.Text())
		case len(words) >= 4 && strings.HasPrefix(words[0], "Benchmark"):
			name := strings.TrimPrefix(processors.ReplaceAllString(words[0], ""), "Benchmark")
			for i := 2; i+1 < len(words); i += 2 {
				v, err := strconv.ParseFloat(words[i], 64)
				if err != nil {
					return fmt.Errorf("%q: %w", lines.Text(), err)
				}
				f := figure{pkg, name, words[i+1]}
				if runs[f] == nil {
					order = append(order, f)
				}
				runs[f] = append(runs[f], v)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return write(out, order, runs)
}

func write(out io.Writer, order []figure, runs map[figure][]float64) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	pkg := ""
	for _, f := range order {
		if f.pkg != pkg {
			pkg = f.pkg
			fmt.Fprintf(table, "%s\n", pkg)
		}
		v := slices.Sorted(slices.Values(runs[f]))
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s .. %s\t%d runs\n",
			f.name, short(median(v)), f.unit, short(v[0]), short(v[len(v)-1]), len(v))
	}
	return table.Flush()
}

// median returns the middle of sorted values, the mean of two middle ones.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// short writes four digits that count, or all that stand before the point.
func short(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
