package cli

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/internal/freeport"
)

// TestTourCommands says the commands of the tour's README, in their order, as
// somebody would who reads it at the root: only the addresses and the folder
// of the data are the test's own.
func TestTourCommands(t *testing.T) {
	text, err := os.ReadFile("../../examples/tour/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```\n")
	block, _, _ = strings.Cut(block, "```\n")
	http, listen := address(t), address(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	t.Cleanup(func() {
		stop()
		if got := <-ended; got != exitOK {
			t.Errorf("the node ended with %d", got)
		}
	})
	answers := map[string]string{}
	for line := range strings.Lines(block) {
		words := words(line)
		for i, w := range words {
			if strings.HasPrefix(w, "examples/") {
				words[i] = "../../" + w
			}
		}
		switch verb := words[1]; verb {
		case "run":
			words = append(words, "--dir", t.TempDir(), "--http", http, "--listen", listen)
			go func() { ended <- run(ctx, words[1:], nil, &bytes.Buffer{}, os.Stderr) }()
			await := time.Now().Add(time.Minute)
			for !isWell(http, nil) {
				if time.Now().After(await) {
					t.Fatal("the node does not answer")
				}
				<-time.After(10 * time.Millisecond)
			}
			continue
		case "raise", "read":
			words = append(words, "--http", http)
		}
		var out, wrong bytes.Buffer
		in := strings.NewReader("ann.on_say(\"kitchen\", \"hello\")\n")
		if got := run(ctx, words[1:], in, &out, &wrong); got != exitOK {
			t.Errorf("%s ended with %d: %s", line, got, &wrong)
		}
		answers[words[1]] = out.String()
	}
	for verb, want := range map[string]string{
		"check": "is fine", "test": "ok   ", "repl": "ann      committed", "raise": "committed", "read": `"text": "hello"`,
	} {
		if !strings.Contains(answers[verb], want) {
			t.Errorf("%s answered %q", verb, answers[verb])
		}
	}
}

func address(t *testing.T) string {
	t.Helper()
	a, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// words splits a command of a README as a shell does that knows comments and
// single quotes.
func words(line string) []string {
	line, _, _ = strings.Cut(line, " # ")
	list := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i, w := range list {
		list[i] = strings.Trim(w, "'")
	}
	return slices.Clip(list)
}
