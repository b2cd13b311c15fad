package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// options say what to make.
type options struct {
	dir     string
	page    []string // files and folders of a page
	quick   bool
	verbose bool
}

// pack writes the whole package.
func pack(o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	rooms, err := locate()
	if err != nil {
		return err
	}
	entries, assets, err := gather(o.page)
	if err != nil {
		return err
	}
	program, err := buildPage(rooms, o.quick)
	if err != nil {
		return err
	}
	scripts, err := bundle(rooms, entries, program[0].data)
	if err != nil {
		return err
	}
	manifest, err := describe(rooms)
	if err != nil {
		return err
	}
	files := slices.Concat(scripts, manifest, program, assets)
	keeper, err := offline(rooms, files)
	if err != nil {
		return err
	}
	for _, f := range append(files, keeper) {
		if err := write(o, f); err != nil {
			return err
		}
	}
	return nil
}

// A file of the package.
type file struct {
	name string // beside package.json
	data []byte
}

// write leaves a file alone that is as it shall be, so that what stands on its
// time is not made again.
func write(o options, f file) error {
	if o.verbose {
		fmt.Printf("%9d %s\n", len(f.data), f.name)
	}
	path := filepath.Join(o.dir, filepath.FromSlash(f.name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return replace(path, f.data)
}
