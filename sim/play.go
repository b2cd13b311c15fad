package sim

import (
	"fmt"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
)

// Result is what came of a history.
type Result struct {
	Hash     string         // of all that happened, in hexadecimal
	Span     causal.Instant // how long it was, in virtual time
	Events   uint64         // how many things happened
	Findings []audit.Finding
	Stats    Stats
}

// How long a world is given.
const (
	settleLimit = 10 * 60 * causal.Second
	quiet       = 4 * causal.Second // without news is rest: several rounds of repair
	setupLimit  = 60 * causal.Second
)

// Run plays one history: the machines start, the load is raised while faults
// happen, faults end, the world comes to rest and is judged. The error tells
// the first broken promise and how to see it again; the Result is whole even
// then. Cost: about 10 us a message, and memory for every part at every machine.
func Run(cfg Config) (Result, error) {
	w, err := NewWorld(cfg)
	if err != nil {
		return Result{}, err
	}
	err = w.run()
	return w.result(), err
}

// Play is Run of a world that was made: it plays the history, judges it and
// tells its end.
func (w *World) Play() error { return w.run() }

// run plays the history, judges it and tells its end.
func (w *World) run() error {
	if err := w.play(); err != nil {
		return err
	}
	w.judge()
	for _, m := range w.machines {
		w.tally(m)
	}
	w.story.ending()
	return w.verdict()
}

// play lives through the history, up to its rest.
func (w *World) play() error {
	w.story.opening()
	if err := w.StartAll(); err != nil {
		return err
	}
	if err := w.setUp(); err != nil {
		return err
	}
	if err := w.employ(); err != nil {
		return err
	}
	w.strain()
	if !w.Until(settleLimit, w.answered) {
		w.audit.Report(-1, ruleAnswered, "%s", w.unanswered())
	}
	w.story.say("world", "settles")
	if !w.Settle(quiet, settleLimit) {
		w.audit.Report(-1, audit.RuleConverge, "not at rest after %s without faults", span(settleLimit))
	}
	return nil
}

const ruleAnswered = "every event is answered once faults are over"

// StartAll starts every machine.
func (w *World) StartAll() error {
	for _, m := range w.machines {
		if err := m.Start(); err != nil {
			return err
		}
	}
	return nil
}

// setUp raises the setup at the first machine, and waits until all have it.
func (w *World) setUp() error {
	if len(w.cfg.Setup) == 0 {
		return nil
	}
	wr := &writer{world: w, machine: w.machines[0], stream: "setup", events: w.cfg.Setup}
	w.machines[0].writers = append(w.machines[0].writers, wr)
	wr.begin()
	if !w.Until(setupLimit, wr.done) || !w.Settle(causal.Second, setupLimit) {
		return fmt.Errorf("sim: the setup of %d events has not reached every machine after %s", len(w.cfg.Setup), span(setupLimit))
	}
	return nil
}

// writersEach is how many writers share a machine's load.
const writersEach = 2

// employ gives every machine its writers and their events.
func (w *World) employ() error {
	lists, err := w.deal()
	if err != nil {
		return err
	}
	for i, m := range w.machines {
		for k := range writersEach {
			wr := &writer{world: w, machine: m, stream: fmt.Sprintf("%s.%d", m.name, k+1)}
			for n := k; n < len(lists[i]); n += writersEach {
				wr.events = append(wr.events, lists[i][n])
			}
			if wr.done() {
				continue
			}
			wr.pause = w.cfg.Span / causal.Instant(len(wr.events)+1)
			m.writers = append(m.writers, wr)
			w.writers = append(w.writers, wr)
		}
	}
	for _, wr := range w.writers {
		wr.begin()
	}
	return nil
}

