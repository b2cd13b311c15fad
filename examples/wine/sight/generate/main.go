// Command generate writes labels.bin: what package sight keeps of the labels.
package main

import (
	"fmt"
	"os"

	"github.com/martinelli-lang/martinelli/examples/wine/sight"
)

func main() {
	if err := os.WriteFile("labels.bin", sight.Features(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
