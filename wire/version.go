package wire

// Version is the protocol integer that stands at the front of every frame and
// every store. Another version is refused with a message that names both.
//
//	0  2026-11-21  the first form; may change until version 1 is frozen
const Version = 0
