package browser_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
)

const tags = `
database :tags, set<string>, :replicated => true
allow :write, tags do |me| true end
view :count do tags.count end
on_tag do |name: string| tags.add(name) end
`

// BenchmarkMerge is what it costs a page to take another's set of 10,000
// elements into its own of 10,000, none of them shared: it was alone, and now it
// meets who has them. What the other does is not in it.
func BenchmarkMerge(b *testing.B) {
	const count = 10_000
	var spent time.Duration
	for range b.N {
		b.StopTimer()
		w := &world{t: b, now: epoch, plan: plan.Encode(compiled(b, tags))}
		w.steward = w.add("server", "server")
		ann := w.add("ann", "client")
		w.settle(5 * causal.Second)
		ann.cut = true
		ann.die()
		ann.start()
		for _, p := range []*worker{w.steward, ann} {
			for i := range count {
				p.raise(uint64(i+1), "tag", `{"name":"`+p.name+strconv.Itoa(i)+`"}`)
				if i%1000 == 999 {
					p.deliver()
				}
			}
		}
		w.settle(causal.Second)
		ann.cut = false
		ann.die()
		ann.start() // so that it links at once
		before := ann.spent
		b.StartTimer()
		for range 60 {
			if w.settle(causal.Second); ann.read("count") == "20000" {
				break
			}
		}
		b.StopTimer()
		if got := ann.read("count"); got != "20000" {
			b.Fatalf("it reads %s", got)
		}
		spent += ann.spent - before
	}
	b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "ms/page")
}

// BenchmarkLife is ten minutes of a page that is linked to a server and edits
// 1,000 keys 200,000 times. What it and the server keep in memory, and the
// page's files, are told after the second minute and at the end.
func BenchmarkLife(b *testing.B) {
	const minutes, perSecond = 10, 333
	for range b.N {
		w := &world{t: b, now: epoch, plan: plan.Encode(compiled(b, cells))}
		w.steward = w.add("server", "server")
		p := w.add("ann", "client")
		w.settle(causal.Second)
		n := 0
		for minute := 1; minute <= minutes; minute++ {
			for range 60 {
				for range perSecond {
					n++
					p.raise(uint64(n), "set", `{"key":"k`+strconv.Itoa(n*7919%1000)+`","n":`+strconv.Itoa(n)+`}`)
				}
				w.settle(causal.Second)
				clear(p.answers)
			}
			heap, files, system := kept(w, p)
			b.Logf("minute %2d: heap %5.1f MB, files %4.1f MB, taken of the system %5.1f MB", minute, heap, files, system)
			if at := map[int]string{2: "2nd", minutes: "10th"}[minute]; at != "" {
				b.ReportMetric(heap, "MB-heap-"+at)
				b.ReportMetric(files, "MB-files-"+at)
				b.ReportMetric(system, "MB-system-"+at)
			}
		}
	}
}

// kept returns what is in use but for the files, which are in memory here too,
// the files of a page, and what was taken of the system, which in WebAssembly is
// the size of its memory; in MB.
func kept(w *world, p *worker) (heap, files, system float64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	all := 0
	for _, o := range w.workers {
		for _, f := range o.files {
			all += cap(f)
		}
	}
	own := 0
	for _, f := range p.files {
		own += len(f)
	}
	const mb = 1 << 20
	return float64(m.HeapAlloc-uint64(all)) / mb, float64(own) / mb, float64(m.Sys) / mb
}
