// Package lang compiles a Martinelli program: from its text, by way of syntax,
// resolve, types and lower, to a plan.
package lang

import (
	"cmp"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/lower"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Source is one file of a program or a topology.
type Source struct {
	Name string // as the programmer names it; "server.mrt" stands at the role server
	Text string
}

// Compile compiles the sources as one program for the topology, and compares
// it with the lock among them, if there is one (see LockName). A topology of nil stands for
// the usual one: a role server, and a role client that binds user_id, linked
// every second. Files are taken in the order of their names, so that a folder
// always compiles to the same plan.
//
// The diagnostics are in the order of the text; the program is nil iff one of
// them is an error. Where a text cannot be read, names and types are not
// looked at: letters about them would mostly be echoes. Cost: linear in the text.
func Compile(sources []Source, topology *Source) (*plan.Program, []diag.Diagnostic) {
	program, _, letters := CompileTests(sources, topology)
	return program, letters
}

// CompileTests is Compile for who runs the program's tests too, which are in
// the order of the text. They are no part of the plan.
func CompileTests(sources []Source, topology *Source) (*plan.Program, []trial.Test, []diag.Diagnostic) {
	sources, lock, letters := cutLock(sources)
	files, more := parse(sources)
	letters = append(letters, more...)
	roles, more := readTopology(topology)
	letters = append(letters, more...)
	look := func(files []*syntax.File) []diag.Diagnostic {
		_, _, letters := compile(files, roles, lock.Quiet())
		return letters
	}
	if diag.HasErrors(more) {
		return nil, nil, diag.Sort(letters)
	}
	if diag.HasErrors(letters) {
		return nil, nil, diag.Sort(alsoOf(files, letters, look))
	}
	program, tests, more := compile(files, roles, lock)
	if program == nil {
		more = alsoOf(files, more, look)
	}
	return program, tests, diag.Sort(append(letters, more...))
}

// compile takes what could be read through the rooms of the compiler.
func compile(files []*syntax.File, roles *resolve.Topology, lock *types.Lock) (*plan.Program, []trial.Test, []diag.Diagnostic) {
	u, letters := understand(files, roles, lock)
	if letters = append(letters, u.typed.Later...); diag.HasErrors(letters) {
		return nil, nil, letters
	}
	u.judged.Guard()
	program, more := lower.Lower(u.typed, u.resolved)
	if letters = append(letters, more...); diag.HasErrors(letters) {
		return nil, nil, letters
	}
	letters = append(letters, mode.New(u.typed).Letters()...)
	if diag.HasErrors(letters) {
		return nil, nil, letters
	}
	return program, u.typed.Tests, letters
}

// understood is a program whose names, types and invariants were looked at.
type understood struct {
	resolved *resolve.Program
	typed    *types.Typed
	judged   *invariant.Judgement // nil where the types are wrong
}

// understand takes what could be read through the rooms that compiling and
// judging have in common. The letters are without what is only not run yet.
func understand(files []*syntax.File, roles *resolve.Topology, lock *types.Lock) (understood, []diag.Diagnostic) {
	var u understood
	var letters, more []diag.Diagnostic
	u.resolved, letters = resolve.Resolve(files, roles)
	u.typed, more = types.CheckLocked(u.resolved, lock)
	if letters = append(letters, more...); diag.HasErrors(letters) {
		return u, letters
	}
	u.judged = invariant.Judge(u.typed)
	return u, append(letters, u.judged.Letters...)
}

func parse(sources []Source) ([]*syntax.File, []diag.Diagnostic) {
	sorted := slices.Clone(sources)
	slices.SortStableFunc(sorted, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
	var files []*syntax.File
	var letters []diag.Diagnostic
	for _, s := range sorted {
		file, more := syntax.ParseFile(token.NewFile(s.Name, s.Text))
		files = append(files, file)
		letters = append(letters, more...)
	}
	return files, letters
}

func readTopology(s *Source) (*resolve.Topology, []diag.Diagnostic) {
	t, _, letters := readRoles(s)
	return t, letters
}

// readRoles reads a topology; the tree is what is written.
func readRoles(s *Source) (*resolve.Topology, *syntax.Topology, []diag.Diagnostic) {
	if s == nil {
		return resolve.UsualTopology(), nil, nil
	}
	tree, letters := syntax.ParseTopology(token.NewFile(s.Name, s.Text))
	if diag.HasErrors(letters) {
		return nil, tree, letters
	}
	t, more := resolve.ResolveTopology(tree)
	return t, tree, append(letters, more...)
}

// Imports returns the names of the files that a file imports, in the order of
// its text. Who reads files reads those too, and gives all of them to Compile.
func Imports(s Source) []string {
	if isLock(s) || !strings.Contains(s.Text, "import") {
		return nil
	}
	file, _ := syntax.ParseFile(token.NewFile(s.Name, s.Text))
	var names []string
	for _, d := range file.Decls {
		if i, ok := d.(*syntax.Import); ok && i.Path != nil {
			if name, ok := resolve.FileBeside(s.Name, i.Path.Value); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
