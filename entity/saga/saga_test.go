package saga

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// script says what comes of a saga's runs, whoever runs them and whenever: how
// often each step fails before it goes through, which one aborts, and how often
// each undo fails.
type script struct {
	fails, undoFails []int
	abortAt          int // a step, or -1
}

func randomScript(r *rand.Rand) script {
	s := script{abortAt: -1}
	for range 1 + r.IntN(5) {
		fails := 0
		if r.IntN(4) == 0 {
			fails = r.IntN(5)
		}
		s.fails = append(s.fails, fails)
		s.undoFails = append(s.undoFails, r.IntN(2)*r.IntN(6))
	}
	if r.IntN(2) == 0 {
		s.abortAt = r.IntN(len(s.fails))
	}
	return s
}

const triesMax = 3

// naive tells what must be left of a saga: its effects in order, and its outcome.
func (s script) naive() (effects []string, abort string) {
	for i, fails := range s.fails {
		switch {
		case fails >= triesMax:
			abort = AbortImport
		case i == s.abortAt:
			abort = "no"
		default:
			effects = append(effects, fmt.Sprint("do ", i))
			continue
		}
		for i--; i >= 0; i-- {
			effects = append(effects, fmt.Sprint("undo ", i))
		}
		return effects, abort
	}
	return effects, ""
}

// home is a store, a machine over it, and what the runs of sagas did. It is
// killed now and then: all that is left is the store.
type home struct {
	t        *testing.T
	r        *rand.Rand
	cfg      Config
	scripts  map[Name]script
	machine  *Machine
	now      causal.Instant
	entries  map[causal.EntryID]causal.Entry
	seq      uint64
	effects  map[Name][]string
	outcomes map[Name][]string
	splits   bool // a mistake on purpose: the record is not in the effect's commit
}

func newHome(t *testing.T, seed uint64, planted Planted) *home {
	h := &home{
		t: t, r: rand.New(rand.NewPCG(seed, 9)), now: causal.Second,
		scripts: map[Name]script{}, entries: map[causal.EntryID]causal.Entry{}, effects: map[Name][]string{}, outcomes: map[Name][]string{},
	}
	h.cfg = Config{
		Steps: func(block string) (int, bool) {
			for name, s := range h.scripts {
				if name.Block == block {
					return len(s.fails), true
				}
			}
			return 0, false
		},
		Limits:  Limits{TriesMax: triesMax, RetryAfter: 10, RetryMax: 35},
		Planted: planted,
	}
	for i := range 4 {
		h.scripts[Name{fmt.Sprint("block", i), fmt.Sprint("key", i)}] = randomScript(h.r)
	}
	h.reopen()
	return h
}

// reopen is a restart, which finds the entries in any order.
func (h *home) reopen() {
	h.machine = New(h.cfg)
	ids := make([]causal.EntryID, 0, len(h.entries))
	for id := range h.entries {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, causal.EntryID.Compare)
	h.r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		e := h.entries[id]
		h.machine.Heed(e.Database, e.Key, e.Value, id)
	}
	h.machine.Resume(h.now)
}

// dies kills the home now and then.
func (h *home) dies() bool {
	if h.r.IntN(5) > 0 {
		return false
	}
	h.now -= causal.Instant(h.r.IntN(3)) // its clock is not quite the same after
	h.reopen()
	return true
}

// commit makes a change and an effect durable in one write, and heeds it.
func (h *home) commit(name Name, c Change, effect string) {
	if effect != "" {
		h.effects[name] = append(h.effects[name], effect)
	}
	if h.splits && h.dies() {
		return
	}
	for _, id := range c.Removed {
		if _, isThere := h.entries[id]; !isThere {
			h.t.Fatalf("%v: an entry is removed that is not there", name)
		}
		delete(h.entries, id)
	}
	h.seq++
	var ids []causal.EntryID
	for i, e := range c.Entries {
		id := causal.EntryID{Dot: causal.Dot{Replica: causal.ReplicaID{1}, Seq: h.seq}, Offset: uint32(i)}
		h.entries[id] = e
		ids = append(ids, id)
	}
	if c.Outcome != nil {
		h.outcomes[name] = append(h.outcomes[name], c.Outcome.Abort)
	}
	if h.dies() {
		return
	}
	for i, e := range c.Entries {
		h.machine.Heed(e.Database, e.Key, e.Value, ids[i])
	}
}

// begin raises each saga, some of them again and again.
func (h *home) begin(name Name) {
	verdict, c := h.machine.Begin(h.now, name, Start{User: "ann", Item: 7, Slots: "x"})
	began, ended := h.machine.IsUnderWay(name), len(h.outcomes[name]) > 0
	switch {
	case verdict == Fresh && (began || ended), verdict == Joined && !began, verdict == Known && !ended:
		h.t.Fatalf("%v: begun with verdict %d, where under way is %v and ended %v", name, verdict, began, ended)
	case verdict == Known && c.Outcome.Abort != h.outcomes[name][0]:
		h.t.Fatalf("%v ended with %q and is answered %q", name, h.outcomes[name][0], c.Outcome.Abort)
	case verdict == Fresh:
		h.commit(name, c, "")
	}
}

