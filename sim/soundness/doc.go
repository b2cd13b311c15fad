// Package soundness makes up well-typed programs, plays them in imagined worlds
// with all faults, and holds what happens to what the compiler promised of
// them: what is settled is never taken back, what a handler relied on stays,
// what is free is never broken, and what replicas show is what the union of all
// commits makes.
package soundness
