// Package format writes programs and topologies in the one style of the language.
//
// It prints the syntax tree, with the comments where they stood. What the
// programmer decides is kept: which blocks stand on one line, which brackets
// and chains are opened up, and the blank lines that group things. All else
// (indentation, blanks, columns, where a line that is too long is broken) is
// decided here, from the words alone, so that a text and the text it is
// formatted to are formatted to the same.
package format
