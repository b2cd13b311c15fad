// Hash plays one history and prints its hash: hash PROGRAM SEED FAULTS. The
// test builds it for js/wasm and compares with the native hash.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: hash PROGRAM SEED FAULTS")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	program, letters := lang.Compile([]lang.Source{{Name: args[0], Text: string(text)}}, nil)
	if program == nil {
		return fmt.Errorf("%s does not compile: %v", args[0], letters)
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	faults, err := fault.Parse(args[2])
	if err != nil {
		return err
	}
	result, err := sim.Run(sim.Config{Program: program, Seed: seed, Faults: faults, Events: 30})
	if err != nil {
		return err
	}
	fmt.Println(result.Hash)
	return nil
}
