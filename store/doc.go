// Package store says what survives: the records a node keeps, their keys and
// bytes, and the abstract disk they are kept on, with its in-memory form.
//
// A Disk is an ordered map written in atomic batches. host/native puts Pebble
// behind it, sim a disk that forgets what was not synced.
package store
