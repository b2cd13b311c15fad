package lang

import (
	"errors"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// LockName is how the name of a lock ends. A source of such a name is no part
// of the program: it says how the program before stored its databases.
const LockName = "schema.lock"

func isLock(s Source) bool { return strings.HasSuffix(s.Name, LockName) }

// cutLock takes the lock out of the sources; nil where there is none.
func cutLock(sources []Source) (program []Source, lock *types.Lock, letters []diag.Diagnostic) {
	i := slices.IndexFunc(sources, isLock)
	if i < 0 {
		return sources, nil, nil
	}
	program = slices.DeleteFunc(slices.Clone(sources), isLock)
	file := token.NewFile(sources[i].Name, sources[i].Text)
	read, err := plan.ParseLock(sources[i].Text)
	var wrong *plan.LockError
	if errors.As(err, &wrong) {
		_, start := file.Line(wrong.Line)
		return program, nil, []diag.Diagnostic{diag.Errorf("E505", token.Span{File: file, Start: start, End: start}, "this lock can't be read: %s", wrong.Text).
			Way("take it as it was from where you keep the program", "").
			Way("if nothing is stored yet, delete it and run `martinelli schema`", "what nodes have stored is not compared")}
	}
	return program, types.NewLock(read, file), nil
}

// Lock returns what is to be remembered of a program, compared with the lock
// among the sources; nil where a letter is an error. That an invariant or a
// database is new or gone is none: the lock is written to say so.
func Lock(sources []Source, topology *Source) (*plan.Lock, []diag.Diagnostic) {
	sources, lock, letters := cutLock(sources)
	files, more := parse(sources)
	roles, wrong := readTopology(topology)
	if letters = append(append(letters, more...), wrong...); diag.HasErrors(letters) {
		return nil, diag.Sort(letters)
	}
	resolved, more := resolve.Resolve(files, roles)
	typed, wrong := types.CheckLocked(resolved, lock.Renew())
	if letters = diag.Sort(append(append(letters, more...), wrong...)); diag.HasErrors(letters) {
		return nil, letters
	}
	kept := map[string]string{}
	for _, inv := range resolved.Invariants {
		if types.IsKept(inv) {
			kept[inv.Decl.Name.Text] = types.ConditionText(inv)
		}
	}
	return typed.Program.Lock(kept), letters
}
