package native

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

func benchHost(b *testing.B, cfg Config) *Host {
	b.Helper()
	cfg.Program, _ = lang.Compile([]lang.Source{{Name: "test.mrt", Text: impressions}}, nil)
	h, err := Open(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close() })
	return h
}

// BenchmarkRaise measures runs of a handler that count as done when they are
// durable (memory: without a disk), by the number of clients that wait.
func BenchmarkRaise(b *testing.B) {
	for _, place := range []string{"memory", "disk"} {
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", place, clients), func(b *testing.B) {
				cfg := Config{}
				if place == "disk" {
					cfg.Dir = b.TempDir()
				}
				h := benchHost(b, cfg)
				each(b, clients, func(client int) error {
					args := []value.Value{value.String(fmt.Sprint("ad", client))}
					_, err := h.Raise(context.Background(), node.RaiseRequest{Event: "shown", Args: args})
					return err
				})
			})
		}
	}
}

// BenchmarkPebble is the floor under BenchmarkRaise: the same disk with
// writers that each sync a record of their own.
func BenchmarkPebble(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			d, err := openDisk(b.TempDir(), diskOptions{fs: vfs.Default, log: silent})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			each(b, clients, func(client int) error {
				return d.db.Set(fmt.Append(nil, client), make([]byte, 128), pebble.Sync)
			})
		})
	}
}

// each runs f b.N times, by so many clients at once.
func each(b *testing.B, clients int, f func(client int) error) {
	b.ResetTimer()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := client; i < b.N; i += clients {
				if err := f(client); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

// BenchmarkLoad measures lines of a load over HTTP until they are durable.
func BenchmarkLoad(b *testing.B) {
	h := benchHost(b, Config{Dir: b.TempDir(), HTTP: "127.0.0.1:0"})
	r, w := io.Pipe()
	go func() {
		line := strings.Repeat("{\"ad_id\":\"a7\"}\n", 1000)
		for n := b.N; n > 0; n -= 1000 {
			io.WriteString(w, line[:min(n, 1000)*15])
		}
		w.Close()
	}()
	resp, err := http.Post("http://"+h.HTTPAddr()+"/v1/load/shown?stream=s", "application/x-ndjson", r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(text), fmt.Sprintf(`"committed":%d`, b.N)) {
		b.Fatalf("%v: %.300s", err, text)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
