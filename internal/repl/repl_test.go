package repl_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/internal/repl"
)

var rewrite = flag.Bool("rewrite", false, "write what was answered into the transcripts")

// play says the lines of a transcript, those that begin with a prompt, and
// returns them with what was answered.
func play(t *testing.T, cfg repl.Config, text string) string {
	t.Helper()
	var out bytes.Buffer
	s, err := repl.New(cfg, &out)
	if err != nil {
		t.Fatal(err)
	}
	s.Greet()
	for line := range strings.Lines(text) {
		if said, ok := strings.CutPrefix(line, "> "); ok && !s.Over() {
			fmt.Fprint(&out, line)
			s.Do(said)
		}
	}
	return out.String()
}

// TestTranscripts plays the conversations in testdata, each with the program
// beside it. -rewrite writes what was answered, to be read in the diff.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, repl.Config{Path: strings.TrimSuffix(file, ".txt") + ".mrt", Seed: 1}, string(text))
			switch {
			case got == string(text):
			case *rewrite:
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s differs from what was answered:\n%s", file, got)
			}
		})
	}
}

// TestOneSeedOneConversation says the same under faults: with one seed it is
// answered the same, with another it may not be.
func TestOneSeedOneConversation(t *testing.T) {
	script := "> faults drop=0.4,reorder,crashes=2\n> client.on_add(\"tea\", times: 3)\n> step 20ms\n> items\n> step 200\n> settle\n> status\n"
	cfg := repl.Config{Path: "testdata/list.mrt", Replicas: "server=1,client=4", Seed: 7}
	first := play(t, cfg, script)
	if again := play(t, cfg, script); again != first {
		t.Errorf("one seed, two conversations:\n%s\n%s", first, again)
	}
}

func TestReplicasAreCounted(t *testing.T) {
	for text, want := range map[string]string{
		"pilot=1":             "the program's topology has no role \"pilot\"; it has server, client",
		"client":              "say how many of each role",
		"client=0":            "say how many of each role",
		"client=20,server=20": "at most 32 in all",
	} {
		_, err := repl.New(repl.Config{Path: "testdata/list.mrt", Replicas: text}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestReload edits the program under way.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.mrt")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const before = "database :items, gset<string>, :replicated => true\nallow :write, items do |me| true end\n" +
		"on_add do |item: string| items.add(item) end\n"
	write(before)
	var out bytes.Buffer
	s, err := repl.New(repl.Config{Path: file, Seed: 1}, &out)
	if err != nil {
		t.Fatal(err)
	}
	s.Do(`ann.on_add("tea")`)
	write(before + "view :many do items.count end\n")
	s.Do("reload")
	s.Do("settle")
	s.Do("many")
	if text := out.String(); !strings.Contains(text, "3 replicas run it now") || !strings.HasSuffix(text, "all 3    1\n") {
		t.Error(text)
	}
	write(before + "view :many do item.count end\n")
	out.Reset()
	s.Do("reload")
	s.Do("many")
	if text := out.String(); !strings.Contains(text, "E101") || !strings.HasSuffix(text, "all 3    1\n") {
		t.Error(text)
	}
}
