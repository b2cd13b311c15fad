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
	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/value"
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

const promisesF = `
import :f, (gset<int>) -> int, :from => "wasm:f.wasm", :monotone => true, :idempotent => true
database :g, gset<int>, :replicated => true
view :n do [1].map do |x| f(g) + x end end
`

// TestABrokenPromise: a function of which more is promised than it keeps gets a
// letter with what shows it, and none where it keeps it; Go functions, when
// they are linked, and never for what may have an effect.
func TestABrokenPromise(t *testing.T) {
	gives := func(n wasm.Code) []byte { // an int of one byte
		return wasm.Offering(wasm.I32(2048), wasm.I32(0x1900), wasm.Store32, wasm.I32(2050), n, wasm.Store8, wasm.Packed(2048, 3)).Bytes()
	}
	if _, err := martinelli.Load(folder(t, promisesF, gives(wasm.Get(1)))); err != nil {
		t.Error(err)
	}
	dir := folder(t, promisesF, gives(wasm.Join(wasm.I32(100), wasm.Get(1), wasm.Sub32)))
	_, judged, _ := martinelli.Judge(dir, "")
	_, err := martinelli.Load(dir)
	for _, text := range []string{(&martinelli.SourceError{Diagnostics: judged}).Error(), err.Error()} {
		if !strings.Contains(text, "E612") || !strings.Contains(text, "f([]) is 96, and f([0]) is 95") {
			t.Errorf("the letter: %s", text)
		}
	}
	program, err := martinelli.Compile("main.mrt", strings.ReplaceAll(promisesF, "wasm:f.wasm", "go:f"))
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	open := func(f func(args []value.Value) (value.Value, error)) error {
		r, err := program.Open(t.Context(), martinelli.Func("f", func(args []value.Value) (value.Value, error) { calls++; return f(args) }))
		if err == nil {
			return r.Close()
		}
		return err
	}
	var broken *native.PromiseError
	err = open(func(args []value.Value) (value.Value, error) { return value.Int(-int64(len(args[0].Elems()))), nil })
	if !errors.As(err, &broken) || !strings.Contains(err.Error(), "f from go:f") || !strings.Contains(err.Error(), "f([]) is 0, and f([0]) is -1") {
		t.Error(err)
	}
	if err := open(func(args []value.Value) (value.Value, error) { return value.Int(int64(len(args[0].Elems()))), nil }); err != nil {
		t.Error(err)
	}
	calls, program.Plan.Imports[0].Promises = 0, []string{"idempotent"}
	if err := open(func(args []value.Value) (value.Value, error) { return value.Nil, errors.New("a card was charged") }); err != nil || calls > 1 {
		t.Error(err, calls)
	}
}
