// Package member says who is there: whom to dial, who is linked, who is
// suspected, and who is gone for now.
//
// In a mesh everyone dials everyone it has heard of; in a static overlay
// everyone dials the peers of its config. Members that were lost are dialled
// again for ever, with a capped back-off: a cluster cut in two for a week
// becomes one again when the cut heals, whoever restarted meanwhile. (HyParView
// alone leaves islands: it never dials again what fell out of its views.)
//
// The failure detector asks over the link itself: a ping every PingEvery, and
// what counts is when the newest answered ping was sent. So a link that
// delivers in one direction only is found by both ends, and none needs the
// operating system to report anything.
//
// Lists spread by digest: each ping and pong carries a digest over the
// sender's list, and whoever sees another digest than its own sends its list.
// Equal lists so cost eight bytes a ping, and unequal ones meet whatever was
// lost. What is learned first-hand, by a link, is told to the neighbours at
// once. Of two descriptions the one with the larger epoch holds, and a member
// that hears something newer about itself than it said refutes it with a
// larger epoch yet (A. Das et al., "SWIM", DSN 2002, section 4.2).
//
// # What the caller owes
//
//  1. Every Dial of the Output ends in LinkUp, in DialFailed, or in nothing; a
//     host gives up a dial after Config.DialTimeout, because then it may be
//     asked to make it again.
//  2. There is at most one link per peer. When a second one comes up, as
//     happens when two nodes dial each other at once, the host asks Replaces.
//     If it says true, the host closes the old link and reports LinkDown, then
//     LinkUp; if false, it closes the later one and reports nothing. Both ends
//     decide alike, so one link stays.
//  3. After a Hangup the link counts as down: messages of the closed link that
//     are still on their way may be given to Receive, which ignores them.
//  4. A link whose hello bears this node's own id is refused by the host, and
//     reported with LinkUp all the same: the machine takes it as the news that
//     the address is its own.
package member
