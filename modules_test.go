package martinelli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/foreign"
	wasm "github.com/martinelli-lang/martinelli/foreign/foreigntest"
	"github.com/martinelli-lang/martinelli/lang/diag"
)

// folder writes a program and a module into a folder of the test.
func folder(t *testing.T, program string, module []byte) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string][]byte{"main.mrt": []byte(program), "f.wasm": module}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const callsF = `
import :f, (int) -> int, :from => "wasm:f.wasm"
database :n, gset<int>, :replicated => true
on_add do |x: int| n.add(f(x)) end
`

// TestWhatIsWrongWithAModule gets the letter of each mistake that a module can
// be, on the line of its import, from Load and from Judge alike.
func TestWhatIsWrongWithAModule(t *testing.T) {
	good := wasm.Offering(wasm.Unreachable)
	importing := wasm.Offering(wasm.Unreachable)
	importing.Imports = [][2]string{{"env", "now"}}
	wide := wasm.Offering(wasm.Unreachable)
	wide.Pages = foreign.PagesMax + 1
	starting := wasm.Offering(wasm.Unreachable)
	starting.Funcs = append(starting.Funcs, wasm.Func{Body: wasm.Loop(wasm.Br(0))})
	starting.Start = 3
	other := wasm.Offering(wasm.Unreachable)
	other.Funcs[1].Results = nil
	missing := wasm.Offering(wasm.Unreachable)
	missing.Funcs[1].Name = "g"
	for _, c := range []struct {
		code    diag.Code
		words   string
		program string
		module  []byte
	}{
		{"", "", callsF, good.Bytes()},
		{"E606", "there is no module", strings.ReplaceAll(callsF, "f.wasm", "g.wasm"), good.Bytes()},
		{"E607", "is no WebAssembly", callsF, []byte("int f() {}")},
		{"E607", "the engine refuses", callsF, wasm.Offering(wasm.I32(1)).Bytes()},
		{"E607", "vectors", callsF, wasm.Offering(wasm.Code{0xfd, 0}).Bytes()},
		{"E608", `"now"`, callsF, importing.Bytes()},
		{"E609", "513 pages", callsF, wide.Bytes()},
		{"E609", "more than its fuel", callsF, starting.Bytes()},
		{"E610", "it offers g", callsF, missing.Bytes()},
		{"E611", "two i32", callsF, other.Bytes()},
	} {
		dir := folder(t, c.program, c.module)
		_, err := martinelli.Load(dir)
		_, judged, failed := martinelli.Judge(dir, "")
		if failed != nil {
			t.Fatal(failed)
		}
		if c.code == "" {
			if err != nil || diag.HasErrors(judged) {
				t.Errorf("a good module: %v, %v", err, judged)
			}
			continue
		}
		var wrong *martinelli.SourceError
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		for _, letters := range [][]diag.Diagnostic{wrong.Diagnostics, judged} {
			if len(letters) != 1 || letters[0].Code != c.code || letters[0].Where().Position().Line != 2 || !strings.Contains(diag.Renderer{}.Letter(letters[0]), c.words) {
				t.Errorf("%s %q: %v", c.code, c.words, &martinelli.SourceError{Diagnostics: letters})
			}
		}
	}
}
