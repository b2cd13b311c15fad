package native

import (
	"sync"
	"time"
)

// meter bounds how often something is asked for from one address: a bucket of
// tokens for each, filled at a rate.
type meter struct {
	now   func() time.Time
	rate  float64 // tokens a second
	burst float64 // tokens of a full bucket

	mu      sync.Mutex
	buckets map[string]bucket // of those not full; at most AddressesMax
}

// bucket is what one address had left, and when.
type bucket struct {
	left float64
	at   time.Time
}

func newMeter(now func() time.Time, rate, burst float64) *meter {
	return &meter{now: now, rate: rate, burst: burst, buckets: map[string]bucket{}}
}

// take reports whether one more may be asked for from an address. Where too many
// addresses are known, those that are not share a bucket.
func (m *meter) take(address string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	b, isKnown := m.buckets[address]
	if !isKnown {
		if len(m.buckets) >= AddressesMax {
			m.forget(now)
		}
		if len(m.buckets) >= AddressesMax {
			address = ""
		}
		if b, isKnown = m.buckets[address]; !isKnown {
			b = bucket{m.burst, now}
		}
	}
	b = bucket{m.filled(b, now) - 1, now}
	if b.left < 0 {
		return false
	}
	m.buckets[address] = b
	return true
}

// filled is what a bucket holds now.
func (m *meter) filled(b bucket, now time.Time) float64 {
	return min(m.burst, b.left+m.rate*max(0, now.Sub(b.at).Seconds()))
}

// forget takes out the buckets that are full again.
func (m *meter) forget(now time.Time) {
	for address, b := range m.buckets {
		if m.filled(b, now) == m.burst {
			delete(m.buckets, address)
		}
	}
}
