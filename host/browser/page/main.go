//go:build js

// Command page is the node of a page, in WebAssembly: the mailbox through which
// its worker speaks with a browser.Host. docs/wire/mailbox.md has the letters.
package main

import (
	"unsafe"

	"github.com/martinelli-lang/martinelli/host/browser"
)

// The mailbox. What came stays the host's to keep, so each delivery has memory
// of its own; what goes is read before the next delivery comes.
var (
	host  = browser.New(browser.Config{Funcs: link})
	inbox []byte
	out   []byte
)

// main waits for letters; it never ends, and neither does what it linked.
func main() { select {} }

// mailbox returns where the worker puts a delivery of so many bytes.
//
//go:wasmexport mailbox
func mailbox(size int32) unsafe.Pointer {
	inbox = make([]byte, max(size, 1))
	return unsafe.Pointer(unsafe.SliceData(inbox))
}

// deliver takes what is in the mailbox, and returns how many bytes of letters
// stand in the outbox.
//
//go:wasmexport deliver
func deliver(size int32) (n int32) {
	defer func() {
		if why := recover(); why != nil {
			n = tell([]browser.Out{&browser.Failed{Kind: browser.Broken, Text: sentence(why)}})
		}
	}()
	letters := inbox[:size]
	inbox = nil
	d, err := browser.DecodeDelivery(letters)
	if err != nil {
		return tell([]browser.Out{&browser.Failed{Kind: browser.Refused, Text: "a delivery is malformed: " + err.Error()}})
	}
	return tell(host.Deliver(d))
}

// outbox returns where the letters stand until the next delivery.
//
//go:wasmexport outbox
func outbox() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(out)) }

// spareMax is the largest outbox that is kept for the next letters.
const spareMax = 1 << 20

func tell(letters []browser.Out) int32 {
	if cap(out) > spareMax {
		out = nil
	}
	out = browser.AppendLetters(out[:0], letters)
	return int32(len(out))
}

// sentence says what a panic was about.
func sentence(why any) string {
	text := "a broken invariant"
	switch why := why.(type) {
	case string:
		text = why
	case error:
		text = why.Error()
	}
	return "the node stopped on a broken invariant, which is a bug; what was acknowledged is safe: " + text
}
