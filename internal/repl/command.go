package repl

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// command is a word that a line may begin with.
type command struct {
	word, usage, meaning string
	do                   func(s *Session, args []string) error
}

// commands are all of them, in the order in which `help` tells them.
var commands []command

func init() { // help tells the table that it stands in
	commands = []command{
		{"cut", "cut ann [ben]", "nothing passes between two, replicas or roles, or between one and all others", (*Session).cut},
		{"heal", "heal", "ends every cut", (*Session).heal},
		{"crash", "crash ann", "takes its power: what is not on its disk is gone", (*Session).crash},
		{"restart", "restart ann", "starts what is down, on its disk", (*Session).restart},
		{"step", "step [20|2s]", "lets the next thing happen, or so many, or all of a span of time", (*Session).pass},
		{"settle", "settle", "lets time pass until nothing moves any more", (*Session).settle},
		{"faults", "faults drop=0.2,cuts=2", "what goes wrong from now on: " + faultWords + "; none ends them", (*Session).strain},
		{"status", "status", "who is up, cut off, and what the time is", (*Session).status},
		{"history", "history", "what was said, as a script: martinelli repl PROGRAM < script", (*Session).history},
		{"reload", "reload", "takes the program again after an edit, and starts every replica anew on its disk", (*Session).reload},
		{"help", "help", "this", (*Session).help},
		{"quit", "quit", "ends; so does the end of the input", (*Session).quit},
	}
}

const faultWords = "drop, duplicate, reorder, corrupt (shares), cuts, crashes (over the next 20 s)"

// wants is the error of a command that was not said as it is used.
func wants(word string) error {
	for _, c := range commands {
		if c.word == word {
			return fmt.Errorf("`%s`: %s", c.usage, c.meaning)
		}
	}
	panic("repl: a command of this name does not exist: " + word)
}

func (s *Session) cut(args []string) error {
	if len(args) == 0 || len(args) > 2 {
		return wants("cut")
	}
	sides := make([][]*sim.Machine, len(args))
	for i, word := range args {
		var err error
		if sides[i], err = s.machines(word); err != nil {
			return err
		}
	}
	s.world.Apart(sides...)
	return nil
}

func (s *Session) heal(args []string) error {
	if len(args) > 0 {
		return wants("heal")
	}
	if s.world.HealAll() == 0 {
		s.say("nothing is cut")
	}
	return nil
}

func (s *Session) crash(args []string) error {
	if len(args) != 1 {
		return wants("crash")
	}
	list, err := s.machines(args[0])
	if err != nil {
		return err
	}
	for _, m := range list {
		if !m.Up() {
			s.say("%s  is down already", s.padded(m.Name()))
			continue
		}
		m.Crash(fault.KeepNone)
	}
	return nil
}

func (s *Session) restart(args []string) error {
	if len(args) != 1 {
		return wants("restart")
	}
	list, err := s.machines(args[0])
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Up() {
			s.say("%s  is up", s.padded(m.Name()))
			continue
		}
		if err := m.Start(); err != nil {
			return err
		}
	}
	return nil
}

// The most that one step may be.
const (
	stepsMax = 1_000_000
	spanMax  = 24 * time.Hour
)

func (s *Session) pass(args []string) error {
	word := strings.Join(args, " ")
	if word == "" {
		word = "1"
	}
	if n, err := strconv.ParseUint(word, 10, 32); err == nil && n > 0 && n <= stepsMax {
		for range n {
			s.world.Step()
		}
		s.time()
		return nil
	}
	if d, err := time.ParseDuration(strings.ReplaceAll(word, " ", "")); err == nil && d > 0 && d <= spanMax {
		s.world.Advance(causal.Instant(d))
		s.time()
		return nil
	}
	return wants("step")
}

func (s *Session) time() { s.say("it is %s", clock(s.world.Now())) }

func clock(t causal.Instant) string {
	return fmt.Sprintf("%d.%d s", t/causal.Second, t%causal.Second/(causal.Second/10))
}

// How long rest may take, and how long is waited where it can't be reached.
const (
	settleMax = 120 * causal.Second
	unrestMax = 10 * causal.Second
	quietMin  = 3 * causal.Second
)

func (s *Session) settle(args []string) error {
	if len(args) > 0 {
		return wants("settle")
	}
	switch {
	case s.isApart():
		s.world.Advance(unrestMax)
		s.say("some are down or cut off (status): what they lack comes with restart and heal")
	case !s.world.Settle(quietMin, settleMax):
		s.say("not at rest after %s: `faults none` ends what goes wrong", clock(settleMax))
	}
	s.time()
	return nil
}

