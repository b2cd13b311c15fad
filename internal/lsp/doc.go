// Package lsp is a language server: it answers an editor over JSON-RPC 2.0 in
// the frames of the Language Server Protocol 3.17, by what lang/lens knows.
//
// One goroutine reads messages into a bounded queue, another answers them in
// their order. What was edited is compiled when the queue is empty, or when a
// question needs it: so a burst of edits is compiled once, and nothing waits
// for a clock.
package lsp
