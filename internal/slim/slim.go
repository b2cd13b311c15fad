// Package slim links a Go program for js/wasm and makes it smaller, for
// those who download it: a third of it, compressed. It runs as before, and as
// fast; only a trace of its stack names no functions, files and lines.
//
// Four things are done. The tables that say which function, line and inlined
// function each instruction came from are read for traces alone: they go. The
// tables that the collector reads are mostly numbers that follow from others:
// the module unfolds them when it starts, in some milliseconds. What the code
// says of each call in another way it says alike. And what writes traces of the
// runtime goes where nobody can ask for one.
//
// It knows the tables of Go 1.26 (runtime/symtab.go) and refuses others.
package slim

import (
	"errors"
	"fmt"
)

// Slim returns a program that does what wasm does and weighs less. It fails
// where wasm is not what Go's linker writes for js/wasm or wasip1/wasm, so also
// for what is slim already. It takes time and memory in proportion to the program.
func Slim(wasm []byte) ([]byte, error) {
	list, err := cut(wasm)
	if err != nil {
		return nil, err
	}
	code, data := at(list, codeSection), at(list, dataSection)
	if code == nil || data == nil {
		return nil, errors.New("slim: the module has no code or no data, so Go did not link it")
	}
	content, unfolder, idle, err := slimData(data.content)
	if err != nil {
		return nil, err
	}
	data.content = content
	if code.content, err = slimCode(code.content, idle); err != nil {
		return nil, err
	}
	if list, err = startWith(list, unfolder); err != nil {
		return nil, err
	}
	return join(list), nil
}

// slimData returns a data section that weighs less, the body of the function
// that makes what it was of it, and the functions that are never called.
func slimData(content []byte) (slim, unfolder []byte, idle map[uint64]bool, err error) {
	m, err := load(content)
	if err != nil {
		return nil, nil, nil, err
	}
	t, err := find(m)
	if err != nil {
		return nil, nil, nil, err
	}
	if unfolder, idle, err = t.pack(); err != nil {
		return nil, nil, nil, fmt.Errorf("slim: the tables of functions are not as those of Go 1.26: %w", err)
	}
	return m.segments(), unfolder, idle, nil
}
