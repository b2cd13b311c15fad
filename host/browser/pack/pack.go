package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// options say what to make.
type options struct {
	dir     string
	entries []string // TypeScript of a page, by the paths of its files
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
	scripts, err := bundle(rooms, o.entries)
	if err != nil {
		return err
	}
	manifest, err := describe(rooms)
	if err != nil {
		return err
	}
	program, err := buildPage(rooms, o.quick)
	if err != nil {
		return err
	}
	for _, f := range append(append(scripts, manifest...), program...) {
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
	return replace(filepath.Join(o.dir, f.name), f.data)
}