// isApart reports whether somebody is down, or can't be reached by everybody.
func (s *Session) isApart() bool {
	return slices.ContainsFunc(s.world.Machines(), func(m *sim.Machine) bool { return !m.Up() || len(s.cutFrom(m)) > 0 })
}

func (s *Session) cutFrom(m *sim.Machine) (list []string) {
	for _, other := range s.world.Machines() {
		if !s.world.Reaches(m, other) || !s.world.Reaches(other, m) {
			list = append(list, other.Name())
		}
	}
	return list
}

func (s *Session) strain(args []string) error {
	spec, err := fault.Parse(strings.Join(args, ","))
	switch {
	case len(args) == 0:
		return wants("faults")
	case err != nil:
		return err
	case spec.Skew:
		return errors.New("skew: clocks are as they are in a session; `martinelli test` and `martinelli sim` have wrong ones")
	}
	s.faults = spec
	s.world.Strain(spec)
	return nil
}

func (s *Session) status(args []string) error {
	if len(args) > 0 {
		return wants("status")
	}
	s.time()
	for _, m := range s.world.Machines() {
		text := m.Role()
		if m.User() != "" {
			text += " of user " + m.User()
		}
		if m.IsHome() {
			text += ", home of what is not replicated"
		}
		if !m.Up() {
			text += ", down"
		}
		if cut := s.cutFrom(m); len(cut) > 0 {
			text += ", cut off from " + strings.Join(cut, ", ")
		}
		s.say("%s  %s", s.padded(m.Name()), text)
	}
	s.say("faults: %s; seed %d", s.faults, s.cfg.Seed)
	return nil
}

func (s *Session) history(args []string) error {
	if len(args) > 0 {
		return wants("history")
	}
	for _, line := range s.said {
		s.say("%s", line)
	}
	return nil
}

func (s *Session) reload(args []string) error {
	if len(args) > 0 {
		return wants("reload")
	}
	program, err := martinelli.Load(s.cfg.Path)
	if err != nil {
		return err
	}
	for _, r := range s.roles {
		if _, ok := program.Plan.Role(r.Name); !ok {
			return fmt.Errorf("the topology has no role %s any more: say quit, and start again", r.Name)
		}
	}
	s.program = program
	for _, m := range s.world.Machines() {
		if err := m.Replace(program.Plan); err != nil {
			return err
		}
	}
	s.say("%d replicas run it now", len(s.world.Machines()))
	return nil
}

func (s *Session) quit([]string) error {
	s.isOver = true
	return nil
}

func (s *Session) help([]string) error {
	one := s.world.Machines()[len(s.world.Machines())-1].Name()
	s.say("events: %s", orNone(handlers(s.program.Plan)))
	s.say("values: %s", orNone(valueNames(s.program.Plan)))
	s.say("")
	lines := [][2]string{
		{one + ".on_x(\"milk\", 2)", "raises event x at one replica, at all of a role as client.on_x(...); times: 5"},
		{"NAME, NAME[\"key\"]", "what each replica shows; so with any expression: NAME.count > 3"},
		{one + ".NAME", "what one shows"},
	}
	for _, c := range commands {
		lines = append(lines, [2]string{c.usage, c.meaning})
	}
	for _, l := range lines {
		s.say("  %-24s %s", l[0], l[1])
	}
	return nil
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, "  ")
}

// handlers lists the events of a program as they are raised, each once.
func handlers(p *plan.Program) (list []string) {
	known := map[string]bool{}
	for _, h := range p.Handlers {
		if known[h.Event] {
			continue
		}
		known[h.Event] = true
		var params []string
		for _, q := range h.Params {
			params = append(params, q.Name)
		}
		list = append(list, "on_"+h.Event+"("+strings.Join(params, ", ")+")")
	}
	return list
}

// valueNames lists the databases and views of a program, each once.
func valueNames(p *plan.Program) (list []string) {
	known := map[string]bool{}
	add := func(name string) {
		if name, _, _ = strings.Cut(name, "."); !known[name] {
			known[name] = true
			list = append(list, name)
		}
	}
	for _, d := range p.Databases {
		add(d.Name)
	}
	for _, v := range p.Views {
		add(v.Name)
	}
	return list
}
