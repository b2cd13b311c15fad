package martinelli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
)

// Program is a compiled program.
type Program struct {
	Plan  *plan.Program
	Tests []trial.Test      // its test blocks, in the order of the text
	Notes []diag.Diagnostic // warnings and notes; no errors

	// Modules are the WebAssembly modules that it imports functions from, by
	// what the program says they come from.
	Modules map[string]*foreign.Module

	sources  []lang.Source
	topology *lang.Source
}

// With compiles the program again with a further file, which may use all its
// names. What is wrong then is a *SourceError. The modules are those that were
// read before, unless the file imports from one.
func (p *Program) With(name, text string) (*Program, error) {
	further := lang.Source{Name: name, Text: text}
	sources := append(slices.Clip(p.sources), further)
	if len(lang.Modules(further)) > 0 {
		return compile(sources, p.topology)
	}
	compiled, tests, notes := lang.CompileTests(sources, p.topology)
	if compiled == nil {
		return nil, &SourceError{notes}
	}
	return &Program{Plan: compiled, Tests: tests, Notes: notes, Modules: p.Modules, sources: sources, topology: p.topology}, nil
}

// A SourceError holds the letters of the compiler about a program that can't
// run. Its text is all of them.
type SourceError struct{ Diagnostics []diag.Diagnostic }

func (e *SourceError) Error() string {
	letters := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		letters[i] = diag.Renderer{}.Letter(d)
	}
	return strings.TrimRight(strings.Join(letters, "\n"), "\n")
}

// Load compiles the program at path: one .mrt file, or a folder whose .mrt
// files are one program, with its .topology file if it has one, and the files
// and WebAssembly modules that these import. A program that is wrong is a *SourceError.
func Load(path string) (*Program, error) {
	sources, topology, err := read(path)
	if err != nil {
		return nil, err
	}
	return compile(sources, topology)
}

// filesMax bounds the files of a program.
const filesMax = 1000

// withImports adds the files that files import, and those that they import. The
// compiler has the letter about one that is not there.
func withImports(sources []lang.Source) ([]lang.Source, error) {
	known := map[string]bool{}
	for _, s := range sources {
		known[s.Name] = true
	}
	for i := 0; i < len(sources); i++ {
		for _, name := range lang.Imports(sources[i]) {
			if known[name] {
				continue
			}
			known[name] = true
			text, err := os.ReadFile(name)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue
			case err != nil:
				return nil, fmt.Errorf("%s imports what can't be read: %w", sources[i].Name, err)
			case len(sources) == filesMax:
				return nil, fmt.Errorf("%s: a program has at most %d files", name, filesMax)
			}
			sources = append(sources, lang.Source{Name: name, Text: string(text)})
		}
	}
	return sources, nil
}

// Compile compiles a program from its text. name stands for the file's name in messages.
func Compile(name, text string) (*Program, error) {
	return compile([]lang.Source{{Name: name, Text: text}}, nil)
}

func compile(sources []lang.Source, topology *lang.Source) (*Program, error) {
	compiled, tests, notes := lang.CompileTests(sources, topology)
	if compiled == nil {
		return nil, &SourceError{notes}
	}
	modules, letters := readModules(sources, compiled)
	if len(letters) > 0 {
		return nil, &SourceError{diag.Sort(append(notes, letters...))}
	}
	return &Program{Plan: compiled, Tests: tests, Notes: notes, Modules: modules, sources: sources, topology: topology}, nil
}

// read collects the files of the program at path, what they import, and its lock.
func read(path string) (sources []lang.Source, topology *lang.Source, err error) {
	if sources, topology, err = readAt(path); err != nil {
		return nil, nil, err
	}
	if sources, err = withImports(sources); err != nil {
		return nil, nil, err
	}
	sources, err = withLock(sources, path)
	return sources, topology, err
}

// readAt collects the files that stand at path itself.
func readAt(path string) (sources []lang.Source, topology *lang.Source, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("no program there: %w", err)
	}
	if !info.IsDir() {
		text, err := os.ReadFile(path)
		return []lang.Source{{Name: filepath.Clean(path), Text: string(text)}}, nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		isSource, isTopology := filepath.Ext(file) == ".mrt", filepath.Ext(file) == ".topology"
		if e.IsDir() || !isSource && !isTopology {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		source := lang.Source{Name: file, Text: string(text)}
		switch {
		case isSource:
			sources = append(sources, source)
		case topology != nil:
			return nil, nil, fmt.Errorf("%s has two topologies, %s and %s: keep one in the folder", path, topology.Name, file)
		default:
			topology = &source
		}
	}
	if len(sources) == 0 {
		return nil, nil, errors.New(path + " has no .mrt file")
	}
	return sources, topology, nil
}
