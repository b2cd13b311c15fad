// Package causal holds the nouns every machine speaks: who wrote (ReplicaID),
// where (SpaceID), in which order (Dot, Vector, Stamp), and what (Part, Commit).
//
// The order is happened-before (L. Lamport, "Time, Clocks, and the Ordering of
// Events", 1978) kept by dots and version vectors (P. S. Almeida et al.,
// "Scalable and Accurate Causality Tracking for Eventually Consistent Stores",
// DAIS 2014). Stamps are hybrid logical clocks (S. Kulkarni et al., "Logical
// Physical Clocks", OPODIS 2014); they break ties, they never delay a part.
package causal
