// Package repl is a conversation with an imagined cluster: one line raises an
// event at a replica, reads what each of them shows, cuts a link, lets time
// pass. The replicas run the nodes of production in package sim, in virtual
// time, so a seed and the lines said are all that decides what is answered.
package repl

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// Config is what a session depends on.
type Config struct {
	Path     string // of the program
	Replicas string // ROLE=N,ROLE=N; "": one of each trusted role, two of each role of users
	Seed     uint64
	Color    bool // letters are in colours
}

// Session is a conversation. New is its only door.
type Session struct {
	cfg      Config
	out      io.Writer
	program  *martinelli.Program
	roles    []sim.Role
	world    *sim.World
	tokens   map[*sim.Machine][]byte // what was seen at each
	faults   fault.Spec
	said     []string // what was said and understood
	findings int      // told
	isOver   bool
}

// New compiles the program and starts its replicas, which have found each other when it returns.
// A program that is wrong is a *martinelli.SourceError.
func New(cfg Config, out io.Writer) (*Session, error) {
	s := &Session{cfg: cfg, out: out, tokens: map[*sim.Machine][]byte{}}
	var err error
	if s.program, err = martinelli.Load(cfg.Path); err != nil {
		return nil, err
	}
	if s.roles, err = s.cast(); err != nil {
		return nil, err
	}
	s.world, err = sim.NewWorld(sim.Config{
		Name: cfg.Path, Program: s.program.Plan, Roles: s.roles, Users: users(s.program.Plan, s.roles),
		Seed: cfg.Seed, IsTrial: true, Heard: s.heard,
	})
	if err != nil {
		return nil, err
	}
	if err := s.world.StartAll(); err != nil {
		return nil, err
	}
	s.world.Settle(causal.Second, settleMax)
	return s, nil
}

// Greet says who is there.
func (s *Session) Greet() {
	s.say("%s: %s. `help` says what can be said here.", s.cfg.Path, strings.Join(names(s.world.Machines()), ", "))
}

// Over reports whether the session was ended.
func (s *Session) Over() bool { return s.isOver }

// Do does what a line says, and answers it. An empty line and a comment do nothing.
func (s *Session) Do(line string) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return
	}
	if err := s.do(line); err != nil {
		s.tell(err)
	} else if line != "history" {
		s.said = append(s.said, line)
	}
	s.broken()
}

// do finds the command that a line begins with; what is none is read as an
// event to raise, or as something to show.
func (s *Session) do(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	i := slices.IndexFunc(commands, func(c command) bool { return c.word == word })
	if i >= 0 && !s.isNamed(word, rest) {
		return commands[i].do(s, strings.Fields(rest))
	}
	r, isRaise, err := s.raising(line)
	switch {
	case err != nil:
		return err
	case isRaise:
		return s.raise(r)
	}
	return s.read(line)
}

// isNamed reports whether a word that is a command is meant as a name of the
// program: what follows is no word.
func (s *Session) isNamed(word, rest string) bool {
	if rest != "" && !strings.ContainsRune(".+-*/<>=!", rune(rest[0])) {
		return false
	}
	_, isView := s.program.Plan.View(word)
	_, isDatabase := s.program.Plan.Database(word)
	return isView || isDatabase
}

func (s *Session) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// tell writes what was wrong with a line.
func (s *Session) tell(err error) {
	var wrong *martinelli.SourceError
	if !errors.As(err, &wrong) {
		s.say("%s", err)
		return
	}
	if err := (diag.Renderer{Color: s.cfg.Color}).Render(s.out, wrong.Diagnostics); err != nil {
		s.isOver = true
	}
}

// broken tells what was promised and is broken, which no program can do.
func (s *Session) broken() {
	for _, f := range s.world.Findings()[s.findings:] {
		s.say("BROKEN  %s", f)
		s.findings++
	}
}

// heard tells what the program tells with notify, and where.
func (s *Session) heard(m *sim.Machine, notices []flow.Notice) {
	for _, n := range notices {
		s.say("%s  notice: %s, %s", s.padded(m.Name()), jsonText(n.KeyType, n.Key), jsonText(n.ValueType, n.Value))
	}
}

// padded fills a name up to the width of the longest, so that columns are straight.
func (s *Session) padded(name string) string {
	width := len("all 10")
	for _, m := range s.world.Machines() {
		width = max(width, len(m.Name()))
	}
	return fmt.Sprintf("%-*s", width, name)
}

func names(machines []*sim.Machine) []string {
	list := make([]string, len(machines))
	for i, m := range machines {
		list[i] = m.Name()
	}
	return list
}

// at returns the machines that a word names: one by its name or by role and
// number, all of a role by the role's.
func (s *Session) at(word string) ([]*sim.Machine, bool) {
	var list []*sim.Machine
	number := map[string]int{}
	for _, m := range s.world.Machines() {
		number[m.Role()]++
		if m.Name() == word || fmt.Sprint(m.Role(), number[m.Role()]) == word {
			return []*sim.Machine{m}, true
		}
		if m.Role() == word {
			list = append(list, m)
		}
	}
	return list, len(list) > 0
}

// machines is at for a command, with the error for who is not there.
func (s *Session) machines(word string) ([]*sim.Machine, error) {
	if list, ok := s.at(word); ok {
		return list, nil
	}
	return nil, fmt.Errorf("nobody here is called %s: there are %s", word, strings.Join(names(s.world.Machines()), ", "))
}
