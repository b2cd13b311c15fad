//go:build wasip1

// Command module is the functions of wine.mrt, in one WebAssembly module. Built
// with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags=-s -o examples/wine/wine.wasm ./examples/wine/module
//
// it is what server and phones run alike.
package main

import (
	"errors"

	"github.com/martinelli-lang/martinelli/examples/wine/sight"
	"github.com/martinelli-lang/martinelli/examples/wine/taste"
	"github.com/martinelli-lang/martinelli/foreign/guest"
	"github.com/martinelli-lang/martinelli/value"
)

//go:wasmexport classify
func classify(at, size uint32) uint64 { return guest.Answer(at, size, look) }

//go:wasmexport recommend
func recommend(at, size uint32) uint64 { return guest.Answer(at, size, walk) }

// Fields of records, in the order of their names, as values have them.
const (
	photoJPEG = 0 // of { jpeg, taken }
	tasteUser = 0 // of { user, wine }
	tasteWine = 1
)

// look is given a photograph, or nil, and returns the wine it shows, or none:
// a picture that cannot be read shows none either.
func look(args []value.Value) (value.Value, error) {
	if args[0].IsNil() {
		return value.List(), nil
	}
	m, err := sight.Find(args[0].Elems()[photoJPEG].AsString())
	if err != nil || m.Wine == "" {
		return value.List(), nil
	}
	return value.List(value.Record(value.Float(m.Confidence), value.String(m.Wine))), nil // { sure, wine }
}

// walk is given a user and what he and his friends like, and returns what may
// please him.
func walk(args []value.Value) (value.Value, error) {
	if len(args) != 2 {
		return value.Nil, errors.New("recommend takes a user and likes")
	}
	var likes []taste.Like
	for _, v := range args[1].Elems() {
		f := v.Elems()
		likes = append(likes, taste.Like{User: f[tasteUser].AsString(), Wine: f[tasteWine].AsString()})
	}
	var list []value.Value
	for _, s := range taste.Recommend(args[0].AsString(), likes) {
		list = append(list, value.Record(value.Float(s.Score), value.String(s.Wine))) // { score, wine }
	}
	return value.List(list...), nil
}

func main() {}
