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
	if _, err := Slim(after); err == nil {
		t.Error("what is slim already is taken")
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
			_, _, _, _ = slimData(s.content)
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
		_, _, _, _ = slimData(b)
	})
}

// FuzzCode takes code sections as they come: what comes of one is read again.
func FuzzCode(f *testing.F) {
	f.Add([]byte{1, 16, 1, 1, typeI32, opBlock, typeNone, opGet, 0, opBrIf, 0, opI32Const, 0, opReturn, opEnd, opI32Const, 1, opEnd})
	f.Add(append([]byte{1, 18, 1, 1, typeI32}, 0x42, 0x84, 0x80, 0x80, 0x80, 1, 0x1a, 0x42, 0x85, 0x80, 0x80, 0x80, 1, 0x1a, 0x0b))
	f.Fuzz(func(t *testing.T, b []byte) {
		slimmed, err := slimCode(b, nil)
		if err != nil {
			return
		}
		if _, err := slimCode(slimmed, nil); err != nil {
			t.Errorf("%x becomes %x: %v", b, slimmed, err)
		}
	})
}

// TestAlikeIsSaidAlike follows two functions: a branch to the end of all
// blocks becomes a return, two addresses the same function's own.
func TestAlikeIsSaidAlike(t *testing.T) {
	leave := []byte{1, 1, typeI32, opBlock, typeNone, opGet, 0, opBrIf, 0, opI32Const, 0, opReturn, opEnd, opI32Const, 1, opEnd}
	own := []byte{1, 1, typeI32, opI64Const, 0x84, 0x80, 0x84, 0x80, 1, opDrop, opI64Const, 0x85, 0x80, 0x84, 0x80, 1, opDrop, opEnd}
	got, err := slimCode(codeOf(leave, own), nil)
	want := codeOf(
		[]byte{1, 1, typeI32, opBlock, typeNone, opGet, 0, opIf, typeNone, opI32Const, 1, opReturn, opEnd, opI32Const, 0, opReturn, opEnd, opI32Const, 1, opEnd},
		[]byte{2, 1, typeI32, 1, typeI64, opI64Const, 0x80, 0x80, 0x84, 0x80, 1, opSet, 2,
			opGet, 2, opI64Const, 4, opI64Add, opDrop, opGet, 2, opI64Const, 5, opI64Add, opDrop, opEnd})
	if err != nil || string(got) != string(want) {
		t.Errorf("it becomes\n%x, not\n%x: %v", got, want, err)
	}
}

func codeOf(bodies ...[]byte) []byte {
	b := []byte{byte(len(bodies))}
	for _, body := range bodies {
		b = append(append(b, byte(len(body))), body...)
	}
	return b
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
