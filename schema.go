package martinelli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

// A Schema is the lock of a program: the file that remembers how its databases
// are stored, so that no later text misreads what nodes have stored.
type Schema struct {
	File   string
	Before string // what the file says now; "" where there is none
	Text   string // what it is to say
}

// SchemaOf compiles the program at path, which is as Load takes it, and returns
// its lock. The lock that is there is kept to: a type that has changed is an
// error among the diagnostics, and the schema is nil.
func SchemaOf(path string) (*Schema, []diag.Diagnostic, error) {
	sources, topology, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	s := &Schema{File: lockFile(path)}
	for _, source := range sources {
		if source.Name == s.File {
			s.Before = source.Text
		}
	}
	lock, letters := lang.Lock(sources, topology)
	if lock == nil {
		return nil, letters, nil
	}
	s.Text = lock.String()
	return s, letters, nil
}

// lockFile is where the lock of the program at path is: in its folder, or
// beside its file.
func lockFile(path string) string {
	path = filepath.Clean(path)
	if file, isFile := strings.CutSuffix(path, ".mrt"); isFile {
		return file + "." + lang.LockName
	}
	return filepath.Join(path, lang.LockName)
}

// withLock adds the program's lock, if it has one.
func withLock(sources []lang.Source, path string) ([]lang.Source, error) {
	file := lockFile(path)
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sources, nil
	case err == nil && info.Size() > plan.LockSizeMax:
		return nil, fmt.Errorf("%s has more than %d bytes, so it is no lock", file, plan.LockSizeMax)
	case err != nil:
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return append(sources, lang.Source{Name: file, Text: string(text)}), nil
}
