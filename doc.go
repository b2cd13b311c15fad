// Package martinelli embeds a Martinelli replica in a Go program.
//
// A program written in the language Martinelli declares databases, the
// computations over them and the rules they must keep. Open compiles it and
// runs it: in memory, or durably in a directory, alone or joined to a cluster.
// Raise raises its events and Read reads its databases and views, both with Go
// values that encoding/json knows; Func hands it functions written in Go.
package martinelli
