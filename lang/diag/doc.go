// Package diag holds diagnostics: letters from the compiler to the programmer.
//
// A letter says what is wrong in one line, shows the code as written with the
// places that matter labelled, tells why in a chain of reasons and, where one
// applies, by a counterexample, and ends with the ways out, each with its cost.
package diag
