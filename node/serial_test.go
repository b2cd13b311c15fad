package node_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// purchases sells from a stock that lives at the home. What was asked for stays,
// whatever comes of it; what was sold and what was missed is written once.
const purchases = `
database :stock, counter, :by => :sku
database :asked, gcounter, :replicated => true
database :sold, counter, :replicated => true
database :missed, gcounter, :by => :reason, :replicated => true
database :bills, gset<string>, :by => :month
allow :write, sold do |me| true end
allow :write, asked do |me| true end
allow :write, missed do |me| true end

invariant :never_oversold, :keep => :serial do |sku in stock.keys|
  stock[:sku] >= 0
end
at :server do
  on_deliver do |sku: id, qty: nat|
    atomic :serial do
      stock[:sku].inc(qty)
    end
  end
  on_bill do |month: id, text: string|
    atomic :serial do
      bills[:month].add(text)
    end
  end
  on_end do |month: id|
    atomic :serial do
      bills[:month].seal()
    end
  end
end
on_buy do |sku: id, qty: nat|
  asked.inc(1)
  let double = qty * 2
  atomic :serial do
    if stock[:sku] < qty
      abort :sold_out
    end
    stock[:sku].dec(double - qty)
    sold.inc(qty)
  else |why|
    if why == :sold_out
      missed["sold_out"].inc(1)
    else
      missed["other"].inc(1)
    end
    notify(sku, why)
  end
end
on_grab do |sku: id, qty: nat|
  atomic :serial do
    stock[:sku].dec(qty)
  end
end
`

var tea = value.String("tea")

func raising(name string, args ...value.Value) node.RaiseRequest {
	return node.RaiseRequest{Event: name, Args: args}
}

func buy(qty int64) node.RaiseRequest { return raising("buy", tea, value.Int(qty)) }

func newTill(t *testing.T) (w *world, home, away *guest) {
	t.Helper()
	w = newWorld(t, purchases, 2)
	return w, w.guests[0], w.guests[1]
}

// TestASerialBlockRunsAtItsHome: raised at the home or elsewhere it has its
// effect there, or its else where it was raised; and who raised it reads it.
func TestASerialBlockRunsAtItsHome(t *testing.T) {
	w, home, away := newTill(t)
	w.linkAll()
	if a := w.raise(home, raising("deliver", tea, value.Int(5))); !a.Committed {
		t.Fatalf("the delivery: %+v", a)
	}
	for i, g := range []*guest{home, away, away} {
		a := w.raise(g, buy(2))
		want := map[bool]string{false: "", true: "sold_out"}[i == 2]
		if a.Abort != want || a.Committed == (want != "") || a.Pending {
			t.Fatalf("purchase %d: %+v", i, a)
		}
		g.last++
		g.Read(w.now, g.last, node.ReadRequest{Name: "sold", Session: a.Token})
		if got := w.await(g).Reading.Value.AsInt(); got != min(2*int64(i+1), 4) {
			t.Errorf("after purchase %d its raiser reads that %d were sold", i, got)
		}
	}
	if n := w.number(away, "stock", tea); n != 1 {
		t.Errorf("%d are left", n)
	}
	if n := w.number(away, "missed", value.String("sold_out")); n != 1 || len(away.notices) != 1 || len(home.notices) != 0 {
		t.Errorf("the else ran %d times, and told %v at the raiser and %v at the home", n, away.notices, home.notices)
	}
	for _, g := range w.guests {
		if a := w.raise(g, raising("grab", tea, value.Int(2))); a.Abort != flow.AbortInvariant || !strings.Contains(a.Detail, "never_oversold") {
			t.Errorf("a block that breaks an invariant: %+v", a)
		}
	}
	if n := w.number(home, "asked"); n != 3 {
		t.Errorf("what precedes a block stays: %d", n)
	}
}

// TestABlockSpendsRights: a serial block changes what escrow keeps with the
// rights that its home holds, and beyond these it aborts.
func TestABlockSpendsRights(t *testing.T) {
	w := newWorld(t, `
database :seats, counter, :replicated => true
database :sold, gset<string>
invariant :enough, :keep => :escrow do
  seats >= 0
end
on_open do |n: nat| seats.inc(n) end
on_book do |who: string|
  atomic :serial do
    if who in sold
      abort :twice
    end
    seats.dec(1)
    sold.add(who)
  end
end`, 2)
	home, away := w.guests[0], w.guests[1]
	w.linkAll()
	w.raise(home, raising("open", value.Int(2)))
	for i, want := range []string{"", "", flow.AbortRights} {
		g := []*guest{home, away, away}[i]
		if a := w.raise(g, raising("book", value.String(fmt.Sprint("guest ", i)))); a.Abort != want || a.Committed != (want == "") {
			t.Errorf("booking %d: %+v", i, a)
		}
	}
	if n := w.number(away, "seats"); n != 0 {
		t.Errorf("%d seats are left", n)
	}
}

