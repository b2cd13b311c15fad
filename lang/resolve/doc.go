// Package resolve finds out what every name of a program stands for.
//
// It gathers the declarations of all files into one flat space of names, says
// at which roles each exists, reads the topology, ties every identifier to
// what it names, and infers the dimensions of databases from db[:d]. What it
// returns is complete even where letters were written, so that types can go on
// and find more; what could not be tied stands for Unknown, which absorbs.
package resolve
