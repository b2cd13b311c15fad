package repl

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/value"
)

// answerMax is how long an answer is awaited. What comes later is told nowhere.
const answerMax = 10 * causal.Second

// raising is a line that raises an event.
type raising struct {
	line   string
	at     []*sim.Machine
	column int // where the event's name begins, behind the dot
}

// Who raises is said by a name, by the role and a number, or as in a test.
var (
	raiseForm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_]*)(?:\("([^"]*)"\)|\((\d+)\))?\.(on_)`)
	readForm  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_]*)\.`)
)

// raising reads who raises the event of a line, if it raises one.
func (s *Session) raising(line string) (raising, bool, error) {
	found := raiseForm.FindStringSubmatchIndex(line)
	if found == nil {
		return raising{}, false, nil
	}
	group := func(i int) string {
		if found[2*i] < 0 {
			return ""
		}
		return line[found[2*i]:found[2*i+1]]
	}
	who := group(1) + group(3)
	if group(2) != "" {
		who = group(2)
	}
	at, err := s.machines(who)
	return raising{line: line, at: at, column: found[8]}, true, err
}

// timesMax bounds how often a line raises its event at each machine.
const timesMax = 10_000

// raise raises the event at each of the machines, and waits for the answers.
func (s *Session) raise(r raising) error {
	waits := 0
	var tell []func()
	for _, m := range r.at {
		args, err := s.argumentsAt(m, r)
		switch {
		case err != nil:
			return err
		case !m.Up():
			s.say("%s  is down: restart %s", s.padded(m.Name()), m.Name())
			continue
		}
		answers := make([]node.Answer, 0, len(args.each))
		waits += len(args.each)
		for _, q := range args.each {
			m.Raise(q, func(a node.Answer) {
				waits--
				if answers = append(answers, a); a.Committed {
					s.tokens[m] = a.Token
				}
			})
		}
		tell = append(tell, func() { s.answered(m, len(args.each), answers) })
	}
	s.world.Until(answerMax, func() bool { return waits == 0 })
	for _, f := range tell {
		f()
	}
	return nil
}

// events are what a line raises at one machine.
type events struct{ each []node.RaiseRequest }

func (s *Session) argumentsAt(m *sim.Machine, r raising) (events, error) {
	program, step, err := s.step(s.inTest(m), r.line, r.column)
	if err != nil {
		return events{}, err
	}
	if step.Times > timesMax {
		return events{}, fmt.Errorf("at most %d times in one line", timesMax)
	}
	var args []value.Value
	if args, err = sim.Arguments(program.Plan, step, m.User()); err != nil {
		return events{}, err
	}
	q := node.RaiseRequest{Event: step.Event, Args: args, User: m.User(), Session: s.tokens[m]}
	var out events
	for range step.Times {
		out.each = append(out.each, q)
	}
	return out, nil
}

// inTest names a machine as a test does, with the dot before the event.
func (s *Session) inTest(m *sim.Machine) string {
	number := 0
	for _, other := range s.world.Machines() {
		if other.Role() == m.Role() {
			number++
		}
		if other == m {
			break
		}
	}
	return m.Role() + "(" + strconv.Itoa(number) + ")."
}

// answered tells what came of the events of a line at one machine: equal
// answers once, with how often.
func (s *Session) answered(m *sim.Machine, raised int, answers []node.Answer) {
	var texts []string
	times := map[string]int{}
	for _, a := range answers {
		text := outcome(a)
		if times[text]++; times[text] == 1 {
			texts = append(texts, text)
		}
	}
	if open := raised - len(answers); open > 0 {
		texts = append(texts, noAnswer)
		times[texts[len(texts)-1]] = open
	}
	for _, text := range texts {
		if times[text] > 1 {
			text = fmt.Sprintf("%s, %d times", text, times[text])
		}
		s.say("%s  %s", s.padded(m.Name()), text)
	}
}

// noAnswer is said in place of an answer.
const noAnswer = "no answer yet, after 10 s: `status` shows who is cut off or down"

func outcome(a node.Answer) string {
	switch {
	case a.Pending:
		return "pending: in the outbox, until the home can be reached"
	case a.Committed:
		return "committed"
	case a.Detail != "":
		return "aborted :" + a.Abort + " (" + a.Detail + ")"
	}
	return "aborted :" + a.Abort
}
