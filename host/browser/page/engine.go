//go:build js

package main

import (
	"errors"
	"strings"
	"unsafe"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// The functions that a program imports as WebAssembly run in the browser's own
// engine. The worker fetches each module; package foreign makes of it what runs,
// with fuel, as at a server; and the worker makes an instance, which Go calls
// without leaving the call it is in, as a view must have its value at once.
//
// The engine's functions are worker.ts's: a module and an instance are numbers,
// and what crosses is memory.

// fetched returns how many bytes the module of that name has, or -1.
//
//go:wasmimport martinelli fetched
func fetched(name unsafe.Pointer, size int32) int32

// take copies the bytes of the module asked for last.
//
//go:wasmimport martinelli take
func take(into unsafe.Pointer)

// instantiate makes an instance of code, or returns -1.
//
//go:wasmimport martinelli instantiate
func instantiate(code unsafe.Pointer, size int32) int32

// call calls an exported function. It returns 0, and 1 where it trapped.
//
//go:wasmimport martinelli call
func call(instance int32, name unsafe.Pointer, size int32, count int32, a, b int64, result unsafe.Pointer) int32

//go:wasmimport martinelli size
func memorySize(instance int32) int32

//go:wasmimport martinelli grow
func memoryGrow(instance, pages int32) int32

//go:wasmimport martinelli read
func memoryRead(instance, at, size int32, into unsafe.Pointer) int32

//go:wasmimport martinelli write
func memoryWrite(instance, at, size int32, from unsafe.Pointer) int32

//go:wasmimport martinelli global
func global(instance int32, name unsafe.Pointer, size int32) int64

//go:wasmimport martinelli setGlobal
func setGlobal(instance int32, name unsafe.Pointer, size int32, v int64)

// link gives each import of a program that comes as WebAssembly a function.
func link(p *plan.Program) (map[string]flow.Func, error) {
	funcs, byFrom := map[string]flow.Func{}, map[string]*pool{}
	for i := range p.Imports {
		imp := &p.Imports[i]
		if !strings.HasPrefix(imp.From, "wasm:") {
			continue // a Go function is the server's
		}
		m := byFrom[imp.From]
		if m == nil {
			m = &pool{}
			byFrom[imp.From] = m
		}
		fuel := foreign.FuelOf(p, imp.Link())
		funcs[imp.Link()] = func(args []value.Value) (value.Value, error) { return m.call(imp, fuel, args) }
	}
	return funcs, nil
}

// pool is a module with one instance: calls of a page follow one another. It is
// made ready by the first call.
type pool struct {
	module *foreign.Module
	at     *instance
	start  *foreign.Snapshot
}

func (m *pool) call(imp *plan.Import, fuel int64, args []value.Value) (value.Value, error) {
	if m.module == nil {
		code, err := bytesOf(imp.From)
		if err != nil {
			return value.Nil, err
		}
		if m.module, err = foreign.Load(code); err != nil {
			return value.Nil, err
		}
	}
	if m.at == nil || !m.module.Reset(m.at, m.start) {
		if err := m.renew(); err != nil {
			return value.Nil, err
		}
	}
	v, _, err := m.module.Call(m.at, imp.Name, fuel, args)
	return v, err
}

// renew makes an instance in the state after its start.
func (m *pool) renew() (err error) {
	if m.at, err = newInstance(m.module.Code); err != nil {
		return err
	}
	if m.start == nil {
		if m.start, err = m.module.Start(m.at); err != nil {
			return err
		}
	}
	if !m.module.Reset(m.at, m.start) {
		return errors.New("a fresh instance has not the memory of its start")
	}
	return nil
}

func bytesOf(from string) ([]byte, error) {
	n := fetched(textOf(from))
	if n < 0 {
		return nil, errors.New("the module " + from + " is not here: name its URL in modules")
	}
	b := make([]byte, n+1)
	take(unsafe.Pointer(unsafe.SliceData(b)))
	return b[:n], nil
}

// instance is a foreign.Instance.
type instance struct{ no int32 }

func newInstance(code []byte) (*instance, error) {
	no := instantiate(unsafe.Pointer(unsafe.SliceData(code)), int32(len(code)))
	if no < 0 {
		return nil, errors.New("the browser's engine refuses the module")
	}
	return &instance{no}, nil
}

// errTrap is what the engine says of a call that did what cannot be done.
var errTrap = errors.New("it trapped")

func (i *instance) Call(name string, args ...uint64) (result uint64, err error) {
	var two [2]uint64
	copy(two[:], args)
	text, size := textOf(name)
	if call(i.no, text, size, int32(len(args)), int64(two[0]), int64(two[1]), unsafe.Pointer(&result)) != 0 {
		return 0, errTrap
	}
	return result, nil
}

func (i *instance) Size() uint32 { return uint32(memorySize(i.no)) }

func (i *instance) Grow(pages uint32) bool { return memoryGrow(i.no, int32(pages)) == 0 }

func (i *instance) Read(at, size uint32) ([]byte, bool) {
	b := make([]byte, size+1)
	ok := memoryRead(i.no, int32(at), int32(size), unsafe.Pointer(unsafe.SliceData(b))) == 0
	return b[:size], ok
}

func (i *instance) Write(at uint32, b []byte) bool {
	return len(b) == 0 || memoryWrite(i.no, int32(at), int32(len(b)), unsafe.Pointer(unsafe.SliceData(b))) == 0
}

func (i *instance) Global(name string) uint64 {
	return uint64(global(i.no, pointerTo(name), int32(len(name))))
}

func (i *instance) SetGlobal(name string, v uint64) {
	setGlobal(i.no, pointerTo(name), int32(len(name)), int64(v))
}

func textOf(s string) (unsafe.Pointer, int32) { return pointerTo(s), int32(len(s)) }

func pointerTo(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }
