package sim

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// rumor is the simplest participant: it knows a set of words, writes each to
// its disk, tells its neighbours at once and everything again every 500 ms. It
// serves to test the world by itself.
type rumor struct {
	cfg   node.Config
	known map[string]bool
	links map[causal.ReplicaID]bool
	next  causal.Instant
	last  causal.Instant
	out   node.Output
}

func openRumor(now causal.Instant, cfg node.Config) (participant, error) {
	r := &rumor{cfg: cfg, known: map[string]bool{}, links: map[causal.ReplicaID]bool{}, next: now}
	err := cfg.Disk.Scan(nil, nil, func(key, _ []byte) bool {
		r.known[string(key)] = true
		return true
	})
	return r, err
}

func (r *rumor) Raise(now causal.Instant, t node.Ticket, q node.RaiseRequest) {
	r.learn(fmt.Sprintf("%s/%d", q.Stream, q.Seq))
	r.out.Answers = append(r.out.Answers, node.Answer{Ticket: t, Committed: true})
}

func (r *rumor) learn(word string) {
	if r.known[word] {
		return
	}
	r.known[word] = true
	r.out.Records = append(r.out.Records, store.Op{Key: []byte(word), Value: []byte{1}})
	r.tell(word)
}

func (r *rumor) tell(words ...string) {
	for _, peer := range slices.SortedFunc(maps.Keys(r.links), causal.ReplicaID.Compare) {
		r.out.Messages = append(r.out.Messages, node.Message{To: peer, Channel: wire.Commits, Kind: 1, Body: []byte(strings.Join(words, "\n"))})
	}
}

func (r *rumor) Read(_ causal.Instant, t node.Ticket, _ node.ReadRequest) {
	r.out.Answers = append(r.out.Answers, node.Answer{Ticket: t, Abort: node.AbortNoName})
}

func (r *rumor) StreamMark(_ causal.Instant, t node.Ticket, stream string) {
	mark := uint64(0)
	for r.known[fmt.Sprintf("%s/%d", stream, mark+1)] {
		mark++
	}
	r.out.Answers = append(r.out.Answers, node.Answer{Ticket: t, Committed: true, Mark: mark})
}

func (r *rumor) Hello() []byte { return idOf(r.cfg) }

func idOf(cfg node.Config) []byte {
	id := cfg.Key.ID()
	return id[:]
}

func (r *rumor) Signed(causal.Instant, []trust.Signed)     {}
func (r *rumor) Verified(causal.Instant, []trust.Verified) {}
func (r *rumor) Called(causal.Instant, []node.Called)      {}

func (r *rumor) LinkUp(_ causal.Instant, hello []byte, _ string) (member.Member, error) {
	if len(hello) != 16 {
		return member.Member{}, errors.New("not a hello")
	}
	id := causal.ReplicaID(hello)
	r.links[id] = true
	return member.Member{ID: id}, nil
}

func (r *rumor) LinkDown(_ causal.Instant, peer causal.ReplicaID, _ string) { delete(r.links, peer) }
func (r *rumor) DialFailed(causal.Instant, member.Member)                   {}

func (r *rumor) Receive(now causal.Instant, _ causal.ReplicaID, _ uint8, body []byte) error {
	r.last = max(r.last, now)
	for word := range strings.SplitSeq(string(body), "\n") {
		if !strings.Contains(word, "/") {
			return fmt.Errorf("%q is no rumor", word)
		}
		r.learn(word)
	}
	return nil
}

func (r *rumor) Wake(now causal.Instant) {
	if now < r.next {
		return
	}
	r.next = now + 500*causal.Millisecond
	for _, peer := range r.cfg.Peers {
		if !r.links[peer.ID] {
			r.out.Dials = append(r.out.Dials, peer)
		}
	}
	if len(r.known) > 0 {
		r.tell(slices.Sorted(maps.Keys(r.known))...)
	}
}

func (r *rumor) Deadline() (causal.Instant, bool) { return r.next, true }

func (r *rumor) Drain(causal.Instant) node.Output {
	out := r.out
	r.out = node.Output{}
	return out
}

func (r *rumor) Status() node.Status { return node.Status{} }

