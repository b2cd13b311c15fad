// Package flow runs a plan: it keeps the cells of its databases, runs its
// handlers, keeps its views up to date from deltas and watches its invariants.
//
// A view is a graph of operators over Z-sets, maps from elements to integer
// weights, as in DBSP (M. Budiu et al., "DBSP: Automatic Incremental View
// Maintenance for Rich Query Languages", VLDB 2023): every operator turns the
// change of its input into the change of its output, so that work follows the
// change and never the state. What nobody reads is not materialised.
//
// # How it is made
//
// An expression becomes a closure over the slots of a frame (compile, operator,
// collection, reader); a machine runs it within a bound of fuel. A collection
// that stands by itself becomes a node (builder, equijoin):
//
//   - linear operators have no state: map, filter, flat_map, union (linear);
//   - product and join keep their two sides, never the pairs (join); a filter
//     over a product becomes a join on the equalities in its condition;
//   - intersection and minus keep each element's two weights (pairing);
//   - a body that reads databases or views, or calls an import, remembers what
//     each element read and gave, and is run again for the elements of which
//     something changed (tracked, dependency);
//   - what handlers and bodies read, and what is counted, is kept (keep).
//
// A handler runs on the cells themselves, under a journal (run). The elements
// for which an invariant does not hold are a view like others, with a watch at
// its end (show).
//
// A view is total: an element whose evaluation runs out of fuel, or whose
// import fails, is left out and counted by Skipped. Views are local, so that
// an import that fails at one replica alone hides an element there and nowhere
// else; the databases are not touched by it.
//
// # What the caller owes
//
//  1. One goroutine calls an Engine.
//  2. Apply brings in what other replicas wrote, in causal order, each group
//     that must become visible together in one call. What Run wrote is in the
//     cells already: it must not be applied again.
//  3. An Outcome without Abort and with Writes must be minted as exactly these
//     parts, before the next Run or Repair.
//  4. Drain after every Run, Repair or Apply, or after several: what is shown
//     is the difference since the last Drain.
package flow
