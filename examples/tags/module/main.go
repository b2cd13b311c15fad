//go:build wasip1

// Command module is the function of tags.mrt. Built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags=-s -o tags.wasm ./module
//
// it is a WebAssembly module that martinelli runs.
package main

import (
	"strings"

	"github.com/martinelli-lang/martinelli/foreign/guest"
	"github.com/martinelli-lang/martinelli/value"
)

//go:wasmexport tags
func tags(at, size uint32) uint64 { return guest.Answer(at, size, find) }

// find is given one argument, a list of notes, and returns the words of them
// that begin with "#".
func find(args []value.Value) (value.Value, error) {
	var found []value.Value
	for _, note := range args[0].Elems() {
		for word := range strings.FieldsSeq(note.AsString()) {
			if tag, ok := strings.CutPrefix(word, "#"); ok {
				found = append(found, value.String(tag))
			}
		}
	}
	return value.List(found...), nil
}

func main() {}
