// Package audit judges a history: it watches what becomes visible at every
// replica and says where a promise was broken. It knows nothing of how faults
// are made, and it uses none of the code it judges: order is checked with
// pasts it works out itself from the parts it saw minted, and every replica has
// a shadow, the naive state of the parts applied there.
//
// What it finds are Findings, sentences with the replica's name; none means
// that the history kept every promise it was asked about.
package audit
