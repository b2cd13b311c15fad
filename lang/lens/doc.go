// Package lens answers what an editor asks about a place in a program: what
// stands there, where it is declared and used, what it is called otherwise,
// and what would fit.
//
// It derives nothing by itself: names are those of resolve, types those of
// types, modes and strengths those of mode and judge. What is wrong with a
// program blinds it to the wrong part alone.
package lens
