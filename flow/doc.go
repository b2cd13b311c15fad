// Package flow runs a plan: it keeps the cells of its databases, runs its
// handlers, keeps its views up to date from deltas and watches its invariants.
//
// A view is a graph of operators over Z-sets, maps from elements to integer
// weights, as in DBSP (M. Budiu et al., "DBSP: Automatic Incremental View
// Maintenance for Rich Query Languages", VLDB 2023): every operator turns the
// change of its input into the change of its output, so that work follows the
// change and never the state. What nobody reads is not materialised.
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
