// Package replica says what is shared: it keeps one copy of some spaces, mints
// the parts of local commits, and applies the parts of others in causal order,
// each commit as a whole.
//
// A part is ready when its predecessor, the parts it names as seen and its
// siblings are applied, as far as they lie in spaces held here, or become
// ready with it. The smallest set of parts that is closed under these
// references is a Group: it is one store write and one change of the views.
// Parts that are not ready wait in a bounded cache; what falls out of it is
// not in the vector, so repair asks for it again.
//
// The replica keeps no clock and no disk. It reads old parts back through Log,
// and says with Flush what the store is to write so that a restart need not
// replay everything.
//
// # What the caller owes
//
//  1. Drain after any number of calls, and write the parts of each Group in
//     one atomic batch before anything that follows from it leaves the node.
//  2. Commit only a Draft whose session is covered (Covers), whose author is
//     this store's own, and whose removed entries are live here.
//  3. At a restart: Load everything flushed, Replay the log above it, then
//     ask Loaded, before any other verb.
package replica
