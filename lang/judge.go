package lang

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/judge"
	"github.com/martinelli-lang/martinelli/lang/lower"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/types"
)

// Judge says what a program needs at each role of a topology; sources and
// topology are as Compile takes them. What the language has and this version
// does not run is judged with a note; only what it cannot judge either is an
// error. The report is nil where the program has a mistake that no topology
// would mend; beside errors that the topology causes there is one. Cost:
// linear in the text, and in the plan for each role.
func Judge(sources []Source, topology *Source) (*judge.Report, []diag.Diagnostic) {
	sources, lock, letters := cutLock(sources)
	files, more := parse(sources)
	letters = append(letters, more...)
	roles, more := readTopology(topology)
	letters = append(letters, more...)
	look := func(files []*syntax.File) []diag.Diagnostic {
		_, letters := judgeFiles(files, roles, lock.Quiet())
		return letters
	}
	if diag.HasErrors(more) {
		return nil, diag.Sort(letters)
	}
	if diag.HasErrors(letters) {
		return nil, diag.Sort(alsoOf(files, letters, look))
	}
	report, more := judgeFiles(files, roles, lock)
	return report, diag.Sort(append(letters, alsoOf(files, more, look)...))
}

// judgeFiles takes what could be read through the rooms of the compiler.
func judgeFiles(files []*syntax.File, roles *resolve.Topology, lock *types.Lock) (*judge.Report, []diag.Diagnostic) {
	u, letters := understand(files, roles, lock)
	if letters = append(letters, judgedOnly(u.typed.Later)...); diag.HasErrors(letters) {
		return nil, letters
	}
	_, more := lower.Lower(u.typed, u.resolved)
	modes := mode.New(u.typed)
	letters = append(append(letters, more...), modes.Letters()...)
	report, more := judge.Judge(u.typed, modes, u.judged.Verdicts)
	return report, append(letters, more...)
}

// judgedOnly makes the letters that refuse constructs into notes that they are
// only judged, one for each construct, where it first stands.
func judgedOnly(later []diag.Diagnostic) []diag.Diagnostic {
	var notes []diag.Diagnostic
	seen := map[string]bool{}
	for _, d := range diag.Sort(later) {
		if seen[d.Title] {
			continue
		}
		seen[d.Title] = true
		d.Code, d.Severity = "W191", diag.Note
		d.Title = "judged, and not run by this version: " + strings.TrimPrefix(d.Title, "not yet: ")
		notes = append(notes, d.Here("`martinelli run` refuses it"))
	}
	return notes
}
