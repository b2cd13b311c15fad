// Package sim is the imagined world: one seed, one thread, virtual time.
//
// It runs the same node code and the same programs as production, over links
// that lose, repeat, overtake and damage messages, on machines that crash with
// or without their un-synced writes and whose clocks are wrong. A history is a
// function of its Config: equal seeds give equal histories, and so equal
// hashes, on every platform. Nothing here asks for the time, starts a
// goroutine, walks a map in its own order or decides by a float.
//
// World, faults, load and audit are four things (after TigerBeetle's
// simulator): this package is the world and plays the others' parts in it;
// sim/fault says what goes wrong, sim/load what is asked, sim/audit what may
// never happen. A seed that found a bug stays in sim/trophies.
package sim