// TestASealedKeyNeverChanges: after seal, writes of that key abort, across restarts.
func TestASealedKeyNeverChanges(t *testing.T) {
	w, home, away := newTill(t)
	w.linkAll()
	bill := func(g *guest, month, want string) {
		t.Helper()
		if a := w.raise(g, raising("bill", value.String(month), value.String("x"))); a.Abort != want {
			t.Errorf("a bill of %s: %+v", month, a)
		}
	}
	bill(home, "may", "")
	w.raise(away, raising("end", value.String("may")))
	bill(home, "may", flow.AbortSealed)
	home.disk.Crash(0)
	w.cut(home)
	w.open(home)
	w.linkAll()
	bill(away, "may", flow.AbortSealed)
	bill(away, "june", "")
	if a := w.raise(home, raising("end", value.String("may"))); a.Abort != "" {
		t.Errorf("sealing again: %+v", a)
	}
}

// TestABlockThatWasNeverSentIsWithdrawn: without a link to the home the else
// runs after a while, and nothing of the block ever does.
func TestABlockThatWasNeverSentIsWithdrawn(t *testing.T) {
	w, home, away := newTill(t)
	began := w.now
	a := w.raise(away, buy(1))
	if a.Abort != node.AbortUnreachable || w.now-began < 5*causal.Second {
		t.Fatalf("with the home away: %+v", a)
	}
	w.linkAll()
	w.run(10 * causal.Second)
	if n := w.number(home, "missed", value.String("other")); n != 1 {
		t.Errorf("the else ran %d times", n)
	}
	if n := w.number(home, "stock", tea); n != 0 {
		t.Errorf("the block ran: %d", n)
	}
	away.disk.Crash(0)
	w.cut(away)
	w.open(away)
	if list := away.Outbox(); len(list) != 1 || list[0].Open || list[0].Abort != node.AbortUnreachable {
		t.Errorf("its outcome is kept: %+v", list)
	}
}

// TestAnOutcomeIsAwaitedAcrossRestarts: once a block has left, its raiser hears
// that it is pending, and gets the outcome however often it is opened again.
func TestAnOutcomeIsAwaitedAcrossRestarts(t *testing.T) {
	w, home, away := newTill(t)
	w.linkAll()
	w.raise(home, raising("deliver", tea, value.Int(5)))
	q := buy(3)
	q.Stream, q.Seq = "s", 1
	away.last++
	away.Raise(w.now, away.last, q)
	out := away.Drain(w.now) // the request leaves, and is lost with the link
	away.disk.Write(out.Records)
	w.notarize(away, out)
	w.cut(away)
	if a := w.await(away); !a.Pending || a.Item == "" {
		t.Fatalf("without an outcome: %+v", a)
	}
	if n := away.Status().Serial; n != 1 {
		t.Errorf("%d blocks wait", n)
	}
	for range 2 {
		w.run(20 * causal.Second)
		away.disk.Crash(0)
		w.open(away)
	}
	list := away.Outbox()
	if len(list) != 1 || !list[0].Open || !list[0].Sent || !list[0].Serial || list[0].Event != "buy" {
		t.Fatalf("after restarts: %+v", list)
	}
	w.linkAll()
	w.run(causal.Second)
	for range 2 {
		if a := w.raise(away, q); !a.Committed || !a.Duplicate {
			t.Errorf("raised again: %+v", a)
		}
	}
	if n := w.number(home, "stock", tea); n != 2 {
		t.Errorf("%d are left", n)
	}
}

// TestAnUnknownBlockAborts: a home with another program does not guess.
func TestAnUnknownBlockAborts(t *testing.T) {
	w, home, away := newTill(t)
	home.cfg.Program = compiled(t, strings.Replace(purchases, "stock[:sku] < qty", "stock[:sku] <= qty", 1))
	home.disk.Crash(0)
	w.open(home)
	w.linkAll()
	if a := w.raise(away, buy(1)); a.Abort != flow.AbortUpgrade {
		t.Errorf("%+v", a)
	}
	if n := w.number(away, "missed", value.String("other")); n != 1 {
		t.Errorf("the else ran %d times", n)
	}
	if a := w.raise(away, raising("deliver", tea, value.Int(1))); !a.Committed {
		t.Errorf("a block that both know: %+v", a)
	}
}

