// Package martinelli embeds a Martinelli replica in a Go program.
//
// A program written in the language Martinelli declares databases, the
// computations over them and the rules they must keep. Open compiles it and
// runs it: in memory, or durably in a directory, alone or joined to a cluster.
package martinelli
