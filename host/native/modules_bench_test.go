package native

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/martinelli-lang/martinelli/foreign"
	wasm "github.com/martinelli-lang/martinelli/foreign/foreigntest"
	"github.com/martinelli-lang/martinelli/value"
)

// BenchmarkModuleCall is one call of a function in a module of one page, with
// its values encoded and the module's memory put back.
func BenchmarkModuleCall(b *testing.B) {
	m, p, err := opened(b, wazero.NewRuntimeConfig(), wasm.Offering(giveSeven).Bytes())
	if err != nil {
		b.Fatal(err)
	}
	args := []value.Value{value.String("milk"), value.Int(12)}
	for b.Loop() {
		if _, _, err := p.call(m, "f", foreign.FuelMax, args); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkModuleFuel is a loop of 100,000 turns of nine instructions, as it is
// and as it pays.
func BenchmarkModuleFuel(b *testing.B) {
	body := wasm.Join(wasm.I32(100_000), wasm.Set(2), wasm.Loop(
		wasm.Get(3), wasm.Get(2), wasm.Extend, wasm.Add64, wasm.Set(3),
		wasm.Get(2), wasm.I32(1), wasm.Sub32, wasm.Tee(2), wasm.BrIf(0)), wasm.Get(3))
	plain := wasm.Offering(body).Bytes()
	paying, err := foreign.Load(plain)
	if err != nil {
		b.Fatal(err)
	}
	for name, code := range map[string][]byte{"plain": plain, "paying": paying.Code} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			runtime := wazero.NewRuntime(ctx)
			defer runtime.Close(ctx)
			compiled, err := runtime.CompileModule(ctx, code)
			if err != nil {
				b.Fatal(err)
			}
			made, err := (&pool{compiled: compiled}).instance(&Modules{ctx: ctx, runtime: runtime})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if name == "paying" {
					made.SetGlobal("martinelli_fuel", foreign.FuelMax)
				}
				if _, err := made.Call("f", 0, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
