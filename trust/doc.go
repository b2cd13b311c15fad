// Package trust says who may speak for a chain: it lets nobody's parts through
// that bear no seal of their author, and has the seals of this node's own made.
//
// A seal signs a chain hash, which covers every part up to it; so a batch of
// parts costs one signature, and who relays parts can't forge, drop or reorder
// any without breaking the chain. A replica id is the hash of a public key, so
// keys travel with the first part of a chain and prove themselves.
//
// The machine has no keys of its own and computes no signature: it says "sign
// this" and "verify this" in its Output, and is told the answer later. Native
// hosts have ed25519 in the standard library, browsers have WebCrypto, whose
// answers come asynchronously; neither belongs into the node.
//
// # What the caller owes
//
//  1. Each request of an Output is answered once, by Signed or Verified, in
//     any order. One that never is holds up its chain, and no other.
//  2. What is Accepted is given to the replica at once, in order; when the
//     replica lets parts of a chain fall, Forget is called with that chain.
//  3. When the first part of a chain is applied, its author's key is kept with
//     it, and Learn is called with the key: now, and after each restart.
//  4. Sealed is kept with the chain before any message with it leaves.
package trust
