package lang

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/judge"
	"github.com/martinelli-lang/martinelli/lang/lower"
	"github.com/martinelli-lang/martinelli/lang/mode"
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
	r := Inspect(sources, topology)
	return r.Report, r.Letters
}

// judge takes what could be read through the rooms of the compiler.
func (r *Insight) judge(files []*syntax.File, lock *types.Lock) (understood, []diag.Diagnostic) {
	u, letters := understand(files, r.Topology, lock)
	if letters = append(letters, judgedOnly(u.typed.Later)...); diag.HasErrors(letters) {
		return u, letters
	}
	_, more := lower.Lower(u.typed, u.resolved)
	modes := mode.New(u.typed)
	letters = append(append(letters, more...), modes.Letters()...)
	report, more := judge.Judge(u.typed, modes, u.judged.Verdicts)
	if r.Judged == nil { // of several the one with the largest part
		r.Judged = &Judged{u.typed, modes, report}
	}
	return u, append(letters, more...)
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
