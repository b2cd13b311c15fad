// Package transcript runs protocol transcripts: text files of commands, each
// with the output it must have. It is for tests only.
//
//	# a comment
//	command argument key=value
//	----
//	expected output
//	                            (a blank line ends the block)
//
// go test -rewrite writes what came out into the file, to be read in the diff.
package transcript

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the outputs into the transcripts")

// Run plays every transcript that matches the pattern. start makes what plays
// one file: it is given a command's words and returns its output.
func Run(t *testing.T, pattern string, start func(t *testing.T) func(words []string) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcript matches %s (%v)", pattern, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { play(t, file, start(t)) })
	}
}

func play(t *testing.T, file string, do func(words []string) string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var played strings.Builder
	for _, b := range strings.SplitAfter(string(text), "\n\n") {
		played.WriteString(block(b, do))
	}
	got := strings.TrimRight(played.String(), "\n") + "\n"
	switch {
	case got == string(text):
	case *rewrite:
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s differs from what was played:\n%s", file, got)
	}
}

// block plays the commands of one block and returns it with their output.
func block(b string, do func(words []string) string) string {
	commands, _, _ := strings.Cut(b, "----\n")
	var out strings.Builder
	asked := false
	for line := range strings.Lines(strings.TrimRight(commands, "\n") + "\n") {
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(line, "#") {
			asked = true
			out.WriteString(do(words))
		}
	}
	text := strings.TrimRight(commands, "\n")
	if asked {
		text += "\n----"
	}
	return strings.TrimRight(text+"\n"+out.String(), "\n") + "\n\n"
}
