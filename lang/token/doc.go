// Package token cuts source text into tokens and says where they stand.
//
// The lexer never fails: a piece it cannot read becomes a token with a Fault,
// which the parser turns into a letter to the programmer. So a file always
// yields tokens that cover it from its first byte to its last, each of them
// but blanks, and tools can work on files with mistakes.
package token