// TestWhoAsksIsAsked: a user's node speaks for that user alone, about handlers
// that stand at its role.
func TestWhoAsksIsAsked(t *testing.T) {
	w := newClub(t, purchases, "ann")
	home, ann := w.guests[0], w.guests[1]
	w.linkAll()
	w.run(3 * causal.Second)
	w.raise(home, raising("deliver", tea, value.Int(5)))
	if a := w.raise(ann, buy(2)); !a.Committed {
		t.Fatalf("%+v", a)
	}
	if a := w.raise(ann, raising("deliver", tea, value.Int(1))); a.Abort != node.AbortNoEvent {
		t.Errorf("%+v", a)
	}
	other := buy(1)
	other.User = "ben"
	if a := w.raise(ann, other); a.Abort == "" {
		t.Errorf("ann buys as ben: %+v", a)
	}
	if n := w.number(home, "stock", tea); n != 3 {
		t.Errorf("%d are left", n)
	}
}

// TestTheDeskIsFull: as many blocks as may wait do, and what comes next is busy
// before anything of it has happened.
func TestTheDeskIsFull(t *testing.T) {
	w, _, away := newTill(t)
	for range 1100 {
		away.last++
		away.Raise(w.now, away.last, buy(1))
	}
	w.deliver()
	if n, a := away.Status().Serial, away.answers[away.last]; n != 1024 || a.Abort != node.AbortBusy {
		t.Errorf("%d wait, the last: %+v", n, a)
	}
	if n := w.number(away, "asked"); n != 1024 {
		t.Errorf("%d prefixes ran", n)
	}
}

// stepped plays a world step by step: a store write, a message, a call or an
// answer each, and kills nodes before some of them.
type stepped struct {
	*world
	kills map[int]*guest // by the step before which they are killed
	steps int
}

// step reports whether a node goes on with its output, or was killed.
func (s *stepped) step(g *guest) (goesOn bool) {
	s.steps++
	victim := s.kills[s.steps]
	if victim == nil {
		return true
	}
	s.kill(victim)
	return g != victim
}

func (s *stepped) kill(g *guest) {
	s.cut(g)
	g.disk.Crash(0)
	g.calls = nil
	s.open(g)
}

func (s *stepped) deliver() (busy bool) {
	for _, g := range s.guests {
		busy = s.act(g, g.Drain(s.now)) || busy
	}
	return busy
}

func (s *stepped) act(g *guest, out node.Output) bool {
	if out.Empty() {
		return false
	}
	if len(out.Records) > 0 {
		if !s.step(g) {
			return true
		}
		g.disk.Write(out.Records)
		g.disk.Sync()
	}
	s.notarize(g, out)
	for _, m := range out.Messages {
		if !s.step(g) {
			return true
		}
		for to := range g.links {
			if to.id() == m.To {
				to.Receive(s.now, g.id(), m.Kind, m.Body)
			}
		}
	}
	for _, c := range out.Calls {
		if !s.step(g) {
			return true
		}
		g.calls = append(g.calls, c)
	}
	for _, a := range out.Answers {
		if !s.step(g) {
			return true
		}
		g.answers[a.Ticket] = a
	}
	return true
}

// settle runs until nothing is left to do, with every link up.
func (s *stepped) settle(d causal.Instant) {
	for until := s.now + d; s.now < until; s.now += 500 * causal.Millisecond {
		s.linkAll()
		for _, g := range s.guests {
			s.makeCalls(g, "")
			g.Wake(s.now)
		}
		for range 1000 {
			if !s.deliver() {
				break
			}
		}
	}
}

// market is a program that sells, and how its nodes are configured.
type market struct {
	text      string
	named     map[string]flow.NamedFunc
	configure func(*node.Config)
}

var plainMarket = market{purchases, nil, func(*node.Config) {}}

