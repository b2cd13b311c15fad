// Package escrow moves rights between neighbours: who is short of them asks,
// and who has gives half. What a right is, and that nobody spends one it does
// not hold, is crdt.Escrow's; this machine only says whom to ask and how much
// to give, so a mistake in it can starve somebody and never oversell.
//
// A search is for one cell. It asks one neighbour after the other, first those
// that hold most as far as is known here: asked at once, all would give half,
// and most of it to where it is not needed. Who is asked and has nothing asks
// its own neighbours in turn, a few links far, for rights do not travel but in
// parts, which everybody hears of. A neighbour that says no, or nothing, is
// left out until somebody has given; when all are, the search has failed, and
// the cell rests for a while that doubles, unless somebody is heard of who
// holds more than then.
//
// Rights that runs here wait for are reserved: they are not given away.
//
// V. Balegas et al., "Extending Eventually Consistent Cloud Databases for
// Enforcing Numeric Invariants", SRDS 2015, section IV.C, for asking ahead of
// demand and asking who holds most.
//
// # What the caller owes
//
//  1. Instants never decrease. After any call, Drain: send Messages, make each
//     Give a part of the space, durable before Given says that it is.
//  2. Stir a cell whenever who holds its rights has changed; Need says what the
//     runs still lack that wait for it.
//  3. Deadline says when to Wake; an earlier or later Wake is harmless.
package escrow
