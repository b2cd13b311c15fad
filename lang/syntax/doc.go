// Package syntax reads programs and topologies into syntax trees.
//
// The tree is the program as written: names are not resolved and nothing is
// typed, but its shape is certain. Where ParseFile reports no error, every
// declaration has what its head demands, options are known ones and given at
// most once, and clauses stand only where they mean something.
package syntax
