package causal

// Instant is a point in time in nanoseconds since 1970, as the host tells it.
// Below host nobody asks for the time: it is handed in.
type Instant int64

const (
	Microsecond = 1_000
	Millisecond = 1_000 * Microsecond
	Second      = 1_000 * Millisecond
)

// Stamp is a hybrid logical clock reading: milliseconds since 1970 in the high
// 48 bits, a counter in the low 16. All writes of one commit share one stamp.
type Stamp uint64

// Milli returns the physical part in milliseconds since 1970.
func (s Stamp) Milli() int64 { return int64(s >> 16) }

// StampAt returns the smallest stamp of the given instant.
func StampAt(now Instant) Stamp {
	if now < 0 {
		return 0
	}
	return Stamp(now/Millisecond) << 16
}

// AheadMax is how far a received stamp may be ahead of the local clock and
// still move it. One further ahead is kept with its part but moves no clock,
// so a broken clock cannot drag the honest ones along.
const AheadMax = 60 * Second

// Clock is a hybrid logical clock. The zero value is ready.
type Clock struct {
	last Stamp // never decreases
}

// Tick returns a stamp greater than every one this clock returned or witnessed.
func (c *Clock) Tick(now Instant) Stamp {
	c.last = max(c.last+1, StampAt(now))
	return c.last
}

// Witness makes later ticks exceed s, unless s is more than AheadMax ahead of
// now. It reports whether s was taken.
func (c *Clock) Witness(now Instant, s Stamp) bool {
	if s > StampAt(now+AheadMax) {
		return false
	}
	c.last = max(c.last, s)
	return true
}

// Restore makes later ticks exceed s, a stamp this clock returned before a restart.
func (c *Clock) Restore(s Stamp) { c.last = max(c.last, s) }

// Last returns the greatest stamp this clock returned or witnessed.
func (c *Clock) Last() Stamp { return c.last }
