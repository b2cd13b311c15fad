package sim

import (
	"fmt"
	"os"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
	"github.com/martinelli-lang/martinelli/value"
)

// The story of shops that share a stock, and of coupons of which there are so
// many and no more: one bound from below, of rights that deliveries make, and one
// from above, of rights that there are at first.
const escrowProgram = `
database :stock, counter, :by => :sku, :replicated => true
database :coupons, gcounter, :replicated => true

invariant :never_oversold, :keep => :escrow do |sku in stock.keys|
  stock[:sku] >= 0
end
invariant :enough, :keep => :escrow do
  coupons <= 30
end
on_deliver do |sku: id, qty: nat|
  stock[:sku].inc(qty)
end
on_sell do |sku: id, qty: nat|
  stock[:sku].dec(qty)
end
on_give do |n: nat|
  coupons.inc(n)
end
`

const (
	stocked = 40 // of each of two things; there are 30 coupons
	onSale  = 2*stocked + 30
	demand  = 10 * onSale
)

// shops is a world in which three shops sell.
type shops struct {
	*World
	asked, open             int
	decided, short, aborted int // of what was asked: committed, without rights, anything else
}

func escrowConfig(p *plan.Program, seed uint64, faults fault.Spec) Config {
	cfg := Config{
		Name: "escrow", Program: p, Seed: seed, Faults: faults, IsTrial: true,
		Span: 10 * causal.Second, Rules: []Rule{{"nothing is sold that is not there", neverOversold}},
	}
	for _, sku := range []string{"tea", "milk"} {
		cfg.Setup = append(cfg.Setup, load.Event{Name: "deliver", Args: []value.Value{value.String(sku), value.Int(stocked)}})
	}
	return cfg
}

func neverOversold(m *Machine) string {
	for _, sku := range []string{"tea", "milk"} {
		if r, ok := m.Read("stock", value.String(sku)); ok && r.Value.AsInt() < 0 {
			return fmt.Sprintf("%d of %s", r.Value.AsInt(), sku)
		}
	}
	if r, ok := m.Read("coupons"); ok && r.Value.AsInt() > 30 {
		return fmt.Sprintf("%d coupons", r.Value.AsInt())
	}
	return ""
}

// openShops starts the world and delivers.
func openShops(t testing.TB, cfg Config) *shops {
	t.Helper()
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &shops{World: w}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	if err := w.setUp(); err != nil {
		t.Fatal(err)
	}
	return s
}

// crowd plans ten times the demand over the span, at shops as the weights say.
func (s *shops) crowd(weights [3]int) {
	for i := range demand {
		at := causal.Instant(s.loadDie.Int64N(int64(s.cfg.Span)))
		pick := s.loadDie.IntN(weights[0] + weights[1] + weights[2])
		shop := 0
		for pick >= weights[shop] {
			pick -= weights[shop]
			shop++
		}
		s.after(at, func() { s.ask(s.machines[shop], i%3) })
	}
}

// ask raises one sale; thing says of what.
func (s *shops) ask(m *Machine, thing int) {
	if !m.Up() {
		return
	}
	q := node.RaiseRequest{Event: "give", Args: []value.Value{value.Int(1)}}
	if thing < 2 {
		q = node.RaiseRequest{Event: "sell", Args: []value.Value{value.String([]string{"tea", "milk"}[thing]), value.Int(1)}}
	}
	s.asked++
	s.open++
	m.Raise(q, func(a node.Answer) {
		s.open--
		switch {
		case a.Committed:
			s.decided++
		case a.Abort == flow.AbortRights:
			s.short++
		default:
			s.aborted++
		}
	})
}

// sellOut asks on without faults, until nobody gets anything any more.
func (s *shops) sellOut() bool {
	for range 100 {
		before := s.decided
		s.open = 0
		for _, m := range s.machines {
			for thing := range 3 {
				s.ask(m, thing)
			}
		}
		s.Until(10*causal.Second, func() bool { return s.open == 0 })
		if s.decided == before && s.left() == 0 {
			return true
		}
		s.Advance(causal.Second)
	}
	return false
}

// left is what could be sold still, as the first shop sees it.
func (s *shops) left() int64 {
	tea, _ := s.machines[0].Read("stock", value.String("tea"))
	milk, _ := s.machines[0].Read("stock", value.String("milk"))
	coupons, _ := s.machines[0].Read("coupons")
	return tea.Value.AsInt() + milk.Value.AsInt() + 30 - coupons.Value.AsInt()
}

// wrong says what is broken, or "".
func (s *shops) wrong() string {
	for _, f := range s.Findings() {
		return f.String()
	}
	for _, m := range s.machines {
		tea, _ := m.Read("stock", value.String("tea"))
		milk, _ := m.Read("stock", value.String("milk"))
		coupons, _ := m.Read("coupons")
		if got := fmt.Sprint(tea.Value.AsInt(), milk.Value.AsInt(), coupons.Value.AsInt()); got != "0 0 30" {
			return fmt.Sprintf("%s has %s of tea, milk and coupons in the end, want 0 0 30", m.name, got)
		}
		if n := m.node.Status().Counts.Voided; n > 0 {
			return fmt.Sprintf("%s has seen %d void parts", m.name, n)
		}
	}
	return ""
}

// trade plays one history and says what is broken, or "".
func trade(t testing.TB, cfg Config, weights [3]int) string {
	s := openShops(t, cfg)
	s.crowd(weights)
	s.strain()
	if !s.Settle(quiet, settleLimit) {
		return "the world does not come to rest"
	}
	if !s.sellOut() {
		return fmt.Sprintf("%d are left, and nobody gets them", s.left())
	}
	s.Settle(quiet, settleLimit)
	return s.wrong()
}

