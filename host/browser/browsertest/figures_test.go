package browsertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// figureLine is how figures/page.test.mjs tells one.
var figureLine = regexp.MustCompile(`figure (\S+) ([0-9.]+) (\S+)`)

// BenchmarkPage takes the figures of a page in a real browser, once:
//
//	go test ./host/browser/browsertest -run '^$' -bench Page -benchtime 1x
func BenchmarkPage(b *testing.B) {
	node, chromium := node(b), find(b, "chromium")
	installed(b, ".")
	page := filepath.Join(b.TempDir(), "page")
	run(b, exec.Command("go", "run", "-buildvcs=false", "../pack", "-quick", "-o", page, "stories/site"))
	told := exec.Command(node, "--test", "--test-timeout=280000", "figures/page.test.mjs")
	told.Env = append(os.Environ(), "CHROMIUM="+chromium, "MARTINELLI="+build(b, "cmd/martinelli"), "PAGE="+page)
	said, err := told.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, said)
	}
	for _, m := range figureLine.FindAllStringSubmatch(string(said), -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(v, m[1]+"_"+m[3])
	}
	b.ReportMetric(0, "ns/op")
}
