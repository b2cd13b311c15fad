package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// modules are the entry points of the package; each is a file of js/src and
// becomes one of the package. A page loads client and worker; those take idb,
// peers and rtc when they need them.
var modules = []string{"client", "worker", "react", "node", "idb", "peers", "rtc"}

// bundle makes the JavaScript of the package, and of a page's own entries.
func bundle(rooms roomsOf, entries []string) ([]file, error) {
	var ours []string
	for _, name := range modules {
		path := filepath.Join(rooms.js, "src", name+".ts")
		if _, err := os.Stat(path); err == nil {
			ours = append(ours, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	files, err := esbuild(rooms, ours, nil)
	if err != nil || len(entries) == 0 {
		return files, err
	}
	theirs, err := esbuild(rooms, entries, nil)
	return append(files, theirs...), err
}

// esbuild bundles each entry into a module of its name. A page's entries take
// the package from the files beside them, which are then loaded once. define
// has expressions for names that a module leaves open.
func esbuild(rooms roomsOf, entries []string, define map[string]string) ([]file, error) {
	for i, entry := range entries {
		whole, err := filepath.Abs(entry)
		if err != nil {
			return nil, err
		}
		entries[i] = whole
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       entries,
		Bundle:            true,
		Outdir:            "/",
		EntryNames:        "[name]",
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Platform:          api.PlatformNeutral,
		External:          []string{"node:*", "react", "./client.js", "./idb.js", "./peers.js", "./rtc.js", "./react.js", "./node.js"},
		Alias:             map[string]string{"martinelli": "./client.js", "martinelli/react": "./react.js"},
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		TsconfigRaw:       `{"compilerOptions":{"target":"ES2022","jsx":"react-jsx"}}`,
		Define:            define,
	})
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
