package wire

// Channel names one of the independent streams between two nodes. A long
// transfer on one does not delay a word on another (C. S. Meiklejohn et al.,
// "Partisan", ATC 2019, section 3.2).
type Channel uint8

const (
	Control Channel = iota // pings, member lists, digests: small and urgent
	Commits                // parts as they are made, requests to the home and replies
	Bulk                   // parts that repair fetches
	channelCount
)

// Channels is how many channels a link has.
const Channels = int(channelCount)

// String returns the channel's name.
func (c Channel) String() string {
	switch c {
	case Control:
		return "control"
	case Commits:
		return "commits"
	case Bulk:
		return "bulk"
	}
	return "unknown channel"
}

// The kinds of frames: which machine reads the body. Kinds are only appended;
// 255 is the host's. The body of an overlay machine begins with a byte that
// says which of its messages it is.
const (
	KindHello     uint8 = 0  // the first words of a connection: the host
	KindMember    uint8 = 1  // pings and member lists: overlay/member
	KindBroadcast uint8 = 2  // parts pushed eagerly: overlay/broadcast
	KindRepair    uint8 = 3  // digests, vectors, parts fetched: overlay/repair
	KindRequest   uint8 = 4  // an event or a read for the home: node
	KindReply     uint8 = 5  // what came of it: node
	KindInherit   uint8 = 6  // who wants to re-issue parts of a former id: node
	KindEscrow    uint8 = 7  // who asks for rights, and what came of it: entity/escrow
	KindSerial    uint8 = 8  // a serial block for its home, and what came of it: entity/serial
	KindPull      uint8 = 9  // copies of what the home holds, page by page: node
	KindHold      uint8 = 10 // which spaces a user's node may have: node
	KindGreeting  uint8 = 11 // the first words of an open link: trust/admission
	KindSignal    uint8 = 12 // how two pages find to each other, passed on: the host
	KindProof     uint8 = 13 // of who says them: trust/admission
)
