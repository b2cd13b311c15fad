package wire

// Version is the protocol integer that stands at the front of every frame and
// every store. Another version is refused with a message that names both.
//
//	0  2026-11-21  the first form, which changed until version 1; refused
//	1  2026-11-21  frozen: wire/testdata/v1 holds its bytes, and every later version reads them
const Version = 1
