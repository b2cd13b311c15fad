package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Failure is the first thing that did not hold in a test.
type Failure struct {
	Part   string         // always, then or expect: where what failed stands; else one of the parts below
	Expect *trial.Expect  // nil: nothing the test says
	Node   string         // at whom; "" everywhere
	At     causal.Instant // of the world
	Step   *trial.Step    // under way; nil: none
	Values []PartValue    // of the sides of the condition
	Text   string         // a sentence more
}

// PartValue is a piece of a condition with the value that it had.
type PartValue struct{ Text, Value string }

const (
	partRest    = "rest"    // the world does not come to rest
	partRuntime = "runtime" // a promise of the runtime is broken
)

const boolKind = value.KindBool

// Letter is the failure as a letter. replay is the command that shows it again.
func (f *Failure) Letter(title token.Span, replay string) diag.Diagnostic {
	var d diag.Diagnostic
	switch {
	case f.Expect != nil:
		d = diag.Errorf("E810", f.Expect.Span, "this does not hold at %s", f.Node).
			Here("`%s`, after %s", f.Part, span(f.At))
	case f.Part == partRest:
		d = diag.Errorf("E811", title, "this test does not come to rest").Since(token.Span{}, "%s", f.Text)
	default:
		d = diag.Errorf("E812", title, "a promise of the runtime is broken, which is no fault of the program").
			Since(token.Span{}, "%s: %s", or(f.Node, "everywhere"), f.Text)
	}
	for _, v := range f.Values {
		d = d.Since(token.Span{}, "%s is %s", v.Text, v.Value)
	}
	if f.Expect != nil && f.Text != "" {
		d = d.Since(token.Span{}, "%s", f.Text)
	}
	if f.Step != nil && (f.Expect == nil || f.Step.Expect != f.Expect) {
		d = d.There(f.Step.Span, "during this step")
	}
	return d.Hinting("`%s` shows it again", replay)
}

// shortened writes a value for a letter: of many elements the first.
func shortened(r flow.Reading) string {
	if r.Type.Kind != plan.KindSet || r.Keyed {
		return clipped(text(r))
	}
	var rows []string
	elems := r.Value.Elems()
	for i, e := range elems {
		if i == valuesMax {
			rows = append(rows, fmt.Sprintf("... %d in all", len(elems)))
			break
		}
		rows = append(rows, string(jsonvalue.Append(nil, r.Type.Element(), e)))
	}
	return clipped("[" + strings.Join(rows, ", ") + "]")
}

// valueTextMax bounds a value in a letter, in bytes.
const valueTextMax = 400

func clipped(s string) string {
	if len(s) <= valueTextMax {
		return s
	}
	return strings.ToValidUTF8(s[:valueTextMax], "") + " ..."
}

// abortCounts lists the refusals of a history, in the order of their words.
func (s *story) abortCounts() (list []Abort) {
	for word, times := range s.aborts {
		event, why, _ := strings.Cut(word, " aborts :")
		list = append(list, Abort{event, why, times})
	}
	slices.SortFunc(list, func(a, b Abort) int {
		return strings.Compare(a.Event+" "+a.Why, b.Event+" "+b.Why)
	})
	return list
}
