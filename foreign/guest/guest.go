//go:build wasip1

// Package guest is for modules written in Go: the side of the border that is
// inside. A module exports one function for each that a program imports:
//
//	//go:wasmexport shout
//	func shout(at, size uint32) uint64 { return guest.Answer(at, size, shouted) }
//
//	func shouted(args []value.Value) (value.Value, error) {
//		return value.String(strings.ToUpper(args[0].AsString())), nil
//	}
//
//	func main() {}
//
// and is built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o shout.wasm
//
// There is no clock, no die and no world: the time stands still, and what is
// random is the same each time.
package guest

import (
	"unsafe"

	"github.com/martinelli-lang/martinelli/value"
)

// arguments is where the host puts what a function is given; answer is what it
// gave. They are kept here while the host reads them.
var arguments, answer []byte

//go:wasmexport martinelli_alloc
func alloc(size uint32) uint32 {
	arguments = make([]byte, max(size, 1))
	return uint32(uintptr(unsafe.Pointer(&arguments[0])))
}

// Answer calls f with the values that the host has put at a place, and returns
// where the host finds what it gave: a value, or the text of its error. What f
// gets does not alias what it gives.
func Answer(at, size uint32, f func(args []value.Value) (value.Value, error)) uint64 {
	v, err := call(size, f)
	if err != nil {
		answer = append([]byte{1}, err.Error()...)
	} else {
		answer = value.Append([]byte{0}, v)
	}
	return uint64(uintptr(unsafe.Pointer(&answer[0])))<<32 | uint64(len(answer))
}

func call(size uint32, f func(args []value.Value) (value.Value, error)) (value.Value, error) {
	args, err := value.DecodePath(string(arguments[1 : size-1]))
	if err != nil {
		return value.Nil, err
	}
	return f(args)
}
