// Package admission lets in who may come: it knows the pass, a capability that
// its holder may narrow and hand on without asking anybody, and the handshake of
// an open link, whose two ends show each other their passes because they have no
// certificates.
//
// Like package trust it has no keys and computes no signature. It says what is to
// be signed and verified, and is told later: the same machine runs at a server,
// which has ed25519 at hand, and in a page, where WebCrypto answers asynchronously.
//
// # What the caller owes
//
//  1. One [Handshake] is made for each link, with 32 random bytes that were never
//     used before: they are what keeps an old conversation from being played again.
//  2. Each request of an [Output] is answered once, by Signed or Verified.
//  3. Until Output.Peer is set, nothing else that came over the link is believed.
//     It ends a handshake that takes long; the machine has no clock.
//  4. Who the peer says it is in its hello is held against Peer.Claim, with Speaks.
//  5. A link ends when the peer's pass expires, and when it is revoked.
package admission
