package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/foreign"
	wasm "github.com/martinelli-lang/martinelli/foreign/foreigntest"
	"github.com/tetratelabs/wazero"
)

// TestHostileFunctions: each of a thousand modules that mean harm is refused,
// or stopped within its fuel, after the same unit the second time and on
// another engine: a hundred of them without MARTINELLI_SOAK. How long they took
// is told, and is no test.
func TestHostileFunctions(t *testing.T) {
	modules := 100
	if os.Getenv("MARTINELLI_SOAK") != "" {
		modules = 1000
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	die := rand.New(rand.NewPCG(7, 7))
	refused, started := 0, 0
	ends := map[foreign.Why]int{}
	var took []time.Duration
	var slowest time.Duration
	slowestAt := ""
	for i := range modules {
		loaded, err := foreign.Load(wasm.Hostile(die))
		if err != nil {
			var wrong *foreign.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("module %d: %v", i, err)
			}
			refused++
			continue
		}
		m, err := openModules(context.Background(), wazero.NewRuntimeConfig(), "", map[string]*foreign.Module{"": loaded})
		if err != nil {
			started++ // its start, or its types
			continue
		}
		p := m.byFrom[""]
		begun := threadTime()
		_, spent, err := p.call(m, "f", foreign.FuelMax, nil)
		took = append(took, threadTime()-begun)
		_, again, errAgain := p.call(m, "f", foreign.FuelMax, nil)
		var call *foreign.CallError
		if err == nil || !errors.As(err, &call) {
			t.Fatalf("module %d gave something: %v", i, err)
		}
		if spent != again || err.Error() != errAgain.Error() {
			t.Errorf("module %d took %d units (%v), and then %d (%v)", i, spent, err, again, errAgain)
		}
		if spent > foreign.FuelMax && call.Why != foreign.Fuel {
			t.Errorf("module %d took %d units and ended by %v", i, spent, err)
		}
		ends[call.Why]++
		if took[len(took)-1] > slowest {
			slowest, slowestAt = took[len(took)-1], fmt.Sprint(i, ", ", err)
		}
		if i%25 == 0 {
			sameElsewhere(t, loaded, m)
		}
		m.Close()
	}
	slices.Sort(took)
	t.Logf("%d modules: %d refused, %d stopped at their start or by the engine, %v ends; a call took %v in the middle, %v at the 99th percentile, %v at most (module %s)",
		modules, refused, started, ends, took[len(took)/2], took[len(took)*99/100], slowest, slowestAt)
	if refused < modules/10 || ends[foreign.Fuel] < modules/8 || ends[foreign.Stack] == 0 || ends[foreign.Trapped] == 0 {
		t.Error("these modules do little harm")
	}
}

// threadTime is how long a processor has worked for this thread: on a busy
// machine a clock would tell of the others.
func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sameElsewhere compares a call with the interpreter's, with little fuel.
func sameElsewhere(t *testing.T, loaded *foreign.Module, m *Modules) {
	t.Helper()
	other, err := TryModules(context.Background(), map[string]*foreign.Module{"": loaded})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	a, b := m.byFrom[""], other.byFrom[""]
	const fuel = foreign.FuelMax / 100
	_, spentHere, errHere := a.call(m, "f", fuel, nil)
	_, spentThere, errThere := b.call(other, "f", fuel, nil)
	var here, there *foreign.CallError
	if spentHere != spentThere || !errors.As(errHere, &here) || !errors.As(errThere, &there) || here.Why != there.Why {
		t.Errorf("compiled: %d units, %v; interpreted: %d units, %v", spentHere, errHere, spentThere, errThere)
	}
}
