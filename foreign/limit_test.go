package foreign

import (
	"testing"

	"github.com/martinelli-lang/martinelli/plan"
)

// TestFuelGoesByWhatIsCalled: what fills a cell has more, what is called while
// somebody waits has not.
func TestFuelGoesByWhatIsCalled(t *testing.T) {
	p := &plan.Program{
		Imports:   []plan.Import{{Name: "classify", From: "wasm:a"}, {Name: "score", From: "wasm:a"}},
		Processes: []plan.Process{{}, {Runs: []plan.Run{{Import: 0}}}},
	}
	if got := FuelOf(p, "wasm:a#classify"); got != FillMax {
		t.Errorf("what fills a cell has %d", got)
	}
	if got := FuelOf(p, "wasm:a#score"); got != FuelMax {
		t.Errorf("what a handler waits for has %d", got)
	}
}
