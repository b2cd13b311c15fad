// Package tags is a program with a function in WebAssembly; see README.md.
package tags
