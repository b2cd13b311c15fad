//go:build js

// Command page is the smallest program that runs a node in a browser. It
// exists to be weighed: the host/browser of a page adds links and storage.
package main

import (
	"syscall/js"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/value"
)

func main() {
	encoded := make([]byte, js.Global().Get("plan").Length())
	js.CopyBytesToGo(encoded, js.Global().Get("plan"))
	program, err := plan.Decode(encoded)
	if err != nil {
		panic(err)
	}
	now := causal.Instant(js.Global().Get("Date").Call("now").Float()) * causal.Millisecond
	disk := store.NewMem()
	key := causal.Key{Incarnation: uint64(len(encoded))}
	self := key.ID()
	n, err := node.Open(now, node.Config{Key: key, Steward: self, Role: "client", Program: program, Disk: disk})
	if err != nil {
		panic(err)
	}
	n.Raise(now, 1, node.RaiseRequest{Event: "shown", Args: []value.Value{value.String("a1")}})
	if err := n.Receive(now, self, node.KindRepair, encoded); err != nil {
		println(err.Error())
	}
	n.Wake(now)
	out := n.Drain(now)
	if err := disk.Write(out.Records); err != nil {
		panic(err)
	}
	n.Signed(now, nil)
	n.Verified(now, nil)
	println(len(out.Answers), len(out.Messages))
}