// rumors returns a started world of n machines that spread rumors.
func rumors(t *testing.T, cfg Config, n int) *World {
	t.Helper()
	cfg.Program = &plan.Program{
		Roles:    []plan.Role{{Name: "server"}},
		Handlers: []plan.Handler{{Event: "say", Params: []plan.Param{{Name: "word", Type: plan.ID}}}},
	}
	cfg.Roles = []Role{{"server", n}}
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.machines {
		m.open = openRumor
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (m *Machine) words() []string {
	if m.node == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(m.node.(*rumor).known))
}

func (m *Machine) say(stream string, seq uint64) {
	m.Raise(node.RaiseRequest{Event: "say", Args: []value.Value{value.String("x")}, Stream: stream, Seq: seq}, nil)
}

// live plays a whole history of rumors.
func live(t *testing.T, seed uint64, faults fault.Spec, story *bytes.Buffer) *World {
	t.Helper()
	w := rumors(t, Config{Seed: seed, Faults: faults, Events: 20, Story: story}, 4)
	if err := w.employ(); err != nil {
		t.Fatal(err)
	}
	w.strain()
	if !w.Until(100*causal.Second, w.answered) {
		t.Fatalf("seed %d: not all are answered: %s", seed, w.unanswered())
	}
	w.Advance(5 * causal.Second)
	return w
}

func TestRumorsReachEveryoneUnderAllFaults(t *testing.T) {
	var total Stats
	for seed := range uint64(30) {
		var story bytes.Buffer
		w := live(t, seed, fault.All, &story)
		for _, m := range w.machines {
			if got := len(m.words()); got != 80 {
				t.Fatalf("seed %d: %s knows %d of 80 rumors\n%s", seed, m.name, got, &story)
			}
		}
		if f := w.Findings(); len(f) > 0 {
			t.Fatalf("seed %d: %v", seed, f)
		}
		total.Lost += w.stats.Lost
		total.Repeated += w.stats.Repeated
		total.Overtaken += w.stats.Overtaken
		total.Damaged += w.stats.Damaged
		total.Cut += w.stats.Cut
		total.Crashes += w.stats.Crashes
		total.WritesLost += w.stats.WritesLost
	}
	if total.Lost == 0 || total.Repeated == 0 || total.Overtaken == 0 || total.Damaged == 0 || total.Cut == 0 || total.Crashes == 0 || total.WritesLost == 0 {
		t.Errorf("a fault never happened: %+v", total)
	}
}

func TestEqualSeedsGiveEqualHistories(t *testing.T) {
	hashes := map[string]uint64{}
	for seed := range uint64(5) {
		var one, two bytes.Buffer
		a, b := live(t, seed, fault.All, &one), live(t, seed, fault.All, &two)
		if a.Hash() != b.Hash() || one.String() != two.String() {
			t.Errorf("seed %d: two histories", seed)
		}
		if other, taken := hashes[a.Hash()]; taken {
			t.Errorf("seeds %d and %d: one history", seed, other)
		}
		hashes[a.Hash()] = seed
	}
}

// TestNothingLeavesBeforeItIsDurable crashes the author between write and sync.
func TestNothingLeavesBeforeItIsDurable(t *testing.T) {
	for _, c := range []struct {
		loss fault.Loss
		kept bool
	}{{fault.KeepNone, false}, {fault.KeepAll, true}} {
		w := rumors(t, Config{}, 3)
		w.Advance(causal.Second)
		author := w.machines[1]
		author.say("s", 1)
		if author.disk.Unsynced() == 0 {
			t.Fatal("the write was synced at once")
		}
		author.Crash(c.loss)
		w.Advance(5 * causal.Second)
		for _, m := range w.machines {
			if m != author && len(m.words()) > 0 {
				t.Fatalf("%s: %s heard what its author may have lost", c.loss, m.name)
			}
		}
		if err := author.Start(); err != nil {
			t.Fatal(err)
		}
		w.Advance(5 * causal.Second)
		for _, m := range w.machines {
			if heard := len(m.words()) > 0; heard != c.kept {
				t.Errorf("%s: %s heard it: %v, want %v", c.loss, m.name, heard, c.kept)
			}
		}
	}
}

func TestDamagedFramesAreRefused(t *testing.T) {
	w := rumors(t, Config{}, 2)
	w.Advance(causal.Second)
	w.net.rates.Corrupt = 1_000_000
	w.machines[0].say("s", 1)
	w.Advance(20 * causal.Second)
	if len(w.machines[1].words()) > 0 || len(w.Findings()) > 0 || w.stats.Damaged < 20 {
		t.Errorf("%d damaged frames; heard %v; findings %v", w.stats.Damaged, w.machines[1].words(), w.Findings())
	}
}

func TestOneWayCut(t *testing.T) {
	w := rumors(t, Config{}, 2)
	w.Advance(causal.Second)
	w.Cut(fault.Action{Groups: []int{0, 1}, OneWay: true})
	w.machines[0].say("a", 1)
	w.machines[1].say("b", 1)
	w.Advance(5 * causal.Second)
	if got := w.machines[1].words(); !slices.Equal(got, []string{"b/1"}) {
		t.Errorf("through the cut came %v", got)
	}
	if got := w.machines[0].words(); !slices.Equal(got, []string{"a/1", "b/1"}) {
		t.Errorf("against the cut came only %v", got)
	}
	w.Heal(0)
	w.Advance(5 * causal.Second)
	if got := w.machines[1].words(); len(got) != 2 {
		t.Errorf("after the cut came only %v", got)
	}
}

func TestClocksAreTheMachinesOwn(t *testing.T) {
	w := rumors(t, Config{}, 2)
	w.machines[1].Crash(fault.KeepAll)
	w.machines[1].ahead = fault.Century
	if err := w.machines[1].Start(); err != nil {
		t.Fatal(err)
	}
	w.machines[0].say("s", 1)
	w.Advance(5 * causal.Second)
	if got := w.machines[1].node.(*rumor).last; got < dawn+fault.Century || got > w.now+fault.Century {
		t.Errorf("the wrong clock says %d", got)
	}
	if len(w.machines[1].words()) != 1 {
		t.Error("a machine with a wrong clock does not wake")
	}
}

func TestWorldRefuses(t *testing.T) {
	p := &plan.Program{Roles: []plan.Role{{Name: "server"}}}
	for _, c := range []struct {
		cfg Config
		why string
	}{
		{Config{Program: p, Roles: []Role{{"clown", 1}}}, `no role "clown"; it has server`},
		{Config{Program: p, Roles: []Role{{"server", 0}}}, "at least one machine"},
		{Config{Program: p, Load: []load.Event{{Name: "x"}}}, `no machine has a handler for the event "x"`},
	} {
		w, err := NewWorld(c.cfg)
		if err == nil {
			_, err = w.deal()
		}
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("got %v, want %q", err, c.why)
		}
	}
}