// deal returns the events of each machine: the given ones, each to a machine
// whose role has its handler, or generated ones.
func (w *World) deal() ([][]load.Event, error) {
	lists := make([][]load.Event, len(w.machines))
	if w.cfg.Load == nil {
		for i, m := range w.machines {
			lists[i] = w.generate(m)
		}
		return lists, nil
	}
	able := map[string][]int{}
	for i, m := range w.machines {
		for _, h := range load.Handlers(m.program, m.role.Name) {
			able[h.Event] = append(able[h.Event], i)
		}
	}
	for _, e := range w.cfg.Load {
		who := able[e.Name]
		if len(who) == 0 {
			return nil, fmt.Errorf("sim: no machine has a handler for the event %q", e.Name)
		}
		i := who[w.loadDie.IntN(len(who))]
		lists[i] = append(lists[i], e)
	}
	return lists, nil
}

func (w *World) generate(m *Machine) (events []load.Event) {
	g := load.Generator{Program: m.program, Role: m.role.Name, User: m.user(), Die: w.loadDie}
	for range w.cfg.Events {
		if e, ok := g.Next(); ok {
			events = append(events, e)
		}
	}
	return events
}

// strain lets the faults of the config happen over its span.
func (w *World) strain() {
	w.net.rates = w.cfg.Faults
	schedule := fault.Generate(w.cfg.Faults, die(w.cfg.Seed, "faults"), len(w.machines), w.cfg.Span)
	for i, a := range schedule {
		w.after(a.At, func() { w.befall(a, schedule[i:]) })
	}
	w.Advance(w.cfg.Span)
	w.net.rates = fault.Spec{}
}

// befall lets one fault happen; rest is the schedule from it on.
func (w *World) befall(a fault.Action, rest fault.Schedule) {
	switch a.Kind {
	case fault.Cut:
		w.story.cut(a, healing(rest)-a.At)
		w.Cut(a)
	case fault.Heal:
		w.story.heal(a)
		w.Heal(a.Cut)
	case fault.Crash:
		w.machines[a.Machine].Doom(a.Loss)
	case fault.Restart:
		m := w.machines[a.Machine]
		if m.Up() {
			m.Crash(a.Loss) // it had nothing to write: no moment was better than another
		}
		w.story.restart(m)
		if err := m.Start(); err != nil {
			w.audit.Report(a.Machine, ruleReopen, "%v", err)
		}
	}
}

const ruleReopen = "a crashed machine opens its store again"

// healing returns when the cut that a schedule begins with ends.
func healing(rest fault.Schedule) causal.Instant {
	for _, a := range rest[1:] {
		if a.Kind == fault.Heal && a.Cut == rest[0].Cut {
			return a.At
		}
	}
	return rest[0].At
}

// Cut begins a cut: messages between its sides stop, also those under way.
func (w *World) Cut(a fault.Action) {
	w.history.note(w.now, didCut, a.Cut)
	w.net.cuts[a.Cut] = a
}

// Heal ends the cut of that number.
func (w *World) Heal(cut int) {
	w.history.note(w.now, didCut, cut)
	delete(w.net.cuts, cut)
}

func (w *World) answered() bool {
	for _, wr := range w.writers {
		if !wr.done() {
			return false
		}
	}
	return true
}

func (w *World) unanswered() string {
	var list []string
	for _, wr := range w.writers {
		if !wr.done() {
			list = append(list, fmt.Sprintf("%s waits for event %d of %d, %s", wr.stream, wr.next+1, len(wr.events), wr.events[wr.next].Name))
		}
	}
	return strings.Join(list, "; ")
}

// Stats returns what has happened so far.
func (w *World) Stats() Stats { return w.stats }

func (w *World) result() Result {
	return Result{Hash: w.Hash(), Span: w.Now(), Events: w.history.events, Findings: w.Findings(), Stats: w.stats}
}

// verdict turns findings into an error.
func (w *World) verdict() error {
	list := w.Findings()
	if len(list) == 0 {
		return nil
	}
	return fmt.Errorf("sim: seed %d with faults %s broke a promise: %s", w.cfg.Seed, w.cfg.Faults, list[0])
}
