package native

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkLoad measures the lines of a load over HTTP until they are durable,
// impressions of 500 advertisements, at a node that is alone and at one with a
// peer that takes it all over the wire and makes it durable too. What they cost:
//
//	log-B       bytes of the log's keys and values
//	store-B     bytes of the store's files at the end
//	written-B   bytes the store wrote to its disk, compactions among them
//	commits-B   bytes sent to the peer on the channel of commits
//	sent-B      bytes sent to the peer on all channels
func BenchmarkLoad(b *testing.B) {
	b.Run("alone", func(b *testing.B) {
		h := benchHost(b, Config{Dir: b.TempDir(), HTTP: "127.0.0.1:0"})
		b.ResetTimer()
		loadLines(b, h, b.N)
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		reportStore(b, h)
	})
	b.Run("peer", func(b *testing.B) {
		a, z := benchPair(b)
		before := sent(b, a)
		b.ResetTimer()
		loadLines(b, a, b.N)
		awaitAll(b, a, z)
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		after := sent(b, a)
		all := 0.0
		for channel := range after {
			all += after[channel] - before[channel]
		}
		b.ReportMetric((after["commits"]-before["commits"])/float64(b.N), "commits-B/line")
		b.ReportMetric(all/float64(b.N), "sent-B/line")
		reportStore(b, z)
	})
}

// loadLines loads so many impressions.
func loadLines(b *testing.B, h *Host, n int) {
	b.Helper()
	r, w := io.Pipe()
	go func() {
		lines := bufio.NewWriter(w)
		die := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.1, 1, 499)
		for range n {
			fmt.Fprintf(lines, "{\"ad_id\":\"ad-%03d\"}\n", die.Uint64())
		}
		w.CloseWithError(lines.Flush())
	}()
	resp, err := http.Post("http://"+h.HTTPAddr()+"/v1/load/shown?stream=s", "application/x-ndjson", r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(text), fmt.Sprintf(`"committed":%d`, n)) {
		b.Fatalf("%v: %.300s", err, text)
	}
}

// sent returns the bytes a node has sent to its one peer, by channel.
func sent(b *testing.B, h *Host) map[string]float64 {
	b.Helper()
	s, err := h.Status(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	bytes := map[string]float64{}
	for _, m := range s.Members {
		for name, channel := range m.Channels {
			bytes[name] += float64(channel.Sent)
		}
	}
	return bytes
}

func reportStore(b *testing.B, h *Host) {
	b.Helper()
	log := 0
	err := h.disk.Scan([]byte("p"), []byte("q"), func(key, value []byte) bool {
		log += len(key) + len(value)
		return true
	})
	if err != nil {
		b.Fatal(err)
	}
	m := h.disk.Disk.(*Disk).db.Metrics()
	total := m.Total()
	b.ReportMetric(float64(log)/float64(b.N), "log-B/line")
	b.ReportMetric(float64(h.disk.size())/float64(b.N), "store-B/line")
	b.ReportMetric(float64(m.WAL.BytesWritten+total.TableBytesFlushed+total.TableBytesCompacted)/float64(b.N), "written-B/line")
}
