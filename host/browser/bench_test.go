package browser_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/host/browser"
	"github.com/martinelli-lang/martinelli/plan"
)

// What a page does is measured here without a browser, natively or, as
//
//	GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" -bench . ./host/browser
//
// in the engine of Node.js, which is that of a browser.
const cells = `
database :cells, lww<int>, :by => :key, :replicated => true
allow :write, cells do |me| true end
on_set do |key: id, n: int| cells[:key].set(n) end
type :Cell, { key: id, n: int }
on_fill do |all: list<Cell>| all.each do |c| cells[c.key].set(c.n) end end
`

// filled is a page that is linked to nobody, after count sets in deliveries of
// as many as an envelope brings.
func filled(t testing.TB, w *world, count, envelope int) *worker {
	p := w.page("ann")
	for i := range count {
		p.raise(uint64(i+1), "set", `{"key":"k`+strconv.Itoa(i)+`","n":`+strconv.Itoa(i)+`}`)
		if (i+1)%envelope == 0 {
			p.deliver()
		}
	}
	for range 4 { // seals
		p.deliver()
	}
	if !p.has(uint64(count), browser.Durable) {
		t.Fatalf("the last raise was answered %+v", p.answers[uint64(count)])
	}
	return p
}

func alone(t testing.TB) *world {
	w := &world{t: t, now: epoch, plan: plan.Encode(compiled(t, cells))}
	w.steward = w.add("server", "server")
	w.add("ann", "client").cut = true
	w.settle(causal.Second)
	return w
}

func BenchmarkMapSets(b *testing.B) {
	const count = 100_000
	for range b.N {
		b.StopTimer()
		w := alone(b)
		b.StartTimer()
		filled(b, w, count, 1000)
	}
	b.ReportMetric(float64(b.N*count)/b.Elapsed().Seconds(), "sets/s")
}

// BenchmarkFills has the sets that BenchmarkMapSets makes in commits of a
// thousand: the peers' 100,000 sets are one transaction.
func BenchmarkFills(b *testing.B) {
	const count, each = 100_000, 1000
	for range b.N {
		b.StopTimer()
		w := alone(b)
		p := w.page("ann")
		b.StartTimer()
		for i := range count / each {
			p.raise(uint64(i+1), "fill", `{"all":`+pairs(i*each, each)+`}`)
			p.deliver()
			p.deliver() // the seal
		}
		if !p.has(count/each, browser.Durable) {
			b.Fatalf("the last raise was answered %+v", p.answers[count/each])
		}
	}
	b.ReportMetric(float64(b.N*count)/b.Elapsed().Seconds(), "sets/s")
}

func pairs(from, count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(`,{"key":"k` + strconv.Itoa(from+i) + `","n":` + strconv.Itoa(from+i) + `}`)
	}
	return "[" + b.String()[1:] + "]"
}

func BenchmarkReopen(b *testing.B) {
	p := filled(b, alone(b), 10_000, 1000)
	p.die()
	b.ResetTimer()
	for range b.N {
		p.start()
		if p.opened == nil {
			b.Fatalf("%+v", p.failed)
		}
	}
}

func BenchmarkDurable(b *testing.B) {
	w := alone(b)
	p := w.page("ann")
	b.ResetTimer()
	for i := range b.N {
		p.raise(uint64(i+1), "set", `{"key":"k`+strconv.Itoa(i%1000)+`","n":`+strconv.Itoa(i)+`}`)
		p.deliver()
		for len(p.inbox) > 0 {
			p.deliver()
		}
	}
}
