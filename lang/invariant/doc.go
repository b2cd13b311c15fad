// Package invariant decides what keeps each invariant of a typed program: its
// verbs alone, rights handed out beforehand, serial blocks, or a repair. It
// follows a fixed catalogue of shapes. An invariant that nothing keeps gets a
// letter, with two replicas that break it.
//
// The idea is invariant confluence (P. Bailis et al., "Coordination avoidance
// in database systems", VLDB 2015): where any two valid states that replicas
// can reach merge to a valid one, each may check by itself and nobody waits.
package invariant
