package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// modules are the entry points of the package; each is a file of js/src and
// becomes one of the package. A page loads client and worker; those take idb,
// program, guest, peers and rtc when they need them. In Node.js node takes the place of client,
// and node-worker that of worker, which takes node-socket where it needs it.
var (
	modules     = []string{"client", "worker", "react", "idb", "program", "guest", "peers", "rtc"}
	nodeModules = []string{"node", "node-worker", "node-socket"}
)

// external are the modules that stay modules of their own.
var external = []string{"node:*", "react", "./client.js", "./idb.js", "./program.js", "./guest.js", "./peers.js", "./rtc.js", "./react.js", "./node.js", "./node-socket.js"}

// bundle makes the JavaScript of the package, and of a page's own entries.
// program is page.wasm, which a worker knows by its hash.
func bundle(rooms roomsOf, entries []string, program []byte) ([]file, error) {
	hash := sha256.Sum256(program)
	define := map[string]string{"programHash": fmt.Sprintf(`"%x"`, hash[:8])}
	files, err := esbuild(sources(rooms, modules), define)
	if err != nil {
		return nil, err
	}
	forNode, err := esbuild(sources(rooms, nodeModules), define, inNode)
	if err != nil || len(entries) == 0 {
		return append(files, forNode...), err
	}
	theirs, err := esbuild(entries, nil)
	return slices.Concat(files, forNode, theirs), err
}

func sources(rooms roomsOf, names []string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(rooms.js, "src", name+".ts"))
	}
	return paths
}

// inNode is for what comes from a disk and not over a network: whoever looks
// into it, or has it in a stack, can read it.
func inNode(o *api.BuildOptions) {
	o.MinifyWhitespace, o.MinifyIdentifiers, o.MinifySyntax = false, false, false
	o.Plugins = []api.Plugin{standIn}
}

// standIn puts in the place of what only browsers have what stands beside it for
// Node.js, so that the worker is the same in both and neither bears the other's.
// A module for Node.js itself may take the one that it stands for.
var standIn = api.Plugin{Name: "node", Setup: func(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: `^\./(keys|storage)\.ts$`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if strings.HasSuffix(args.Importer, "-node.ts") {
			return api.OnResolveResult{}, nil
		}
		return api.OnResolveResult{Path: filepath.Join(args.ResolveDir, strings.TrimSuffix(args.Path, ".ts")+"-node.ts")}, nil
	})
}}

// esbuild bundles each entry into a module of its name. A page's entries take
// the package from the files beside them, which are then loaded once. define
// has expressions for names that a module leaves open, and further is what else
// is other than for a page.
func esbuild(entries []string, define map[string]string, further ...func(*api.BuildOptions)) ([]file, error) {
	for i, entry := range entries {
		whole, err := filepath.Abs(entry)
		if err != nil {
			return nil, err
		}
		entries[i] = whole
	}
	options := api.BuildOptions{
		EntryPoints:       entries,
		Bundle:            true,
		Outdir:            "/",
		EntryNames:        "[name]",
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Platform:          api.PlatformNeutral,
		External:          external,
		Alias:             map[string]string{"martinelli": "./client.js", "martinelli/react": "./react.js", "martinelli/node": "./node.js"},
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		IgnoreAnnotations: true, // the manifest speaks of what is made here, and the sources of workers have effects
		TsconfigRaw:       `{"compilerOptions":{"target":"ES2022","jsx":"react-jsx"}}`,
		Define:            define,
	}
	for _, f := range further {
		f(&options)
	}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}), ""))
	}
	var files []file
	for _, out := range result.OutputFiles {
		files = append(files, file{filepath.Base(out.Path), out.Contents})
	}
	return files, nil
}

// describe makes what npm and TypeScript read: the manifest of the sources
// with what they need left out, and the types, which are kept as such.
func describe(rooms roomsOf) ([]file, error) {
	types, err := filepath.Glob(filepath.Join(rooms.js, "types", "*.d.ts"))
	if err != nil {
		return nil, err
	}
	var files []file
	for _, path := range append(types, filepath.Join(rooms.js, "package.json"), filepath.Join(rooms.js, "README.md")) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("the package's %s: %w", filepath.Base(path), err)
		}
		files = append(files, file{filepath.Base(path), data})
	}
	return files, nil
}
