package soundness

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/invariant"
	"github.com/martinelli-lang/martinelli/lang/lower"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Planted are mistakes of the compiler on purpose.
type Planted struct {
	Rule  plan.Rule       // the modes do without it; R12: nothing is refused that acts on what may change
	Fault invariant.Fault // a verb has the wrong polarity
}

// Compiled is a program and what the compiler says of it.
type Compiled struct {
	Text     Program
	Planted  Planted
	Plan     *plan.Program
	Marks    []plan.Mark // of its views
	Verdicts []invariant.Verdict
	Refused  []diag.Code // of the errors of the text as it was made up
}

// compile takes a program through the rooms of the compiler, as lang.Compile
// does, which plants nothing.
func compile(text Program, planted Planted) (*Compiled, []diag.Diagnostic) {
	file, letters := syntax.ParseFile(token.NewFile("made.mrt", text.String()))
	if diag.HasErrors(letters) {
		return nil, letters
	}
	resolved, letters := resolve.Resolve([]*syntax.File{file}, resolve.UsualTopology())
	typed, more := types.Check(resolved)
	if letters = append(append(letters, more...), typed.Later...); diag.HasErrors(letters) {
		return nil, letters
	}
	judged := invariant.JudgeWith(typed, planted.Fault)
	if diag.HasErrors(judged.Letters) {
		return nil, judged.Letters
	}
	judged.Guard()
	program, letters := lower.Lower(typed, resolved)
	if diag.HasErrors(letters) {
		return nil, letters
	}
	if planted.Rule != plan.R12 {
		if letters = mode.New(typed).Letters(); diag.HasErrors(letters) {
			return nil, letters
		}
	}
	modes := plan.Modes{Databases: program.Databases}
	if planted.Rule != 0 && planted.Rule != plan.R12 {
		modes = modes.Without(planted.Rule)
	}
	return &Compiled{Text: text, Planted: planted, Plan: program, Marks: modes.ViewsOf(program), Verdicts: judged.Verdicts}, nil
}

// mend compiles a program without the declarations that the compiler refuses,
// and those that then lack something. It is nil where that does not end.
func mend(text Program, planted Planted) *Compiled {
	var refused []diag.Code
	for round := range 40 {
		c, letters := compile(text, planted)
		if c != nil {
			c.Refused = refused
			return c
		}
		for _, d := range letters {
			if d.Severity == diag.Error && round == 0 {
				refused = append(refused, d.Code)
			}
		}
		if text = without(text, letters); text == nil {
			return nil
		}
	}
	return nil
}

// without leaves out the declarations in which errors are.
func without(text Program, letters []diag.Diagnostic) Program {
	bad := map[int]bool{}
	for _, d := range letters {
		if d.Severity == diag.Error {
			bad[text.at(d.Where().Position().Line)] = true
		}
	}
	var out Program
	for i, d := range text {
		if !bad[i] {
			out = append(out, d)
		}
	}
	if len(out) == len(text) {
		return nil
	}
	return out
}

// at returns which declaration stands at a line.
func (p Program) at(line int) int {
	for i, d := range p {
		for _, c := range d.String() {
			if c == '\n' {
				line--
			}
		}
		if line < 1 {
			return i
		}
	}
	return len(p) - 1
}
