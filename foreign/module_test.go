package foreign_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/foreign"
	wasm "github.com/martinelli-lang/martinelli/foreign/foreigntest"
)

// TestWhatIsRefused gives each kind of error a module.
func TestWhatIsRefused(t *testing.T) {
	good := wasm.Offering(wasm.Unreachable)
	for _, c := range []struct {
		name   string
		kind   foreign.Kind
		change func(m *wasm.Module)
	}{
		{"an import", foreign.Imported, func(m *wasm.Module) { m.Imports = [][2]string{{"env", "now"}} }},
		{"an import of WASI that nobody knows", foreign.Imported, func(m *wasm.Module) { m.Imports = [][2]string{{"wasi_snapshot_preview1", "fork"}} }},
		{"a large memory", foreign.TooLarge, func(m *wasm.Module) { m.Pages = foreign.PagesMax + 1 }},
		{"no alloc", foreign.Unfit, func(m *wasm.Module) { m.Funcs[0].Name = "alloc" }},
		{"another alloc", foreign.Unfit, func(m *wasm.Module) { m.Funcs[0].Results = nil }},
		{"a reserved name", foreign.Unfit, func(m *wasm.Module) { m.Funcs[1].Name = "martinelli_fuel" }},
		{"a vector", foreign.Forbidden, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Code{0xfd, 12} }},
		{"an atomic", foreign.Forbidden, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Code{0xfe, 0} }},
		{"a tail call", foreign.Forbidden, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Code{0x12, 0} }},
		{"a table that grows", foreign.Forbidden, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Code{0xfc, 15, 0} }},
		{"fuel of its own", foreign.Malformed, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Join(wasm.I64(1<<40), wasm.Code{0x24, 0}) }},
		{"a local of ours", foreign.Malformed, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Get(4) }},
		{"many locals", foreign.TooLarge, func(m *wasm.Module) { m.Funcs[1].Locals = bytes.Repeat([]byte{wasm.TypeI32}, 5000) }},
		{"a branch out", foreign.Malformed, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Br(1) }},
		{"deep blocks", foreign.TooLarge, func(m *wasm.Module) { m.Funcs[1].Body = bytes.Repeat([]byte{0x02, 0x40}, 20_000) }},
		{"no end", foreign.Malformed, func(m *wasm.Module) { m.Funcs[1].Body = wasm.Code{0x02, 0x40} }},
	} {
		m := *good
		m.Funcs = slices.Clone(good.Funcs)
		c.change(&m)
		_, err := foreign.Load(m.Bytes())
		var wrong *foreign.Error
		if !errors.As(err, &wrong) || wrong.Kind != c.kind {
			t.Errorf("%s: %v, want kind %d", c.name, err, c.kind)
		}
	}
	if m, err := foreign.Load(good.Bytes()); err != nil || !m.Has("f") || m.Has("martinelli_alloc") {
		t.Error(m, err)
	}
}

// TestEveryPieceOfAModule cuts a module everywhere: none of its beginnings is one.
func TestEveryPieceOfAModule(t *testing.T) {
	m := wasm.Offering(wasm.Loop(wasm.Br(0)), wasm.Unreachable)
	m.Table = []uint32{0, 1}
	m.Globals = []int32{1, 2}
	whole := m.Bytes()
	if _, err := foreign.Load(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := foreign.Load(whole[:n]); err == nil && n != len(whole)-3 { // the last section has no data
			t.Errorf("the first %d of %d bytes are a module", n, len(whole))
		}
	}
}

// FuzzLoad: no bytes make Load panic or take more than their share of memory,
// and what it makes is a module that it would not take itself only for names.
func FuzzLoad(f *testing.F) {
	m := wasm.Offering(wasm.Block(wasm.Loop(wasm.Get(0), wasm.BrTable(0, 1))), wasm.Call(0), wasm.Unreachable)
	m.Start = 1
	f.Add(m.Bytes())
	m.Imports = [][2]string{{"wasi_snapshot_preview1", "proc_exit"}}
	f.Add(m.Bytes())
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x01\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := foreign.Load(b)
		var wrong *foreign.Error
		if err != nil && !errors.As(err, &wrong) {
			t.Fatal(err)
		}
		if err == nil && len(m.Code) > 64*len(b)+4096 {
			t.Fatalf("%d bytes of %d", len(m.Code), len(b))
		}
	})
}
