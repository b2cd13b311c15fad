package lang

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/judge"
	"github.com/martinelli-lang/martinelli/lang/lower"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/types"
)

// Judge says what a program needs at each role of a topology; sources and
// topology are as Compile takes them. What the language has and this version
// does not run is judged with a note; only what it cannot judge either is an
// error. The report is nil where the program has a mistake that no topology
// would mend; beside errors that the topology causes there is one. Cost:
// linear in the text, and in the plan for each role.
func Judge(sources []Source, topology *Source) (*judge.Report, []diag.Diagnostic) {
	files, letters := parse(sources)
	roles, more := readTopology(topology)
	letters = append(letters, more...)
	if diag.HasErrors(letters) {
		return nil, diag.Sort(letters)
	}
	resolved, more := resolve.Resolve(files, roles)
	letters = append(letters, more...)
	typed, more := types.Check(resolved)
	letters = append(letters, more...)
	letters = append(letters, judgedOnly(typed.Later)...)
	if diag.HasErrors(letters) {
		return nil, diag.Sort(letters)
	}
	_, more = lower.Lower(typed, resolved)
	letters = append(letters, more...)
	report, more := judge.Judge(typed, nil)
	return report, diag.Sort(append(letters, more...))
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
