// Package node is one participant: it composes the machines of the floor
// below (flow, replica, store's records, the overlay) and introduces them to
// each other. It does no I/O: time, messages and commands come in; records to
// persist, messages, answers and the next deadline come out.
//
// # What the caller owes
//
//  1. One goroutine calls a Node. Instants never decrease.
//  2. After any number of calls, Drain. Outputs are acted on in the order they
//     were drained, each in this order: make Records durable; then send
//     Messages, give Answers, show Shown and Notices, Dial and hang up. Nothing of an
//     Output leaves before its Records are durable: what is acknowledged
//     survives, and no dot is ever minted twice. Many Outputs may share one
//     synced write, and the next calls need not wait for it.
//  3. If Records can't be made durable, nothing of that Output or of a later
//     one may leave. The store is then behind the Node: drop the Node and Open
//     again when the disk is well.
//     Sign and Verify wait for nothing: they are answered at any time, each
//     once, with Signed and Verified.
//  4. Deadline says when to Wake; an earlier or later Wake is harmless.
//  5. A new link opens with Hello on both sides. LinkUp judges the other's
//     words; its error is a sentence to show on both sides before hanging up.
//     Frames arrive at Receive in the order they were sent on their channel;
//     they may be lost, and channels are not ordered among each other.
//  6. Close drains for the last time; its Records shorten the next Open.
package node
