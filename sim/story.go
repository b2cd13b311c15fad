package sim

import (
	"fmt"
	"io"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
)

// story tells a history to people: what a seed did to whom, and what came of it.
type story struct {
	world *World
	to    io.Writer

	quarters int               // of the load, that were told
	aborts   map[string]uint64 // told once each, then counted
}

// say tells one thing of one teller.
func (s *story) say(who, format string, args ...any) {
	fmt.Fprintf(s.to, "%s  %-9s %s\n", clockText(s.world.Now()), who, fmt.Sprintf(format, args...))
}

// clockText writes a virtual time in seconds.
func clockText(t causal.Instant) string {
	return fmt.Sprintf("%7d.%03ds", t/causal.Second, t%causal.Second/causal.Millisecond)
}

// span writes a length of time.
func span(t causal.Instant) string {
	return fmt.Sprintf("%d.%03d s", t/causal.Second, t%causal.Second/causal.Millisecond)
}

func (s *story) opening() {
	w := s.world
	roles := make([]string, len(w.cfg.Roles))
	for i, r := range w.cfg.Roles {
		roles[i] = fmt.Sprintf("%d %s", r.Nodes, r.Name)
	}
	s.say("world", "%s on %s, seed %d", or(w.cfg.Name, "a program"), strings.Join(roles, ", "), w.cfg.Seed)
	s.say("faults", "%s", w.cfg.Faults)
	for _, m := range w.machines {
		if m.ahead == fault.Century {
			s.say(m.name, "has a clock 100 years ahead")
		}
	}
}

func or(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

func (s *story) cut(a fault.Action, length causal.Instant) {
	sides := [2][]string{}
	for i, side := range a.Groups {
		sides[side] = append(sides[side], s.world.machines[i].name)
	}
	arrow := "|"
	if a.OneWay {
		arrow = "-x->"
	}
	s.say("cut "+fmt.Sprint(a.Cut+1), "{%s} %s {%s} for %s", brief(sides[0]), arrow, brief(sides[1]), span(length))
}

// briefMax is how many names of a side are told.
const briefMax = 5

func brief(names []string) string {
	if len(names) <= briefMax {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:briefMax-1], " "), len(names)-briefMax+1)
}

func (s *story) heal(a fault.Action) { s.say("cut "+fmt.Sprint(a.Cut+1), "heals") }

func (s *story) crash(m *Machine, loss fault.Loss, lost int) {
	s.say(m.name, "crashes: %s, %d of its writes are gone", loss, lost)
}

func (s *story) restart(m *Machine) {
	s.say(m.name, "restarts with %d parts", s.world.audit.Parts(m.index))
}

// join tells that a machine has found the others.
func (s *story) join(m, through *Machine) {
	if m.index > 0 {
		s.say(m.name, "joins through %s", through.name)
	}
}

// abort tells the first of each kind of refusal; the end counts them.
func (s *story) abort(m *Machine, e load.Event, a node.Answer) {
	if s.aborts == nil {
		s.aborts = map[string]uint64{}
	}
	word := e.Name + " aborts :" + a.Abort
	if s.aborts[word]++; s.aborts[word] == 1 {
		s.say(m.name, "%s: %s", word, or(a.Detail, "as the program says"))
	}
}

// progress tells each quarter of the load.
func (s *story) progress() {
	total, done := 0, 0
	for _, wr := range s.world.writers {
		total += len(wr.events)
		done += wr.next
	}
	if total == 0 || 4*done/total <= s.quarters {
		return
	}
	s.quarters = 4 * done / total
	s.say("load", "%d of %d events are answered", done, total)
}
