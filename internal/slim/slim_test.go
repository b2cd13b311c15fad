package slim

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestItRunsAsBefore runs a program that leans on its tables before and after.
func TestItRunsAsBefore(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("this test needs Node.js, 20.19 or newer, in PATH: https://nodejs.org")
	}
	runner := filepath.Join(strings.TrimSpace(output(t, exec.Command("go", "env", "GOROOT"))), "lib", "wasm", "wasm_exec_node.js")
	fat, slimmed := build(t), filepath.Join(t.TempDir(), "slim.wasm")
	before, err := os.ReadFile(fat)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Slim(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(slimmed, after, 0o600); err != nil {
		t.Fatal(err)
	}
	want, got := output(t, exec.Command(node, runner, fat)), output(t, exec.Command(node, runner, slimmed))
	if want != got || !strings.Contains(want, "index out of range") {
		t.Errorf("it said\n%s\nand says\n%s", want, got)
	}
	if strings.Contains(string(after), "main.deep") || !strings.Contains(string(before), "main.deep") {
		t.Error("names of functions are still in it")
	}
	again, err := Slim(after)
	if err != nil || string(again) != string(after) {
		t.Errorf("what is slim already changes: %v", err)
	}
}

// TestItRefusesWhatGoDidNotLink damages a program in many places: it is
// refused or still a program, and nothing panics.
func TestItRefusesWhatGoDidNotLink(t *testing.T) {
	wasm, err := os.ReadFile(build(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range [][]byte{nil, []byte("\x00asm"), []byte("\x00asm\x01\x00\x00\x00"), wasm[:len(wasm)-1], wasm[:len(wasm)/2]} {
		if _, err := Slim(other); err == nil {
			t.Errorf("%d bytes that Go did not link are taken", len(other))
		}
	}
	sections, err := cut(wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		if s.id != dataSection {
			continue
		}
		for i := 0; i < len(s.content); i += 1 + len(s.content)/60 {
			s.content[i] ^= 0xff
			_, _ = slimData(s.content)
			s.content[i] ^= 0xff
		}
	}
}

// FuzzData takes data sections as they come.
func FuzzData(f *testing.F) {
	m := &memory{base: 4096, bytes: append([]byte("ab"), make([]byte, 2*segmentGap)...)}
	m.bytes = append(append(m.bytes, magic...), make([]byte, 200)...)
	m.bytes = append(m.bytes, 1)
	f.Add(m.segments())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := load(b); err == nil {
			again, err := load(m.segments())
			if len(m.segments()) > 1 && (err != nil || string(again.bytes) != strings.Trim(string(m.bytes), "\x00")) {
				t.Errorf("%x reads otherwise when written again: %v", b, err)
			}
		}
		_, _ = slimData(b)
	})
}

func build(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "page.wasm")
	if err := Link(out, "./testdata/page"); err != nil {
		t.Fatal(err)
	}
	return out
}

func output(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c, err, out, &errors)
	}
	return string(out)
}
