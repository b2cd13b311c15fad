package sim

import (
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/sim/audit"
)

// A witness sees a history besides the auditor, and judges it in its own way.
type witness interface {
	started(m *Machine)          // it shows what its disk held
	crashed(m *Machine)          // what it had not answered it never will
	visible(m *Machine, s sight) // in the order in which groups became visible
	settled(m *Machine)          // it shows all that it was said to
}

// nobody is the witness of most histories.
type nobody struct{}

func (nobody) started(*Machine)        {}
func (nobody) crashed(*Machine)        {}
func (nobody) visible(*Machine, sight) {}
func (nobody) settled(*Machine)        {}

// visible tells the auditor that a group of parts has become visible at m.
func (w *World) visible(m *Machine, s sight) {
	if w.isCloned {
		return
	}
	w.audit.Applied(m.index, m.written, s.group, s.missing...)
	w.witness.visible(m, s)
	own := 0
	for _, p := range s.group {
		if p.Replica == m.id || m.index == 0 && p.Replica == homeID {
			own++
		}
	}
	w.stats.Parts += uint64(own)
	if len(s.missing) > 0 {
		w.stats.Late++
	}
	w.stats.PartsReceived += uint64(len(s.group) - own)
	if own > 0 && w.attempt.Stream != "" && !isPosted(s) {
		w.audit.Ran(m.index, m.written, w.attempt)
		w.attempt = audit.Attempt{} // a raise mints one commit; another in its wake is a repair's
	}
}

// isPosted reports whether a group only puts an event into the outbox: that is
// not its effect.
func isPosted(s sight) bool {
	return len(s.group) == 1 && len(s.group[0].Entries) == 1 && s.group[0].Entries[0].Database == "@outbox"
}

// acknowledged tells the auditor what an answer promises.
func (w *World) acknowledged(m *Machine, a node.Answer) {
	if !a.Committed || len(a.Token) == 0 || w.isCloned {
		return
	}
	seen, err := replica.DecodeSession(a.Token)
	if err != nil {
		w.audit.Report(m.index, ruleHonest, "the token of an answer: %v", err)
		return
	}
	w.audit.Answered(m.index, seen)
}

// tally adds up what a node counted in the life that ends.
func (w *World) tally(m *Machine) {
	if m.node == nil {
		return
	}
	status := m.node.Status()
	w.stats.PartsArrived += status.Counts.Received
	w.stats.Checkpoints += status.Counts.Checkpoints
	w.stats.Installs += status.Counts.Installs
	w.stats.Repairs += status.Repair.Exchanges
	w.stats.PartsRepaired += status.Repair.PartsReceived
}

// heed judges what a node tells its operator. All are honest here, so nobody
// may be refused or taken for a forker.
func (w *World) heed(m *Machine, e node.Event) {
	switch e.Kind {
	case node.EventFork, node.EventRefused:
		if w.isCloned {
			w.story.say(m.name, "%s", e.Text)
			return
		}
		w.audit.Report(m.index, ruleHonest, "%s", e.Text)
	case node.EventInvariant:
		w.story.say(m.name, "%s", e.Text)
	}
}

// sampleEvery is how seldom, on average, a step is followed by comparing all
// a machine shows with its shadow: that costs as much as the machine holds.
const sampleEvery = 100

// check asks the program's own rules at a machine after a step, and now and
// then whether it shows what it has applied.
func (w *World) check(m *Machine) {
	w.witness.settled(m)
	for _, r := range w.cfg.Rules {
		if broken := r.Check(m); broken != "" {
			w.audit.Report(m.index, r.Name, "%s at %s", broken, span(w.Now()))
		}
	}
	if !w.isCloned && !w.cfg.IsTrial && w.auditDie.IntN(sampleEvery) == 0 {
		w.judgeDatabases(m)
	}
}
