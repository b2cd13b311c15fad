package native

import (
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// newClock tells the wall time at start plus what a monotonic clock has
// counted since, so that setting the wall clock moves no deadline.
func newClock() func() causal.Instant {
	start := time.Now()
	wall := causal.Instant(start.UnixNano())
	return func() causal.Instant { return wall + causal.Instant(time.Since(start)) }
}
