// Command wine is the wine recommender of the Martinelli talk.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
)

func main() {
	module := flag.String("build", "", "build the functions of the programs into this file, and end")
	flag.Parse()
	if err := buildModule(context.Background(), *module); err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		os.Exit(1)
	}
}
