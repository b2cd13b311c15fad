// Package load says what is asked of an imagined world: events with arguments,
// made by a seed from the types of a program's handlers, or read from a file.
package load