// step runs what is due, if it is not killed first.
func (h *home) step() {
	t, isDue := h.machine.Next(h.now)
	if at, ok := h.machine.Deadline(); ok != isDue && (!ok || at <= h.now) {
		h.t.Fatalf("the deadline is %d (%v) at %d, and something is due: %v", at, ok, h.now, isDue)
	}
	if !isDue || h.dies() {
		return
	}
	s := h.scripts[t.Name]
	if t.Undo {
		if t.Tries < s.undoFails[t.Step] {
			h.commit(t.Name, h.machine.Failed(h.now, t, "not now"), "")
			return
		}
		h.commit(t.Name, h.machine.Done(h.now, t), fmt.Sprint("undo ", t.Step))
		return
	}
	switch {
	case t.Tries < s.fails[t.Step]:
		h.commit(t.Name, h.machine.Failed(h.now, t, "not now"), "")
	case t.Step == s.abortAt:
		h.commit(t.Name, h.machine.Aborted(h.now, t, "no", "the handler says so"), "")
	default:
		h.commit(t.Name, h.machine.Done(h.now, t), fmt.Sprint("do ", t.Step))
	}
}

// play runs all sagas to their ends and says what is wrong, or "".
func (h *home) play() string {
	var names []Name
	for i := range 4 {
		names = append(names, Name{fmt.Sprint("block", i), fmt.Sprint("key", i)})
	}
	for round := 0; len(h.outcomes) < len(names); round++ {
		if round > 5000 {
			return "it does not come to an end"
		}
		switch h.r.IntN(4) {
		case 0:
			h.begin(names[h.r.IntN(len(names))])
		case 1:
			h.now += causal.Instant(h.r.IntN(20))
		default:
			h.step()
		}
	}
	for range 20 {
		h.begin(names[h.r.IntN(len(names))])
		h.step()
	}
	for _, name := range names {
		effects, abort := h.scripts[name].naive()
		if !slices.Equal(h.effects[name], effects) {
			return fmt.Sprintf("%+v did %v, want %v", h.scripts[name], h.effects[name], effects)
		}
		if len(h.outcomes[name]) != 1 || h.outcomes[name][0] != abort {
			return fmt.Sprintf("%+v ended with %q, want %q once", h.scripts[name], h.outcomes[name], abort)
		}
	}
	if n := len(h.entries); n != len(names) {
		return fmt.Sprintf("of %d sagas that have ended %d entries are kept", len(names), n)
	}
	return ""
}

// TestSagasEndAsTheNaiveOnes: four sagas of random scripts at a home that is
// killed at any point. Each does what a loop over its steps would do, once and in
// that order, and its outcome is told once and never changes.
func TestSagasEndAsTheNaiveOnes(t *testing.T) {
	for seed := range uint64(2000) {
		if wrong := newHome(t, seed, Planted{}).play(); wrong != "" {
			t.Fatalf("seed %d: %s", seed, wrong)
		}
	}
}

// TestPlantedMistakesAreSeen keeps the test above honest.
func TestPlantedMistakesAreSeen(t *testing.T) {
	for _, c := range []struct {
		what    string
		splits  bool
		planted Planted
	}{
		{"the record is not in the effect's commit", true, Planted{}},
		{"what was done first is undone first", false, Planted{UndoesForward: true}},
	} {
		found := 0
		for seed := range uint64(50) {
			h := newHome(t, seed, c.planted)
			h.splits = c.splits
			if h.play() != "" {
				found++
			}
		}
		if found < 10 {
			t.Errorf("%s, and only %d of 50 plays saw it", c.what, found)
		}
	}
}

// commit is a store of one machine that is never killed.
func commit(m *Machine, now causal.Instant, seq uint64, c Change) (size int) {
	for i, e := range c.Entries {
		m.Heed(e.Database, e.Key, e.Value, causal.EntryID{Dot: causal.Dot{Seq: seq}, Offset: uint32(i)})
		size += len(e.Database) + len(e.Key) + len(e.Value)
	}
	return size
}

func TestWaitsGrowAndAreBounded(t *testing.T) {
	m := New(Config{Steps: func(string) (int, bool) { return 1, true }, Limits: Limits{TriesMax: 6, RetryAfter: 10, RetryMax: 50}})
	_, c := m.Begin(0, Name{"b", "k"}, Start{})
	commit(m, 0, 1, c)
	var waits []causal.Instant
	now := causal.Instant(0)
	for seq := uint64(2); ; seq++ {
		task, isDue := m.Next(now)
		if !isDue {
			at, ok := m.Deadline()
			if !ok {
				break
			}
			waits, now = append(waits, at-now), at
			continue
		}
		commit(m, now, seq, m.Failed(now, task, "away"))
	}
	if want := []causal.Instant{10, 20, 40, 50, 50}; !slices.Equal(waits, want) {
		t.Errorf("a step that fails waits %v, want %v", waits, want)
	}
	if o, ok := m.Outcome(Name{"b", "k"}); !ok || o.Abort != AbortImport {
		t.Errorf("it ends with %+v, %v", o, ok)
	}
}

