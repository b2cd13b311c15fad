// Package wiretest holds the formats of docs/wire to the bytes they were
// frozen with, and every later release to reading them.
package wiretest

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Dir is where the bytes of version 1 stand, from the module's root: a file for
// each, in hexadecimal, named by its page in docs/wire and by what it shows.
const Dir = "wire/testdata/v1"

// freeze adds the bytes of what has no file yet. No file is ever replaced:
// bytes that were released are read for ever.
const freeze = "MARTINELLI_FREEZE"

// Frozen requires that v is written as the bytes frozen under name and read
// from them again. Where a later version writes v in another way, its test
// goes on with Read alone.
func Frozen[T any](t testing.TB, name string, v T, encode func(T) []byte, decode func([]byte) (T, error)) {
	t.Helper()
	got := encode(v)
	want := Bytes(t, name, got)
	if !bytes.Equal(got, want) {
		t.Errorf("%s is written as\n%s\nand was frozen as\n%s", name, lines(got), lines(want))
	}
	Read(t, name, v, decode)
}

// Read requires that the bytes frozen under name are read as v.
func Read[T any](t testing.TB, name string, v T, decode func([]byte) (T, error)) {
	t.Helper()
	got, err := decode(Bytes(t, name, nil))
	if err != nil {
		t.Errorf("%s can't be read: %v", name, err)
	} else if !reflect.DeepEqual(got, v) {
		t.Errorf("%s is read as\n%+v\nand was frozen as\n%+v", name, got, v)
	}
}

// Bytes returns the bytes frozen under name. If there are none and MARTINELLI_FREEZE
// is set, they are written first, unless they are nil.
func Bytes(t testing.TB, name string, b []byte) []byte {
	t.Helper()
	var text []byte
	if b != nil {
		text = []byte(lines(b))
	}
	text = File(t, name+".hex", text)
	frozen, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return frozen
}

// File is Bytes of what is kept as it is: an archive.
func File(t testing.TB, name string, b []byte) []byte {
	t.Helper()
	path := filepath.Join(Root(t), Dir, name)
	frozen, err := os.ReadFile(path)
	if os.IsNotExist(err) && b != nil && os.Getenv(freeze) != "" {
		frozen, err = b, os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		t.Fatalf("%v (a new format is frozen by running its test with %s=1)", err, freeze)
	}
	return frozen
}

// Root returns the module's root, by way of the directory a test runs in.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test's directory")
	return ""
}

// lines is b in hexadecimal, 32 bytes a line.
func lines(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		n := min(32, len(b))
		s.WriteString(hex.EncodeToString(b[:n]) + "\n")
		b = b[n:]
	}
	return s.String()
}
