package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is where this command's sources are, in this repository or in the
// module cache of those who require it.
const module = "github.com/martinelli-lang/martinelli"

// roomsOf are the folders that go into the package.
type roomsOf struct {
	root string // of the module
	js   string // host/browser/js
}

func locate() (roomsOf, error) {
	out, err := command("go", "list", "-f", "{{.Module.Dir}}", module+"/host/browser/pack")
	if err != nil {
		return roomsOf{}, fmt.Errorf("no sources of %s from here: run this inside its repository or a module that requires it: %w", module, err)
	}
	root := strings.TrimSpace(string(out))
	return roomsOf{root: root, js: filepath.Join(root, "host", "browser", "js")}, nil
}

// command runs a program and returns what it prints; an error has what it says.
func command(name string, args ...string) ([]byte, error) {
	return run(exec.Command(name, args...))
}

func run(c *exec.Cmd) ([]byte, error) {
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, &said)
	}
	return out, nil
}

// replace writes a file at once: who reads it sees the old one or the new.
func replace(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".pack-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
