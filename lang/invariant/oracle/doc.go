// Package oracle tries to break invariants by brute force, so that the judge of
// package invariant has somebody to answer to. It knows nothing of shapes and
// polarities and shares no code with the judge: it draws a pair of an invariant
// and a few handlers, writes it as a program, and does itself what replicas may
// do that each look at the invariant alone. It is a harness of tests.
//
// A world is what one replica shows. Two replicas begin with one world, each
// makes at most two commits that keep the invariant, and they merge; what they
// merge to is a world to begin with, and so on. So long as no merge breaks the
// invariant, the worlds that are found are what replicas reach that meet now
// and then (P. Bailis et al., "Coordination avoidance in database systems",
// VLDB 2015, section 4: I-confluence).
package oracle
