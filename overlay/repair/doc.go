// Package repair finds what two replicas do not have in common, and fetches it.
//
// It is the guarantee behind broadcast: whatever was lost, dropped or written
// while a link was down, two replicas that keep exchanging end with the same
// vectors. The cost follows the difference: equal replicas pay one small
// digest each way.
//
// One side begins an exchange with its root digest. The other answers that its
// own is the same, or with the digests of its spaces, page by page. For spaces
// that differ the beginner sends its vector, and the answer says where the
// other is ahead. From then on each side fetches what it misses, a bounded
// chunk at a time, asking again from where its replica then stands. All
// answers are made from the replica alone: who answers keeps no state.
//
// Vectors bear chain hashes, and who is ahead compares the asker's hash with
// its own at that place. A difference is a fork: it becomes an event, and that
// author's parts in that space are not exchanged. (Equal vectors over different
// branches were once compacted into one state: history 6 of the model.)
//
// Three rules keep work from being done twice. What is missing is fetched only
// after Grace, and not while the chain grows, because pushes are then on their
// way, unless the link is new. A chain is fetched from one peer at a time,
// however many exchanges have found it missing; so after a partition has healed
// over many links at once, each part still travels once to each node. And an
// exchange serves both sides: at a new link only the lower id begins, and no
// periodic one begins with a peer that began one just now.
//
// When both sides begin at once, the exchange of the lower id goes on and the
// other is given up, so that one is in flight per pair. An exchange that is not
// answered in time is over; the next one finds what is still missing. Nothing
// relies on order: every answer names its question.
//
// # What the caller owes
//
//  1. Each Delivery is given to the replica, and then Delivered is called: the
//     next chunk is asked for from where the replica then stands.
//  2. The Source answers from what is durable, or the messages of a Drain are
//     held until it is.
//  3. In a static overlay parts that were fetched are relayed like pushed ones.
package repair
