package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/host/native"
)

// tellModules says which modules a program runs with, by the hash of each:
// two nodes with different ones give different results.
func tellModules(w io.Writer, p *martinelli.Program) {
	for _, from := range slices.Sorted(maps.Keys(p.Modules)) {
		m := p.Modules[from]
		fmt.Fprintf(w, "%s is module %s, with %s\n", from, native.ModuleHash(m), strings.Join(m.Functions(), ", "))
	}
}

// linked opens the modules of a program for nodes that are only imagined. What
// is compiled is kept where this system keeps caches.
func linked(ctx context.Context, p *martinelli.Program) (funcs map[string]flow.Func, done func() error, err error) {
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "martinelli", "wasm")
	}
	if len(p.Modules) == 0 {
		cache = ""
	}
	modules, err := native.OpenModules(ctx, cache, p.Modules)
	if err != nil {
		return nil, nil, err
	}
	return modules.Funcs(p.Plan, nil), modules.Close, nil
}
