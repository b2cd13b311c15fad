package main

import (
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	in := `goos: linux
pkg: example.org/a
BenchmarkRun/x=1-2   	 100	 30.0 ns/op	 7.00 runs/s
BenchmarkRun/x=1-2   	 100	 10.0 ns/op	 9.00 runs/s
BenchmarkRun/x=1-2   	 100	 1234567 ns/op	 8.00 runs/s
--- FAIL: BenchmarkBad
PASS
`
	var out strings.Builder
	if err := run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(out.String()), " ")
	want := "--- FAIL: BenchmarkBad example.org/a Run/x=1 30 ns/op 10 .. 1234567 3 runs Run/x=1 8 runs/s 7 .. 9 3 runs"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