// escrowFaults is what goes wrong in the histories of rights.
var escrowFaults = fault.Spec{Drop: 100_000, Duplicate: 100_000, Reorder: 100_000, Cuts: 6, Crashes: 2}

// TestNothingIsOversold plays three shops under cuts and crashes with ten times
// the demand: at every step nobody sees more sold than there was, and in the end
// all is sold.
func TestNothingIsOversold(t *testing.T) {
	n := uint64(300)
	if os.Getenv("MARTINELLI_SOAK") != "" {
		n = 10_000
	} else if testing.Short() {
		n = 20
	}
	p := compile(t, "escrow.mrt", escrowProgram)
	for seed := range n {
		weights := [3]int{1, 1, 1}
		if seed%2 == 1 {
			weights = [3]int{1, 2, 12}
		}
		if wrong := trade(t, escrowConfig(p, seed, escrowFaults), weights); wrong != "" {
			t.Fatalf("seed %d: %s", seed, wrong)
		}
	}
}

// TestAnUnrecordedGiftIsFound plants a node that goes on counting what it has
// handed on as its own: it sells what others sell too.
func TestAnUnrecordedGiftIsFound(t *testing.T) {
	p := compile(t, "escrow.mrt", escrowProgram)
	for seed := range uint64(20) {
		cfg := escrowConfig(p, seed, escrowFaults)
		cfg.Planted.KeepsGiven = true
		if wrong := trade(t, cfg, [3]int{1, 1, 1}); wrong != "" {
			t.Logf("seed %d: %s", seed, wrong)
			return
		}
	}
	t.Error("20 histories in which rights were given away and kept are taken for right")
}

// leaseTopology lets phones be away for three minutes: their lease is two.
const leaseTopology = `
role :server
role :client, :offline => "3m", :ambient => :user_id
link :client, :server
`

// lapse plays a phone that stays away for longer than it may, and returns how
// many coupons it gave out after that, and when it was refused first.
func lapse(t *testing.T, spendsLapsed bool) (late int, refused causal.Instant) {
	t.Helper()
	source := lang.Source{Name: "escrow.mrt", Text: escrowProgram + "allow :write, coupons do |me| true end\n"}
	p, letters := lang.Compile([]lang.Source{source}, &lang.Source{Name: "lease.topology", Text: leaseTopology})
	if p == nil {
		t.Fatal(letters)
	}
	s := openShops(t, Config{Name: "lease", Program: p, Roles: []Role{{"server", 1}, {"client", 1}}, IsTrial: true, Planted: node.Planted{SpendsLapsed: spendsLapsed}})
	server, phone := s.machines[0], s.machines[1]
	s.Advance(5 * causal.Second)
	s.ask(phone, 2)
	s.Advance(5 * causal.Second)
	s.Cut(fault.Action{Groups: []int{0, 1}})
	for half := range 12 {
		decided, short := s.decided, s.short
		s.ask(phone, 2)
		s.Advance(30 * causal.Second)
		if s.short > short && refused == 0 {
			refused = causal.Instant(half) * 30 * causal.Second
		}
		if half > 7 {
			late += s.decided - decided
		}
		if half == 7 {
			for range 100 {
				s.ask(server, 2)
			}
			s.Advance(causal.Second)
		}
	}
	if r, _ := server.Read("coupons"); r.Value.AsInt() != 30 {
		t.Errorf("the server gave out up to %d coupons, and there are 30", r.Value.AsInt())
	}
	s.Heal(0)
	s.Advance(20 * causal.Second)
	for _, f := range s.Findings() {
		t.Errorf("%v", f)
	}
	return late, refused
}

// TestALeaseEnds before others have what was leased: a phone that stays away
// spends for two minutes, and the server gives out the rest once it is retired.
func TestALeaseEnds(t *testing.T) {
	late, refused := lapse(t, false)
	if late != 0 || refused != 120*causal.Second {
		t.Errorf("the phone was refused after %s, and gave out %d coupons that the server had taken back", span(refused), late)
	}
	if late, _ := lapse(t, true); late == 0 {
		t.Error("a phone that spends after its lease is not found")
	}
}

// TestDecidedLocally prints which share of the sales waited for nobody, of a
// demand that is the same at all shops and of one that is not.
func TestDecidedLocally(t *testing.T) {
	p := compile(t, "escrow.mrt", escrowProgram)
	for _, c := range []struct {
		name    string
		weights [3]int
		least   int // percent
	}{{"even", [3]int{1, 1, 1}, 60}, {"skewed", [3]int{1, 2, 12}, 60}} {
		var sales, borrowed, handed uint64
		for seed := range uint64(10) {
			s := openShops(t, escrowConfig(p, seed, fault.Spec{}))
			s.crowd(c.weights)
			s.strain()
			s.Settle(quiet, settleLimit)
			sales += uint64(s.decided)
			for _, m := range s.machines {
				counts := m.node.Status().Counts
				borrowed += counts.Borrowed
				handed += counts.Handed
			}
		}
		local := 100 * int(sales-borrowed) / int(sales)
		t.Logf("%s: %d sales, %d%% decided locally; rights were handed on %d times", c.name, sales, local, handed)
		if local < c.least {
			t.Errorf("%s: only %d%% of the sales were decided locally", c.name, local)
		}
	}
}
