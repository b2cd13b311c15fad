// Command pack makes the npm package of the browser's node, without Node:
//
//	go run github.com/martinelli-lang/martinelli/host/browser/pack -o DIR [FILE or FOLDER ...]
//
// DIR gets page.wasm, the node, with its .br and .gz beside it for servers that
// send what is compressed already; client.js, worker.js and the other modules
// of host/browser/js with their types; and package.json. Files and folders of a
// page come beside them: its TypeScript is bundled, and imports "martinelli";
// all else is copied. offline.js is a service worker that keeps what is packed.
//
// A second run takes what has not changed from Go's build cache, and what was
// compressed from the folder where this system keeps caches.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var o options
	flag.StringVar(&o.dir, "o", "", "the folder to write; it is made where it is missing")
	flag.BoolVar(&o.quick, "quick", false, "write no .br unless it is in the cache: a new one takes half a minute")
	flag.BoolVar(&o.verbose, "v", false, "tell what each file weighs")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: pack -o DIR [-quick] [-v] [FILE or FOLDER ...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if o.dir == "" {
		flag.Usage()
		os.Exit(2)
	}
	o.page = flag.Args()
	if err := pack(o); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}