// purchase raises one event in a stream at a till, and again until it has an
// outcome; before some steps of that a node is killed. It returns the outcome
// and how many steps there were.
func (k market) purchase(t *testing.T, raiser int, kills map[int]int, qty int64, planted node.Planted) (home *guest, w *world, outcome node.Answer, steps int) {
	t.Helper()
	w = &world{t: t, now: epoch, named: k.named}
	w.addAs(compiled(t, k.text), 2, k.configure)
	s := &stepped{world: w}
	s.settle(3 * causal.Second)
	w.raise(w.guests[0], raising("deliver", tea, value.Int(5)))
	s.settle(3 * causal.Second)
	for _, g := range w.guests {
		g.cfg.Planted = planted
		s.kill(g)
	}
	s.settle(2 * causal.Second)
	s.steps, s.kills = 0, map[int]*guest{}
	for at, victim := range kills {
		s.kills[at] = w.guests[victim]
	}
	q := buy(qty)
	q.Stream, q.Seq = "s", 1
	g := w.guests[raiser]
	for range 20 {
		g.last++
		g.Raise(s.now, g.last, q)
		s.settle(2 * causal.Second)
		if outcome = g.answers[g.last]; outcome.Committed || outcome.Abort != "" && !outcome.IsOpen() {
			break
		}
	}
	s.settle(15 * causal.Second)
	return w.guests[0], w, outcome, s.steps
}

// unfair says what is wrong with what came of a purchase, or "".
func unfair(w *world, home *guest, a node.Answer, qty int64) string {
	left, asked := w.number(home, "stock", tea), w.number(home, "asked")
	sold, missed := w.number(home, "sold"), w.number(home, "missed", value.String("sold_out"))
	other := w.number(home, "missed", value.String("other"))
	isSold := a.Committed
	switch {
	case !a.Committed && a.Abort == "":
		return "it has no outcome"
	case asked != 1:
		return fmt.Sprintf("what precedes the block happened %d times", asked)
	case isSold && (left != 5-qty || sold != qty || missed+other != 0):
		return fmt.Sprintf("it committed, and %d are left, %d sold, %d missed", left, sold, missed+other)
	case !isSold && (left != 5 || sold != 0 || missed+other != 1):
		return fmt.Sprintf("it aborted %s, and %d are left, %d sold, %d missed", a.Abort, left, sold, missed+other)
	case isSold == (qty > 5) && a.Abort != node.AbortUnreachable:
		return "it has the wrong outcome: " + a.Abort
	}
	return ""
}

// TestKilledAtEveryStep kills the home, or the raiser, before every store
// write, message and answer of a purchase that commits and of one that aborts.
func TestKilledAtEveryStep(t *testing.T) {
	for _, raiser := range []int{0, 1} {
		for _, qty := range []int64{2, 7} {
			for victim := range raiser + 1 { // of a purchase at the home, it alone
				for at := 1; ; at++ {
					home, w, a, steps := plainMarket.purchase(t, raiser, map[int]int{at: victim}, qty, node.Planted{})
					if why := unfair(w, home, a, qty); why != "" {
						t.Fatalf("raised at %d for %d, %d killed at step %d: %s", raiser, qty, victim, at, why)
					}
					if at > steps || testing.Short() && at > 40 {
						break
					}
				}
			}
		}
	}
}

// TestBothKilled kills the home and the raiser, one after the other, before
// steps of a purchase that lie up to some apart.
func TestBothKilled(t *testing.T) {
	for _, qty := range []int64{2, 7} {
		for first := range 2 {
			for at, steps := 1, 2; at < steps; at += stride() {
				for apart := 1; apart < 24; apart += 2 * stride() {
					home, w, a, n := plainMarket.purchase(t, 1, map[int]int{at: first, at + apart: 1 - first}, qty, node.Planted{})
					if why := unfair(w, home, a, qty); why != "" {
						t.Fatalf("%d killed at step %d, the other %d later, bought %d: %s", first, at, apart, qty, why)
					}
					steps = n
				}
			}
		}
	}
}

// stride is how many steps lie between those at which somebody is killed, of
// pairs: every one is a long test.
func stride() int {
	if os.Getenv("MARTINELLI_SOAK") != "" {
		return 1
	}
	return 5
}

// TestPlantedMistakesAreFound: each rule that is left out shows when somebody
// is killed at one of the steps.
func TestPlantedMistakesAreFound(t *testing.T) {
	for name, planted := range map[string]node.Planted{
		"a result that is not in the effect's commit": {SplitsResults: true},
		"a request that is not kept":                  {LosesRequests: true},
		"a request said again under a new number":     {RenamesRequests: true},
		"a home that forgets results":                 {ForgetsResults: true},
		"an else that runs twice":                     {RepeatsElse: true},
	} {
		isFound := slices.ContainsFunc([]int64{2, 7}, func(qty int64) bool {
			for victim := range 2 {
				for at := 1; at < 30; at++ {
					home, w, a, _ := plainMarket.purchase(t, 1, map[int]int{at: victim}, qty, planted)
					if unfair(w, home, a, qty) != "" {
						return true
					}
				}
			}
			return false
		})
		if !isFound {
			t.Errorf("%s is not found", name)
		}
	}
}
