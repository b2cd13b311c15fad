// Command martinelli runs, checks and simulates programs of the language
// Martinelli, and speaks with running nodes.
package main

import (
	"os"

	"github.com/martinelli-lang/martinelli/internal/cli"
)

func main() { os.Exit(cli.Main()) }
