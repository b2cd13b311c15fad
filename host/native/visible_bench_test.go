package native

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// BenchmarkVisible measures how long after a raise has returned at one node a
// watcher at another is shown the change, durable there as well. Both nodes
// are in this process, with a TLS link on the loopback between them: alone,
// and while so many clients raise without a pause.
func BenchmarkVisible(b *testing.B) {
	for _, busy := range []int{0, 64} {
		b.Run(fmt.Sprintf("busy=%d", busy), func(b *testing.B) {
			a, z := benchPair(b)
			w, err := z.Watch(context.Background(), "ads")
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			defer keepBusy(b, a, busy)()
			seen := make(chan time.Time)
			go func() {
				for range w.C {
					seen <- time.Now()
				}
			}()
			lags := make([]time.Duration, b.N)
			b.ResetTimer()
			for i := range lags {
				if lags[i], err = lag(a, i, seen); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			reportPercentiles(b, lags)
		})
	}
}

// lag raises one event at a and returns how much later than a's answer it was
// seen: 0 where it was seen before.
func lag(a *Host, i int, seen <-chan time.Time) (time.Duration, error) {
	q := node.RaiseRequest{Event: "add", Args: []value.Value{value.String(fmt.Sprint("ad", i))}}
	if _, err := a.Raise(context.Background(), q); err != nil {
		return 0, err
	}
	answered := time.Now()
	return max(0, (<-seen).Sub(answered)), nil
}

// keepBusy has clients raise until the function it returns is called.
func keepBusy(b *testing.B, h *Host, clients int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := h.Raise(ctx, shown(fmt.Sprint("ad", client))); err != nil && ctx.Err() == nil {
					b.Error(err)
					return
				}
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func reportPercentiles(b *testing.B, lags []time.Duration) {
	slices.Sort(lags)
	for _, percent := range []int{50, 99} {
		at := lags[(len(lags)-1)*percent/100]
		b.ReportMetric(float64(at.Nanoseconds())/1e6, fmt.Sprintf("p%d-ms", percent))
	}
}
