package causality_test

import (
	"slices"

	. "github.com/martinelli-lang/martinelli/sim/audit/causality"
)

// An event is one call of a Checker, as data.
type event struct {
	kind    kind
	at      int
	late    bool
	session int     // of a run: the event whose context its session bears; -1: none
	run     Run     // of a commit, without its Session
	reads   []int   // of a read
	pieces  []Piece // of a show or a restart
}

type kind uint8

const (
	didCommit kind = iota
	didRead
	didShow
	didRestart
	didRest
)

// play gives a history to a Checker.
func play(sites []Site, events []event) *Checker {
	c := New(sites...)
	contexts := make([]Context, len(events))
	for i, e := range events {
		var session Context
		if e.session >= 0 {
			session = contexts[e.session]
		}
		switch e.kind {
		case didCommit:
			run := e.run
			run.Session = session
			contexts[i] = c.Commit(run)
		case didRead:
			contexts[i] = c.Read(e.at, session, e.reads...)
		case didShow:
			c.Show(e.at, e.late, e.pieces...)
		case didRestart:
			c.Restarted(e.at, e.pieces...)
		case didRest:
			c.Rest()
		}
	}
	return c
}

// oracle judges a history by the definitions themselves, with sets of pieces
// and happened-before as a set of pairs. Cost: the cube of the history.
type oracle struct {
	sites   []Site
	events  []event
	before  []map[int]bool // by event: the events that happened before it
	commits map[int]int    // the event of each commit that still is
	visible []map[Piece]bool
	excused []map[Piece]bool
}

// judge returns the number of the first event that breaks a rule, from 1, and
// the rules it breaks, sorted; 0 if none does.
func judge(sites []Site, events []event) (int, []string) {
	o := &oracle{sites: sites, events: events, commits: map[int]int{}}
	for range sites {
		o.visible = append(o.visible, map[Piece]bool{})
		o.excused = append(o.excused, map[Piece]bool{})
	}
	for i := range events {
		o.before = append(o.before, map[int]bool{})
		if broken := o.step(i); len(broken) > 0 {
			slices.Sort(broken)
			return i + 1, slices.Compact(broken)
		}
	}
	return 0, nil
}

func (o *oracle) step(i int) []string {
	e := &o.events[i]
	switch e.kind {
	case didCommit:
		return o.commit(i, e)
	case didRead:
		broken := o.session(e)
		o.see(i, e.session, e.at, e.reads)
		return broken
	case didShow:
		return o.show(e)
	case didRestart:
		return o.restart(e)
	}
	return o.rest()
}

func (o *oracle) commit(i int, e *event) (broken []string) {
	broken = o.session(e)
	for _, p := range e.run.Removes {
		if !o.visible[e.at][p] {
			broken = append(broken, RuleRemoval)
		}
	}
	o.see(i, e.session, e.at, append(slices.Clone(e.run.Reads), e.run.Writes...))
	o.commits[e.run.Commit] = i
	for _, p := range o.piecesOf(i) {
		o.visible[e.at][p] = true
	}
	return broken
}

// see puts what a run has seen before it, transitively.
func (o *oracle) see(i, session, at int, spaces []int) {
	add := func(cause int) {
		o.before[i][cause] = true
		for b := range o.before[cause] {
			o.before[i][b] = true
		}
	}
	if session >= 0 {
		add(session)
	}
	for p := range o.visible[at] {
		if slices.Contains(spaces, p.Space) {
			add(o.commits[p.Commit])
		}
	}
}

func (o *oracle) piecesOf(i int) (list []Piece) {
	if o.events[i].kind != didCommit {
		return nil
	}
	for _, space := range o.events[i].run.Writes {
		list = append(list, Piece{o.events[i].run.Commit, space})
	}
	return list
}

// lacks reports whether a piece of event i should be visible at a site and is not.
func (o *oracle) lacks(at, i int) bool {
	return slices.ContainsFunc(o.piecesOf(i), func(p Piece) bool {
		return o.sites[at].Holds(p.Space) && !o.visible[at][p] && !o.excused[at][p]
	})
}

func (o *oracle) session(e *event) []string {
	if e.session < 0 {
		return nil
	}
	isBroken := o.lacks(e.at, e.session)
	for b := range o.before[e.session] {
		isBroken = isBroken || o.lacks(e.at, b)
	}
	if isBroken {
		return []string{RuleSession}
	}
	return nil
}

func (o *oracle) show(e *event) (broken []string) {
	for _, p := range e.pieces {
		if o.visible[e.at][p] {
			broken = append(broken, RuleOnce)
		}
		o.visible[e.at][p] = true
	}
	for _, p := range e.pieces {
		i := o.commits[p.Commit]
		if e.late {
			for b := range o.before[i] {
				o.excuse(e.at, b)
			}
			o.excuse(e.at, i)
		}
	}
	for _, p := range e.pieces {
		broken = append(broken, o.whole(e.at, o.commits[p.Commit])...)
	}
	return broken
}

func (o *oracle) excuse(at, i int) {
	for _, p := range o.piecesOf(i) {
		o.excused[at][p] = true
	}
}

// whole judges a commit that is visible at a site.
func (o *oracle) whole(at, i int) (broken []string) {
	if o.lacks(at, i) {
		broken = append(broken, RuleWhole)
	}
	for b := range o.before[i] {
		if o.lacks(at, b) {
			return append(broken, RuleCausal)
		}
	}
	return broken
}

func (o *oracle) restart(e *event) (broken []string) {
	lost := o.visible[e.at]
	o.visible[e.at] = map[Piece]bool{}
	for _, p := range e.pieces {
		o.visible[e.at][p] = true
		delete(lost, p)
	}
	for _, p := range e.pieces {
		broken = append(broken, o.whole(e.at, o.commits[p.Commit])...)
	}
	for p := range lost {
		if i := o.commits[p.Commit]; o.events[i].at != e.at {
			continue
		}
		for _, visible := range o.visible {
			if visible[p] {
				broken = append(broken, RuleKept)
			}
		}
		defer delete(o.commits, p.Commit)
	}
	return broken
}

func (o *oracle) rest() []string {
	for at := range o.sites {
		for _, i := range o.commits {
			for _, p := range o.piecesOf(i) {
				if o.sites[at].Holds(p.Space) && !o.visible[at][p] {
					return []string{RuleRest}
				}
			}
		}
	}
	return nil
}
