package martinelli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

// modulesMax bounds the modules of a program.
const modulesMax = 100

// reading is the modules of a program on their way in.
type reading struct {
	modules map[string]*foreign.Module // by what the program says they come from; nil: it had a letter
	files   map[string]string          // the file that each is
	imports []lang.Function            // in the order of the text
	letters []diag.Diagnostic
}

// readModules reads the modules that a program imports functions from, and
// sees that each may be run and offers what is imported. The letters are errors.
func readModules(sources []lang.Source, compiled *plan.Program) (map[string]*foreign.Module, []diag.Diagnostic) {
	r := &reading{modules: map[string]*foreign.Module{}, files: map[string]string{}}
	for _, s := range sources {
		for _, f := range lang.Modules(s) {
			r.function(filepath.Dir(s.Name), f)
		}
	}
	if len(r.letters) == 0 && compiled != nil {
		r.test(compiled)
	}
	return r.modules, r.letters
}

func (r *reading) write(d diag.Diagnostic) { r.letters = append(r.letters, d) }

// function sees that a module is there and offers a function.
func (r *reading) function(dir string, f lang.Function) {
	r.imports = append(r.imports, f)
	file := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(f.From, lang.ModulePrefix)))
	known, isKnown := r.files[f.From]
	switch {
	case !isKnown && len(r.files) == modulesMax:
		r.write(diag.Errorf("E609", f.At, "a program has at most %d modules", modulesMax))
		return
	case !isKnown:
		r.files[f.From] = file
		r.modules[f.From] = r.read(file, f)
	case known != file:
		r.write(diag.Errorf("E606", f.At, "`%s` is another file here than where it was first imported: `%s`, and `%s`", f.From, file, known).
			Hinting("say it so that both files mean one module, or import both in one file"))
		return
	}
	m := r.modules[f.From]
	switch {
	case m == nil || m.Has(f.Name):
	case m.HasOther(f.Name):
		r.write(diag.Errorf("E611", f.At, "`%s` of `%s` is not a function of two i32 that gives an i64", f.Name, file).
			Hinting("docs/wire/foreign.md says how values cross; in Go, `func %s(at, size uint32) uint64 { return guest.Answer(at, size, ...) }`", f.Name))
	default:
		r.write(diag.Errorf("E610", f.At, "`%s` offers no function `%s`", file, f.Name).Hinting("%s", offers(m)))
	}
}

// test tests what the program promises of the functions.
func (r *reading) test(compiled *plan.Program) {
	promised := map[string]*foreign.Module{}
	for _, imp := range compiled.Imports {
		if m := r.modules[imp.From]; m != nil && len(imp.Promises) > 0 {
			promised[imp.From] = m
		}
	}
	modules, err := native.TryModules(context.Background(), promised)
	if err != nil {
		panic("martinelli: a module that could be run no longer can: " + err.Error())
	}
	defer modules.Close()
	for _, e := range modules.Test(compiled) {
		i := slices.IndexFunc(r.imports, func(f lang.Function) bool { return f.Name == e.Import.Name && f.From == e.Import.From })
		r.write(diag.Errorf("E612", r.imports[i].At, "`%s` breaks a promise: %s", e.Import.Name, e.Broken).
			Hinting("leave out `:%s => true`, or mend the function; what is relied on must hold for every value", e.Broken.Promise))
	}
}

// offers says what a module has instead.
func offers(m *foreign.Module) string {
	if names := m.Functions(); len(names) > 0 {
		return "it offers " + strings.Join(names, ", ")
	}
	return "it offers none; in Go, a function is exported by `//go:wasmexport` above it"
}

// read reads a module and tries whether it can be run.
func (r *reading) read(file string, f lang.Function) *foreign.Module {
	info, err := os.Stat(file)
	if err == nil && info.Size() > foreign.SizeMax {
		r.write(diag.Errorf("E609", f.At, "`%s` has more than 16 MiB", file).Hinting("build it without what it does not use; in Go, -ldflags=-s leaves out what is for debuggers"))
		return nil
	}
	var bytes []byte
	if err == nil {
		bytes, err = os.ReadFile(file)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.write(diag.Errorf("E606", f.At, "there is no module `%s`", file).Hinting("the path is relative to the file that has the import; build the module first"))
		return nil
	case err != nil:
		r.write(diag.Errorf("E606", f.At, "the module `%s` cannot be read: %s", file, err))
		return nil
	}
	m, err := foreign.Load(bytes)
	if err == nil {
		err = try(m)
	}
	if err != nil {
		r.write(refused(file, f, err))
		return nil
	}
	return m
}

// try sees that a module can be run: that an engine takes its code, and that its start ends.
func try(m *foreign.Module) error {
	tried, err := native.TryModules(context.Background(), map[string]*foreign.Module{"": m})
	if err != nil {
		return errors.Unwrap(err)
	}
	return tried.Close()
}

// refused is the letter about a module that may not be run.
func refused(file string, f lang.Function, err error) diag.Diagnostic {
	code, hint := diag.Code("E607"), "docs/wire/foreign.md says what a module of functions is"
	var wrong *foreign.Error
	var start *foreign.CallError
	switch {
	case errors.As(err, &wrong) && wrong.Kind == foreign.Imported:
		code, hint = "E608", "a function has no clock, die, file or network: give it what it needs as an argument"
	case errors.As(err, &wrong) && wrong.Kind == foreign.TooLarge:
		code, hint = "E609", "the limits are the same at every replica: make the module smaller"
	case errors.As(err, &start) && (start.Why == foreign.Fuel || start.Why == foreign.Stack):
		code, hint = "E609", "what a module does at its start is done once, and may take 20 million units: prepare less"
	}
	return diag.Errorf(code, f.At, "`%s` cannot be run: %s", file, err).Hinting("%s", hint)
}
