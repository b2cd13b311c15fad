package native

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Modules runs the functions of WebAssembly modules by wazero. Its methods may
// be called from any goroutine.
//
// What ends a function is the fuel that package foreign put into it, never the
// clock: a limit in time would end it at one replica and not at another, and
// wazero's own way to watch for one makes a call 46 times as slow.
type Modules struct {
	ctx     context.Context
	runtime wazero.Runtime
	cache   wazero.CompilationCache // nil: none on disk
	byFrom  map[string]*pool
}

// pool is the instances of one module. Each is reset before it is used again,
// so that no call learns what another one did.
type pool struct {
	module   *foreign.Module
	compiled wazero.CompiledModule
	start    *foreign.Snapshot
	turn     chan struct{} // one token for each call under way

	mu   sync.Mutex
	free []*instance
}

// cacheDir is where, in a node's directory, compiled modules are kept: under
// names that say which module, which wazero and which machine.
const cacheDir = "wasm"

// features are what package foreign lets a module use.
const features = api.CoreFeaturesV1 | api.CoreFeatureMultiValue | api.CoreFeatureSignExtensionOps |
	api.CoreFeatureNonTrappingFloatToIntConversion | api.CoreFeatureBulkMemoryOperations

// OpenModules compiles modules, by what the program says they come from, and
// runs their start. What is compiled is kept in dir, which is made; "" keeps
// nothing. It costs about a second a megabyte the first time. The error says
// which module is wrong.
func OpenModules(ctx context.Context, dir string, modules map[string]*foreign.Module) (*Modules, error) {
	return openModules(ctx, wazero.NewRuntimeConfig(), dir, modules)
}

func openModules(ctx context.Context, cfg wazero.RuntimeConfig, dir string, modules map[string]*foreign.Module) (*Modules, error) {
	m := &Modules{ctx: withPages(context.WithoutCancel(ctx)), byFrom: map[string]*pool{}}
	if len(modules) == 0 {
		return m, nil
	}
	cfg = cfg.WithCoreFeatures(features).WithMemoryLimitPages(foreign.PagesMax).WithDebugInfoEnabled(false)
	if dir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			return nil, fmt.Errorf("keep compiled modules in %s: %w", dir, err)
		}
		m.cache, cfg = cache, cfg.WithCompilationCache(cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(m.ctx, cfg)
	for _, from := range slices.Sorted(maps.Keys(modules)) {
		p, err := m.open(modules[from])
		if err != nil {
			m.Close()
			return nil, &ModuleError{from, err}
		}
		m.byFrom[from] = p
	}
	return m, nil
}

// TryModules is OpenModules for a few calls: nothing is compiled, so it takes
// less than a tenth as long, and a call fifty times as long.
func TryModules(ctx context.Context, modules map[string]*foreign.Module) (*Modules, error) {
	return openModules(ctx, wazero.NewRuntimeConfigInterpreter(), "", modules)
}

// A ModuleError says what is wrong with a module: Cause is a
// *foreign.CallError where its start failed, and otherwise what the engine
// says of its code.
type ModuleError struct {
	From  string
	Cause error
}

func (e *ModuleError) Error() string { return e.From + ": " + e.Cause.Error() }
func (e *ModuleError) Unwrap() error { return e.Cause }

func (m *Modules) open(module *foreign.Module) (*pool, error) {
	compiled, err := m.runtime.CompileModule(m.ctx, module.Code)
	if err != nil {
		return nil, fmt.Errorf("the engine refuses its code: %w", err)
	}
	p := &pool{module: module, compiled: compiled, turn: make(chan struct{}, InstancesMax)}
	i, err := p.instance(m)
	if err != nil {
		return nil, err
	}
	if p.start, err = module.Start(i); err != nil {
		i.Close(m.ctx)
		return nil, err
	}
	p.give(i)
	return p, nil
}

// Close gives back what the modules hold, once the calls under way have
// returned, which their fuel sees to. No call begins after it.
func (m *Modules) Close() error {
	if m.runtime == nil {
		return nil
	}
	for _, p := range m.byFrom {
		for range cap(p.turn) {
			p.turn <- struct{}{}
		}
	}
	err := m.runtime.Close(m.ctx)
	if m.cache != nil {
		err = errors.Join(err, m.cache.Close(m.ctx))
	}
	return err
}