// TestClockSetBack: a saga that waits for a time far ahead, as the clock went
// back, waits no longer than it ever would.
func TestClockSetBack(t *testing.T) {
	m := New(Config{Steps: func(string) (int, bool) { return 1, true }})
	name := Name{"b", "k"}.encode()
	m.Heed(Begun, name, Start{}.encode(), causal.EntryID{Dot: causal.Dot{Seq: 1}})
	m.Heed(Progress, name, progress{At: 1 << 60}.encode(), causal.EntryID{Dot: causal.Dot{Seq: 2}})
	m.Resume(5)
	if at, ok := m.Deadline(); !ok || at != 5+600*causal.Second {
		t.Errorf("it goes on at %d, %v", at, ok)
	}
}

func TestBounds(t *testing.T) {
	knows := true
	m := New(Config{Steps: func(b string) (int, bool) { return 2, knows && b == "b" }, Limits: Limits{UnderWayMax: 3}})
	for i := range 3 {
		_, c := m.Begin(1, Name{"b", fmt.Sprint(i)}, Start{})
		commit(m, 1, uint64(i+1), c)
	}
	for _, c := range []struct {
		name  Name
		start Start
		want  Verdict
	}{
		{Name{"b", "3"}, Start{}, Busy},
		{Name{"b", "1"}, Start{}, Joined},
		{Name{"other", "1"}, Start{}, Unknown},
		{Name{strings.Repeat("b", BlockMax+1), ""}, Start{}, TooLong},
		{Name{"b", strings.Repeat("k", KeyMax+1)}, Start{}, TooLong},
		{Name{"b", "4"}, Start{User: strings.Repeat("u", UserMax+1)}, TooLong},
		{Name{"b", "4"}, Start{Slots: strings.Repeat("s", SlotsMax+1)}, TooLong},
	} {
		if got, change := m.Begin(1, c.name, c.start); got != c.want || len(change.Entries) > 0 {
			t.Errorf("%.10v: verdict %d, want %d", c.name, got, c.want)
		}
	}
	if s := m.Status(); s.UnderWay != 3 || len(s.List) != 3 || s.Resting != 0 {
		t.Errorf("status %+v", s)
	}
}

// TestUnknownBlocksRest: a saga whose block the program has no more waits for a
// program that has it.
func TestUnknownBlocksRest(t *testing.T) {
	name := Name{"old", "k"}
	m := New(Config{Steps: func(string) (int, bool) { return 0, false }})
	m.Heed(Progress, name.encode(), progress{Step: 1}.encode(), causal.EntryID{Dot: causal.Dot{Seq: 2}})
	m.Heed(Begun, name.encode(), Start{}.encode(), causal.EntryID{Dot: causal.Dot{Seq: 1}})
	if _, ok := m.Next(100); ok {
		t.Error("a step of a block is due that the program lacks")
	}
	if _, ok := m.Deadline(); ok || m.Status().Resting != 1 {
		t.Errorf("it does not rest: %+v", m.Status())
	}
	if v, _ := m.Begin(1, name, Start{}); v != Joined {
		t.Errorf("begun again: verdict %d", v)
	}
}

// TestManySteps: what is kept of a saga under way is as much after a hundred
// thousand steps as after the first, and going on after a restart reads two records.
func TestManySteps(t *testing.T) {
	const steps = 100_000
	cfg := Config{Steps: func(string) (int, bool) { return steps, true }}
	m := New(cfg)
	name := Name{"b", "k"}
	_, c := m.Begin(0, name, Start{Slots: "slots"})
	commit(m, 0, 1, c)
	size := 0
	for i := range uint64(steps) {
		task, _ := m.Next(0)
		if i%1000 == 999 { // a restart
			started, went := m.sagas[name], New(cfg)
			went.Heed(Begun, name.encode(), started.start.encode(), started.startID)
			went.Heed(Progress, name.encode(), started.progress.encode(), started.progressID)
			m = went
			if again, ok := m.Next(0); !ok || again != task {
				t.Fatalf("after a restart it goes on with %+v, want %+v", again, task)
			}
		}
		c := m.Done(0, task)
		if n := commit(m, 0, i+2, c); i == 0 {
			size = n
		} else if n > size {
			t.Fatalf("step %d writes %d bytes, and the first one %d", i, n, size)
		}
	}
	if o, ok := m.Outcome(name); !ok || o.Abort != "" {
		t.Errorf("it ended with %+v, %v", o, ok)
	}
	if n := testing.AllocsPerRun(100, func() { m.Next(0) }); n > 0 {
		t.Errorf("to see that nothing is due allocates %v times", n)
	}
}
