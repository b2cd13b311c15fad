// Package crdt holds what replicas agree on: a set of entries under dots that
// joins without knowing any type (State), and the types that read it (Cell).
//
// A verb such as add or inc never changes a value. It says which entries to
// add and which seen entries to remove (Delta); the author puts them into a
// part, and every replica that applies the part keeps the same entries. A Cell
// is the index of one key's entries: its reading is a function of which
// entries are there, never of the order in which they came, so replicas with
// equal entries read equal values. That is the whole convergence argument;
// each type's file adds only why its reading is the one its users mean.
//
// A cell may have cells inside it (Nested): the entries of a map's key or a
// record's field are those of the cell there, with the place before their
// path. Nothing else is added, so the argument stays the same at any depth. A
// key of a map can be removed, and that takes back the updates that were seen
// and no others; what this asks of the lattices below a map is said at
// Type.NewRemovable.
//
// Delta-state types: P. S. Almeida, A. Shoker, C. Baquero, "Delta State
// Replicated Data Types", JPDC 2018. Join decompositions: V. Enes et al.,
// "Efficient Synchronization of State-based CRDTs", ICDE 2019.
package crdt
