package martinelli

import (
	"os"
	"slices"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/judge"
	"github.com/martinelli-lang/martinelli/plan"
)

// Judge judges the program at path, which is as Load takes it: what each part
// of it needs at each role. A topology file takes the place of the program's
// own; "" leaves that. The report is nil where the program has a mistake that
// no topology would mend. What is read and not run yet is a note here.
func Judge(path, topology string) (*judge.Report, []diag.Diagnostic, error) {
	sources, roles, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	if topology != "" {
		text, err := os.ReadFile(topology)
		if err != nil {
			return nil, nil, err
		}
		roles = &lang.Source{Name: topology, Text: string(text)}
	}
	report, letters := lang.Judge(sources, roles)
	if !diag.HasErrors(letters) {
		var compiled *plan.Program // nil where there are no modules, or it is only judged: then no promises are tested
		if slices.ContainsFunc(sources, func(s lang.Source) bool { return len(lang.Modules(s)) > 0 }) {
			compiled, _ = lang.Compile(sources, roles)
		}
		_, more := readModules(sources, compiled)
		letters = diag.Sort(append(letters, more...))
	}
	return report, letters, nil
}
