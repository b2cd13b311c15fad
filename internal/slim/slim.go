// Package slim links a Go program for js/wasm and makes it smaller, for
// those who download it: a fifth of it, compressed. It runs as before, and as
// fast; only a trace of its stack names no functions, files and lines.
//
// Two things go. The tables that say which function, line and inlined function
// each instruction came from are read for traces alone. And the linker begins
// a new data segment after every eight zeros, 76,000 of them for a node: their
// heads weigh more than the zeros, which compress to nothing.
//
// It knows the tables of Go 1.20 to 1.26 (runtime/symtab.go) and refuses others.
package slim

import (
	"errors"
	"fmt"
)

// Slim returns a program that does what wasm does and weighs less. It fails
// where wasm is not what Go's linker writes for js/wasm or wasip1/wasm. It
// takes time and memory in proportion to the program.
func Slim(wasm []byte) ([]byte, error) {
	sections, err := cut(wasm)
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), wasm[:headerSize]...)
	hasData := false
	for _, s := range sections {
		content := s.content
		if s.id == dataSection {
			hasData = true
			if content, err = slimData(content); err != nil {
				return nil, err
			}
		}
		out = append(out, s.id)
		out = appendUint(out, uint64(len(content)))
		out = append(out, content...)
	}
	if !hasData {
		return nil, errors.New("slim: the module has no data, so Go did not link it")
	}
	return out, nil
}

func slimData(content []byte) ([]byte, error) {
	m, err := load(content)
	if err != nil {
		return nil, err
	}
	t, err := find(m)
	if err != nil {
		return nil, err
	}
	if err := t.forget(); err != nil {
		return nil, fmt.Errorf("slim: the tables of functions are not as those of Go 1.26: %w", err)
	}
	return m.segments(), nil
}
