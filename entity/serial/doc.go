// Package serial brings a serial block from the node that raised it to its home
// and the outcome back, so that the block has its effect once and its raiser
// hears of it once, whoever is killed when.
//
// Two machines have a conversation. The Desk, at the raiser, names each request
// by its replica and a number, keeps it until it has the outcome, sends it only
// on a link to the home, and says it again until it is answered; a request that
// was never sent is withdrawn after a while. The Ledger, at the home, keeps what
// came of each request for as long as its raiser may ask again. A result is an
// entry of a reserved database, and is committed together with the effect. So
// a request that is said twice is answered twice and run once; that is the
// "exactly once by request number" of linearizable remote calls (C. Lee et al.,
// "Implementing Linearizability at Large Scale and Low Latency", SOSP 2015,
// section 3), with the client's acknowledgement riding on its next request.
//
// Which requests run, and in which order, is decided by a Home. The only one
// yet is a node by itself, Sole; a Home that is several nodes agrees on the
// order first and hands it out to all of them.
//
// # What the caller owes
//
//  1. Records of a Drain are durable before its Messages leave, in the same
//     write as what the raiser's own commit wrote, if it was in the same call.
//  2. A Decided outcome is acted on once (the else, the answer) and given to
//     Close in the same write as what the else wrote.
//  3. What Conclude returns is committed with the run's own writes, and nothing
//     between.
package serial
