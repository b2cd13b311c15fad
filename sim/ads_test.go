package sim

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
	"github.com/martinelli-lang/martinelli/value"
)

// compile compiles a program's text, without warnings in the way.
func compile(t testing.TB, name, text string) *plan.Program {
	t.Helper()
	p, letters := lang.Compile([]lang.Source{{Name: name, Text: text}}, nil)
	if p == nil {
		t.Fatalf("%s does not compile: %v", name, letters)
	}
	return p
}

// The story of the advertisement counter, small enough for many seeds.
const (
	adsBudget = 60
	adsCount  = 5
	adsShown  = 200 // impressions a machine
)

// adsProgram is examples/ads with a smaller budget.
func adsProgram(t testing.TB) *plan.Program {
	t.Helper()
	text, err := os.ReadFile("../examples/ads/ads.mrt")
	if err != nil {
		t.Fatal(err)
	}
	small := strings.Replace(string(text), "counters[ad.id] <= 50_000", fmt.Sprint("counters[ad.id] <= ", adsBudget), 1)
	if small == string(text) {
		t.Fatal("examples/ads has another budget than 50_000")
	}
	return compile(t, "ads.mrt", small)
}

// adsConfig has two servers and three clients show five ads; the last ad stays
// under its budget.
func adsConfig(p *plan.Program, seed uint64, faults fault.Spec) Config {
	cfg := Config{
		Name: "examples/ads", Program: p, Seed: seed, Faults: faults,
		Roles: []Role{{"server", 2}, {"client", 3}},
		Rules: []Rule{{"an ad is shown until its counter has passed the budget", adsRule}},
	}
	var ads, contracts []value.Value
	for i := range adsCount {
		ads = append(ads, value.Record(value.String(adName(i)), value.String("")))
		contracts = append(contracts, value.Record(value.String(adName(i)), value.String("p1")))
	}
	cfg.Setup = []load.Event{
		{Name: "load", Args: []value.Value{value.List(ads...)}},
		{Name: "sign", Args: []value.Value{value.List(contracts...)}},
	}
	for i := range 5 * adsShown {
		ad := i % adsCount
		if ad == adsCount-1 && i > adsCount*adsBudget/2 {
			ad = 0
		}
		cfg.Load = append(cfg.Load, load.Event{Name: "shown", Args: []value.Value{value.String(adName(ad))}})
	}
	return cfg
}

func adName(i int) string { return fmt.Sprint("a", i+1) }

// adsRule holds at every replica at every moment: an ad that was there and is
// not shown any more has a counter over the budget, as shown by that replica.
func adsRule(m *Machine) string {
	ads, _ := m.Read("ads")
	shown := map[string]bool{}
	for _, ad := range ads.Value.Elems() {
		shown[value.Encode(ad)] = true
	}
	for _, f := range m.Shadow().Facts("ads") {
		if shown[f.Value] {
			continue
		}
		ad, err := value.DecodeAll(f.Value)
		if err != nil {
			return err.Error()
		}
		id := ad.Field(0)
		counter, _ := m.Read("counters", id)
		if n := counter.Value.AsInt(); n <= adsBudget {
			return fmt.Sprintf("%s is removed at %d", id.AsString(), n)
		}
	}
	return ""
}

// adsOutcome asserts at every machine what must have come of the story: no
// impression lost or counted twice, ads over budget gone, the others there.
func adsOutcome(w *World) (wrong []string) {
	want := map[string]int64{}
	for _, e := range w.cfg.Load {
		want[e.Args[0].AsString()]++
	}
	for _, m := range w.machines {
		ads, _ := m.Read("ads")
		if n := len(ads.Value.Elems()); n != 1 {
			wrong = append(wrong, fmt.Sprintf("%s shows %d ads at the end, want the one under budget", m.name, n))
		}
		for i := range adsCount {
			counter, _ := m.Read("counters", value.String(adName(i)))
			if n := counter.Value.AsInt(); n != want[adName(i)] {
				wrong = append(wrong, fmt.Sprintf("%s counts %d of %s, want %d", m.name, n, adName(i), want[adName(i)]))
			}
		}
	}
	return wrong
}

// tell plays a history and fails with its story where a promise is broken.
func tell(t *testing.T, cfg Config, outcome func(*World) []string) *World {
	t.Helper()
	var story bytes.Buffer
	cfg.Story = &story
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.run(); err != nil {
		t.Fatalf("%v\n%s", err, &story)
	}
	if wrong := outcome(w); len(wrong) > 0 {
		t.Fatalf("seed %d with faults %s: %s\n%s", cfg.Seed, cfg.Faults, strings.Join(wrong, "; "), &story)
	}
	return w
}

func TestAdsUnderAllFaults(t *testing.T) {
	seeds := seeds(200)
	p := adsProgram(t)
	var total Stats
	for seed := range seeds {
		w := tell(t, adsConfig(p, seed, fault.All), adsOutcome)
		total.add(w.stats)
	}
	t.Logf("%d histories: %+v", seeds, total)
}

func (s *Stats) add(o Stats) {
	s.Raised += o.Raised
	s.Retried += o.Retried
	s.Messages += o.Messages
	s.Bytes += o.Bytes
	s.Lost += o.Lost
	s.Repeated += o.Repeated
	s.Overtaken += o.Overtaken
	s.Damaged += o.Damaged
	s.Cut += o.Cut
	s.Crashes += o.Crashes
	s.WritesLost += o.WritesLost
	s.Parts += o.Parts
	s.PartsReceived += o.PartsReceived
	s.PartsArrived += o.PartsArrived
}
