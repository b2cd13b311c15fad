package native

import "time"

// Every queue has a bound, and something happens there.
const (
	// Inputs of the owner. UrgentMax bounds control messages, links that come
	// and go, and timers; InputsMax everything else. At either bound the
	// sender waits: a reader stops reading its connection, so TCP tells the
	// peer, whose own send queue then says what is dropped; an HTTP client waits.
	UrgentMax = 1024
	InputsMax = 4096

	// BatchMax is how many inputs the owner takes before it drains the node.
	BatchMax = 256

	// Outputs that wait for the disk. At either bound the owner takes no
	// ordinary input; control goes on up to twice the bound.
	OutputsMax     = 64
	OutputsSizeMax = 32 << 20

	// Send queues, in bytes, per link and channel. What finds its queue full:
	//   control  ends the link. A peer that does not take so little is as good as gone.
	//   commits  is dropped and counted. Repair brings it. A request to the home ends the link.
	//   bulk     is dropped and counted. The repair exchange times out and begins anew.
	ControlSizeMax = 16 << 20
	CommitsSizeMax = 16 << 20
	BulkSizeMax    = 32 << 20

	// HandshakesMax bounds connections that have not said yet who they are; a
	// further one waits to be accepted. LinksMax bounds links; a further one is refused.
	HandshakesMax = 64
	LinksMax      = 1024

	// OpeningsMax bounds connections to the door for pages that have not said yet
	// who they are; a further one is refused. Each may hold what a greeting may.
	OpeningsMax = 64

	// Links that one address may begin, and passes it may ask for: so many a second
	// in the long run, so many at once. One more is refused. AddressesMax bounds the
	// addresses that are told apart; others share.
	LinkRate, LinkBurst   = 32, 256
	AdmitRate, AdmitBurst = 4, 64
	AddressesMax          = 4096

	// GuestInputs is how many frames of one page wait for the owner, on each
	// channel, and fewer where they are large: two of the largest. However many it
	// sends, others' turn comes. Its further ones are not read.
	GuestInputs = 32

	// WatchMax is how many changes wait for one watcher. One that falls
	// further behind is told so and ended: it reads again and watches again.
	WatchMax = 1024

	// WatchersMax bounds watches; a further one is refused.
	WatchersMax = 1024

	// NoticesMax is how many notices wait for one listener. One that falls
	// further behind is told so and ended; what it missed is kept nowhere.
	// ListenersMax bounds listeners; a further one is refused.
	NoticesMax   = 1024
	ListenersMax = 1024

	// InstancesMax is how many calls of one module's functions run at a time,
	// each on an instance of its own. A further one waits for its turn.
	InstancesMax = 4

	// CallersMax is how many calls of one function run at a time, beside each
	// other and those of other functions. A further one waits for its turn.
	CallersMax = 2

	// LoadPending is how many lines of a load are raised and not yet answered.
	// At the bound the next line is not read.
	LoadPending = 1024
)

// Bounds of HTTP bodies and waits.
const (
	BodySizeMax = 64 << 10 // a raise's body, and a line of a load
	keysMax     = 16       // key values of a read

	headerTimeout    = 10 * time.Second
	idleTimeout      = 2 * time.Minute
	shutdownTimeout  = 2 * time.Second
	handshakeTimeout = 10 * time.Second
	askTimeout       = 5 * time.Second // a status
)