// Funcs adds a function for every import of a program that comes from one of
// the modules to those that are linked otherwise, and returns all.
func (m *Modules) Funcs(p *plan.Program, others map[string]flow.Func) map[string]flow.Func {
	funcs := maps.Clone(others)
	if funcs == nil {
		funcs = map[string]flow.Func{}
	}
	for i := range p.Imports {
		imp := &p.Imports[i]
		if pool := m.byFrom[imp.From]; pool != nil {
			fuel := foreign.FuelOf(p, imp.Link())
			funcs[imp.Link()] = func(args []value.Value) (value.Value, error) {
				v, _, err := pool.call(m, imp.Name, fuel, args)
				return v, err
			}
		}
	}
	return funcs
}

// call waits for its turn and calls a function.
func (p *pool) call(m *Modules, name string, fuel int64, args []value.Value) (value.Value, int64, error) {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	i, err := p.take(m)
	if err != nil {
		return value.Nil, 0, err
	}
	v, spent, err := p.module.Call(i, name, fuel, args)
	p.give(i)
	return v, spent, err
}

// take returns an instance in the state after the start.
func (p *pool) take(m *Modules) (*instance, error) {
	p.mu.Lock()
	var i *instance
	if n := len(p.free); n > 0 {
		i, p.free = p.free[n-1], p.free[:n-1]
	}
	p.mu.Unlock()
	if i != nil && p.module.Reset(i, p.start) {
		return i, nil
	}
	if i != nil {
		i.Close(m.ctx)
	}
	fresh, err := p.instance(m)
	if err == nil && !p.module.Reset(fresh, p.start) {
		err = fmt.Errorf("a fresh instance has not the memory of its start")
	}
	return fresh, err
}

func (p *pool) give(i *instance) {
	p.mu.Lock()
	p.free = append(p.free, i)
	p.mu.Unlock()
}

// instance is a foreign.Instance, and a foreign.Wiper where the system can.
type instance struct {
	api.Module
	ctx       context.Context
	memory    api.Memory
	functions map[string]api.Function
	globals   map[string]api.MutableGlobal
	stack     [2]uint64
}

func (p *pool) instance(m *Modules) (*instance, error) {
	made, err := m.runtime.InstantiateModule(m.ctx, p.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, fmt.Errorf("the engine cannot make an instance: %w", err)
	}
	return &instance{Module: made, ctx: m.ctx, memory: made.Memory(), functions: map[string]api.Function{}, globals: map[string]api.MutableGlobal{}}, nil
}

func (i *instance) Call(name string, args ...uint64) (uint64, error) {
	f := i.functions[name]
	if f == nil {
		f = i.ExportedFunction(name)
		i.functions[name] = f
	}
	i.stack[0] = 0
	copy(i.stack[:], args)
	err := f.CallWithStack(i.ctx, i.stack[:])
	return i.stack[0], err
}

func (i *instance) Size() uint32 { return i.memory.Size() }

func (i *instance) Grow(pages uint32) bool {
	_, ok := i.memory.Grow(pages)
	return ok
}

// Wipe makes the memory zero.
func (i *instance) Wipe() bool {
	b, ok := i.memory.Read(0, i.memory.Size())
	return ok && wipe(b)
}

func (i *instance) Read(at, size uint32) ([]byte, bool) { return i.memory.Read(at, size) }
func (i *instance) Write(at uint32, b []byte) bool      { return i.memory.Write(at, b) }

func (i *instance) global(name string) api.MutableGlobal {
	g := i.globals[name]
	if g == nil {
		g, _ = i.ExportedGlobal(name).(api.MutableGlobal)
		i.globals[name] = g
	}
	return g
}

func (i *instance) Global(name string) uint64       { return i.global(name).Get() }
func (i *instance) SetGlobal(name string, v uint64) { i.global(name).Set(v) }

// ModuleHash is how a module is told apart by people: the beginning of its hash.
func ModuleHash(m *foreign.Module) string { return hex.EncodeToString(m.Hash[:6]) }
