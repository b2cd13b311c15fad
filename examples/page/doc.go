// Package page is a page in plain HTML over a small program; README.md says how
// to start it.
package page
