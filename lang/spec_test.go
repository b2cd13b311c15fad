package lang

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag/diagtest"
)

// shopMark begins the block of the reference that those marked with fragmentMark build on.
const (
	shopMark     = "# the shop\n"
	fragmentMark = "# in the shop\n"
	topologyMark = "# topology\n"
)

var ruby = regexp.MustCompile("(?ms)^```ruby\n(.*?)^```$")

// TestReferenceCompiles compiles every example of docs/spec: a program that is
// shown compiles, and one that is refused has exactly the letters that its lines announce.
func TestReferenceCompiles(t *testing.T) {
	pages, err := filepath.Glob("../docs/spec/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no reference", err)
	}
	blocks, refused := 0, 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var shop []Source
		var topology *Source
		for _, m := range ruby.FindAllSubmatchIndex(text, -1) {
			block := string(text[m[2]:m[3]])
			name := fmt.Sprintf("%s:%d", filepath.Base(page), 1+strings.Count(string(text[:m[2]]), "\n"))
			switch {
			case strings.HasPrefix(block, topologyMark):
				topology = &Source{Name: name, Text: block}
				continue
			case strings.HasPrefix(block, shopMark):
				shop = []Source{{Name: "the_shop.mrt", Text: block}}
			}
			sources := []Source{{Name: name, Text: block}}
			if strings.HasPrefix(block, fragmentMark) {
				sources = append(sources, shop...)
			}
			blocks++
			t.Run(name, func(t *testing.T) {
				program, letters := Compile(sources, topology)
				diagtest.Compare(t, block, letters)
				if program == nil {
					refused++
				}
			})
			topology = nil
		}
	}
	t.Logf("%d examples, %d of them refused", blocks, refused)
}

// TestReferenceIsShort counts the pages of the reference: 55 lines of 130
// columns each; a longer line, as of a table, is as many as it takes.
func TestReferenceIsShort(t *testing.T) {
	const pagesMax, linesOfPage, columns = 20, 55, 130
	text, err := os.ReadFile("../docs/spec/README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		lines += max(1, (len(strings.TrimSuffix(line, "\n"))+columns-1)/columns)
	}
	t.Logf("%.1f pages", float64(lines)/linesOfPage)
	if lines > pagesMax*linesOfPage {
		t.Errorf("the reference has %d lines, %d more than %d pages: say it more briefly", lines, lines-pagesMax*linesOfPage, pagesMax)
	}
}
