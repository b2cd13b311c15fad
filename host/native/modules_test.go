package native

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/martinelli-lang/martinelli/foreign"
	wasm "github.com/martinelli-lang/martinelli/foreign/foreigntest"
	"github.com/martinelli-lang/martinelli/value"
)

// engines are what must agree on every call: two machines with nothing in
// common but the module.
var engines = []struct {
	name string
	cfg  wazero.RuntimeConfig
}{
	{"compiled", wazero.NewRuntimeConfigCompiler()},
	{"interpreted", wazero.NewRuntimeConfigInterpreter()},
}

// opened loads a module and opens it alone.
func opened(t testing.TB, cfg wazero.RuntimeConfig, module []byte) (*Modules, *pool, error) {
	loaded, err := foreign.Load(module)
	if err != nil {
		t.Fatal(err)
	}
	m, err := openModules(context.Background(), cfg, "", map[string]*foreign.Module{"wasm:f": loaded})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { m.Close() })
	return m, m.byFrom["wasm:f"], nil
}

// fuelOfTests is little, as an interpreter takes a second for FuelMax.
const fuelOfTests = foreign.FuelMax / 20

// called is what one call gave: all of what must be the same everywhere.
type called struct {
	value string
	spent int64
	why   foreign.Why
	fails bool
}

func calledOnce(t testing.TB, m *Modules, p *pool, args ...value.Value) called {
	v, spent, err := p.call(m, "f", fuelOfTests, args)
	o := called{value: value.Encode(v), spent: spent, fails: err != nil}
	var call *foreign.CallError
	if err != nil && !errors.As(err, &call) {
		t.Fatalf("a call failed by itself: %v", err)
	}
	if err != nil {
		o.why = call.Why
	}
	return o
}

// calledEverywhere calls "f" of a module on every engine, twice, and returns what all said.
func calledEverywhere(t *testing.T, module []byte, args ...value.Value) called {
	t.Helper()
	var first called
	for i, e := range engines {
		m, p, err := opened(t, e.cfg, module)
		if err != nil {
			t.Fatal(err)
		}
		for turn := range 2 {
			o := calledOnce(t, m, p, args...)
			if i == 0 && turn == 0 {
				first = o
			}
			if o != first {
				t.Fatalf("%s, call %d: %+v, and before %+v", e.name, turn, o, first)
			}
		}
	}
	return first
}

var (
	seven = value.Encode(value.Int(7))
	// giveSeven writes the result 7 at 2048.
	giveSeven = wasm.Join(wasm.I32(2048), wasm.I32(0x0719<<8), wasm.Store32, wasm.Packed(2048, 3))
)

func TestAFunctionGivesAValue(t *testing.T) {
	o := calledEverywhere(t, wasm.Offering(giveSeven).Bytes(), value.String("x"))
	if o.fails || o.value != seven || o.spent == 0 {
		t.Fatalf("%+v", o)
	}
}

// TestACallLearnsNothingOfAnother: a function counts its calls in memory, in a
// variable, and in how much memory it has, and always finds the first.
func TestACallLearnsNothingOfAnother(t *testing.T) {
	put := func(at int32, what ...wasm.Code) wasm.Code {
		return wasm.Join(wasm.I32(at), wasm.Join(what...), wasm.Store32)
	}
	module := wasm.Offering(
		wasm.I32(0), wasm.I32(0), wasm.Load8, wasm.I32(1), wasm.Add32, wasm.Store8,
		wasm.Code{0x23, 0}, wasm.I32(1), wasm.Add32, wasm.Code{0x24, 0},
		wasm.I32(1), wasm.Grow, wasm.Drop,
		put(2048, wasm.I32(0x25<<8)), // a tuple of three
		put(2050, wasm.I32(0x19)), put(2051, wasm.I32(0), wasm.Load8),
		put(2052, wasm.I32(0x19)), put(2053, wasm.Code{0x23, 0}),
		put(2054, wasm.I32(0x19)), put(2055, wasm.Size),
		wasm.Packed(2048, 9))
	module.Globals = []int32{0}
	want := value.Encode(value.Tuple(value.Int(1), value.Int(1), value.Int(2)))
	if o := calledEverywhere(t, module.Bytes()); o.fails || o.value != want {
		t.Fatalf("%+v, want %q", o, want)
	}
}

func TestWhatEndsACall(t *testing.T) {
	fill := wasm.Join(wasm.I32(0), wasm.I32(1), wasm.I32(65536), wasm.Fill)
	for _, c := range []struct {
		name string
		why  foreign.Why
		body wasm.Code
	}{
		{"a loop", foreign.Fuel, wasm.Loop(wasm.Br(0))},
		{"a br_table", foreign.Fuel, wasm.Loop(wasm.Block(wasm.I32(0), wasm.BrTable(1, 0)))},
		{"recursion", foreign.Stack, wasm.Join(wasm.Get(0), wasm.Get(1), wasm.Call(1), wasm.Return)},
		{"filling", foreign.Fuel, wasm.Loop(fill, wasm.Br(0))},
		{"growing", foreign.Fuel, wasm.Loop(wasm.I32(1), wasm.Grow, wasm.Drop, wasm.Br(0))},
		{"growing at once", foreign.Fuel, wasm.Join(wasm.I32(-1), wasm.Grow, wasm.Drop)},
		{"a trap", foreign.Trapped, wasm.Unreachable},
		{"division by zero", foreign.Trapped, wasm.Join(wasm.I32(1), wasm.I32(0), wasm.Div32, wasm.Drop)},
		{"out of bounds", foreign.Trapped, wasm.Join(wasm.I32(-8), wasm.Load64, wasm.Set(3))},
		{"a result outside", foreign.Nonsense, wasm.Join(wasm.Packed(0xffffff0, 4), wasm.Return)},
		{"no result", foreign.Nonsense, wasm.Join(wasm.Packed(0, 0), wasm.Return)},
		{"an endless result", foreign.Oversized, wasm.Join(wasm.Packed(0, 1<<31), wasm.Return)},
		{"no value", foreign.Nonsense, wasm.Join(wasm.I32(2048), wasm.I32(0xff00), wasm.Store32, wasm.Packed(2048, 2), wasm.Return)},
		{"a refusal", foreign.Refused, wasm.Join(wasm.I32(2048), wasm.I32('o'<<8|1), wasm.Store32, wasm.Packed(2048, 2), wasm.Return)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if o := calledEverywhere(t, wasm.Offering(c.body, giveSeven).Bytes()); !o.fails || o.why != c.why {
				t.Fatalf("%+v, want why %d", o, c.why)
			}
		})
	}
}

func TestAStartThatLoopsIsStopped(t *testing.T) {
	module := wasm.Offering(giveSeven)
	module.Funcs = append(module.Funcs, wasm.Func{Body: wasm.Loop(wasm.Br(0))})
	module.Start = 3
	_, _, err := opened(t, wazero.NewRuntimeConfig(), module.Bytes())
	var call *foreign.CallError
	if !errors.As(err, &call) || call.Why != foreign.Fuel || !strings.Contains(err.Error(), "its start") {
		t.Fatal(err)
	}
}
