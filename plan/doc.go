// Package plan is the waist between a program and the runtime: a dataflow
// program as data. lang writes it, flow runs it, nodes compare its schema.
//
// A plan is typed and closed: names are resolved to indices, every expression
// knows its type, local variables are slots of one frame per body (there is no
// recursion, so a frame never grows), and a key expression yields as many
// values as its database has dimensions.
package plan
