package causality_test

import (
	"maps"
	"math/rand/v2"
	"slices"

	. "github.com/martinelli-lang/martinelli/sim/audit/causality"
)

// A maker makes up a history step by step. It asks the oracle what is before
// what, and keeps every rule, until it is told to sin.
type maker struct {
	die      *rand.Rand
	spaces   int
	o        *oracle
	sessions []int     // by session: the event of its last answer; -1: none
	logs     [][]Piece // by site: what became visible, in order
	synced   []int     // by site: how much of its log a crash leaves
	sin      string    // the rule to break, once there is an occasion; "" for none
	broke    bool
	isWild   bool // it keeps no rule at all
}

func newMaker(die *rand.Rand, sin string) *maker {
	m := &maker{die: die, spaces: 1 + die.IntN(4), sin: sin, o: &oracle{commits: map[int]int{}}}
	for range 2 + die.IntN(3) {
		held := map[int]bool{die.IntN(m.spaces): true}
		for space := range m.spaces {
			held[space] = held[space] || die.IntN(4) > 0
		}
		m.o.sites = append(m.o.sites, Site{Name: "s", Holds: func(space int) bool { return held[space] }})
		m.o.visible = append(m.o.visible, map[Piece]bool{})
		m.o.excused = append(m.o.excused, map[Piece]bool{})
		m.logs, m.synced = append(m.logs, nil), append(m.synced, 0)
	}
	m.sessions = slices.Repeat([]int{-1}, 1+die.IntN(4))
	return m
}

// history makes up a history of some steps, and says whether it has sinned in
// its last event.
func (m *maker) history(steps int) ([]event, bool) {
	for range steps {
		m.step(m.die.IntN(len(m.o.sites)))
		if m.broke {
			return m.o.events, true
		}
	}
	if m.sin == RuleRest && len(m.missing()) > 0 {
		m.add(event{kind: didRest})
		return m.o.events, true
	}
	for at := range m.o.sites {
		m.synced[at] = len(m.logs[at])
	}
	for at := range m.o.sites {
		for !m.isWild && m.deliver(at) {
		}
	}
	m.add(event{kind: didRest})
	return m.o.events, false
}

// add adds an event and returns its number.
func (m *maker) add(e event) int {
	m.o.events = append(m.o.events, e)
	m.o.before = append(m.o.before, map[int]bool{})
	i := len(m.o.events) - 1
	before := maps.Clone(m.o.visible[e.at])
	m.o.step(i)
	for _, p := range append(m.o.piecesOf(i), e.pieces...) {
		if e.kind != didRestart && !before[p] {
			m.logs[e.at] = append(m.logs[e.at], p)
		}
	}
	return i
}

func (m *maker) step(at int) {
	switch n := m.die.IntN(20); {
	case n < 7:
		m.run(at)
	case n < 9:
		m.synced[at] = len(m.logs[at])
	case n < 10:
		m.crash(at)
	case n < 12 && m.sin != "":
		m.commitSin(at)
	case n < 13 && m.die.IntN(4) == 0:
		m.showLate(at)
	case m.isWild:
		m.showAny(at)
	default:
		m.deliver(at)
	}
}

// some returns a random few of the spaces that a site holds, at least min.
func (m *maker) some(at, least int) (list []int) {
	for _, space := range m.die.Perm(m.spaces) {
		if m.o.sites[at].Holds(space) && (len(list) < least || m.die.IntN(3) == 0) {
			list = append(list, space)
		}
	}
	return list
}

// run lets a session run something at a site that covers it. Its answer comes
// when all before it is durable, which is at once or never.
func (m *maker) run(at int) {
	session := m.die.IntN(len(m.sessions))
	e := event{kind: didRead, at: at, session: m.sessions[session], reads: m.some(at, 1)}
	if m.die.IntN(4) > 0 {
		e.kind = didCommit
		e.run = Run{Site: at, Commit: len(m.o.events), Reads: e.reads, Writes: m.some(at, 1)}
		if seen := m.shownIn(at, e.run.Writes); len(seen) > 0 && m.die.IntN(3) == 0 {
			e.run.Removes = []Piece{seen[m.die.IntN(len(seen))]}
		}
	}
	if len(m.o.session(&e)) > 0 && !m.isWild {
		return
	}
	i := m.add(e)
	if m.die.IntN(3) > 0 {
		m.synced[at] = len(m.logs[at])
		m.sessions[session] = i
	}
}

// shownIn lists what is visible at a site in some spaces, in order.
func (m *maker) shownIn(at int, spaces []int) (list []Piece) {
	for _, p := range m.logs[at] {
		if slices.Contains(spaces, p.Space) && m.o.visible[at][p] {
			list = append(list, p)
		}
	}
	return list
}

// missing lists commits, durable at their authors, of which a site lacks pieces.
func (m *maker) missing(at ...int) (list []int) {
	for _, i := range slices.Sorted(maps.Values(m.o.commits)) {
		author := m.o.events[i].at
		isDurable := !slices.ContainsFunc(m.logs[author][m.synced[author]:], func(p Piece) bool { return p.Commit == m.o.events[i].run.Commit })
		for site := range m.o.sites {
			if isDurable && (len(at) == 0 || slices.Contains(at, site)) && len(m.lacked(site, i)) > 0 {
				list = append(list, i)
				break
			}
		}
	}
	return list
}

// lacked lists the pieces of a commit that a site holds and does not show.
func (m *maker) lacked(at, i int) []Piece {
	return slices.DeleteFunc(m.o.piecesOf(i), func(p Piece) bool {
		return !m.o.sites[at].Holds(p.Space) || m.o.visible[at][p]
	})
}

// isReady reports whether all before a commit is visible at a site.
func (m *maker) isReady(at, i int) bool {
	for b := range m.o.before[i] {
		if len(m.lacked(at, b)) > 0 {
			return false
		}
	}
	return true
}

// deliver shows a site a commit it lacks and is ready for; false if there is none.
func (m *maker) deliver(at int) bool {
	list := slices.DeleteFunc(m.missing(at), func(i int) bool { return !m.isReady(at, i) })
	if len(list) == 0 {
		return false
	}
	m.add(event{kind: didShow, at: at, pieces: m.lacked(at, list[m.die.IntN(len(list))])})
	return true
}

// showLate shows a site, marked late, a commit before what it follows.
func (m *maker) showLate(at int) {
	list := slices.DeleteFunc(m.missing(at), func(i int) bool { return !m.isInOrder(at, i) })
	if len(list) == 0 {
		return
	}
	pieces := m.lacked(at, list[m.die.IntN(len(list))])
	m.add(event{kind: didShow, at: at, late: true, pieces: pieces[:1+m.die.IntN(len(pieces))]})
}

// isInOrder reports whether a site shows what a commit's author wrote before it
// into the same spaces: what is late waits for these, too.
func (m *maker) isInOrder(at, i int) bool {
	for b := range m.o.before[i] {
		if m.o.events[b].at != m.o.events[i].at {
			continue
		}
		for _, p := range m.lacked(at, b) {
			if slices.Contains(m.o.events[i].run.Writes, p.Space) {
				return false
			}
		}
	}
	return true
}

// showAny shows a site pieces in no order.
func (m *maker) showAny(at int) {
	if list := slices.DeleteFunc(m.missing(at), func(i int) bool { return !m.isInOrder(at, i) }); len(list) > 0 {
		pieces := m.lacked(at, list[m.die.IntN(len(list))])
		m.add(event{kind: didShow, at: at, late: m.die.IntN(4) == 0, pieces: pieces[:1+m.die.IntN(len(pieces))]})
	}
}

// crash takes from a site what it has not synced.
func (m *maker) crash(at int) {
	m.logs[at] = slices.Clone(m.logs[at][:m.synced[at]])
	m.add(event{kind: didRestart, at: at, pieces: m.logs[at]})
}

// commitSin breaks the rule that the maker is to break, if there is an occasion.
func (m *maker) commitSin(at int) {
	var e event
	switch missing := m.missing(at); m.sin {
	case RuleCausal:
		list := slices.DeleteFunc(missing, func(i int) bool { return m.isReady(at, i) || !m.isInOrder(at, i) || m.isExcused(at, i) })
		if len(list) == 0 {
			return
		}
		e = event{kind: didShow, pieces: m.lacked(at, list[m.die.IntN(len(list))])}
	case RuleWhole:
		list := slices.DeleteFunc(missing, func(i int) bool {
			return len(m.lacked(at, i)) < 2 || !m.isInOrder(at, i) || m.o.excused[at][m.lacked(at, i)[0]]
		})
		if len(list) == 0 {
			return
		}
		pieces := m.lacked(at, list[m.die.IntN(len(list))])
		e = event{kind: didShow, pieces: pieces[1:]}
	case RuleSession:
		e = event{kind: didRead, session: m.sessions[0], reads: m.some(at, 1)}
		e.at = at
		if len(m.o.session(&e)) == 0 {
			return
		}
	case RuleRemoval:
		if len(missing) == 0 {
			return
		}
		p := m.lacked(at, missing[0])[0]
		e = event{kind: didCommit, session: -1, run: Run{Site: at, Commit: len(m.o.events), Writes: []int{p.Space}, Removes: []Piece{p}}}
	case RuleOnce:
		list := slices.DeleteFunc(slices.Clone(m.logs[at]), func(p Piece) bool { return !m.o.visible[at][p] })
		if len(list) == 0 {
			return
		}
		e = event{kind: didShow, pieces: []Piece{list[m.die.IntN(len(list))]}}
	case RuleKept:
		if !m.isSeenElsewhere(at) {
			return
		}
		e = event{kind: didRestart}
	default:
		return
	}
	e.at = at
	m.add(e)
	m.broke = true
}

// isExcused reports whether all that a site lacks before a commit may be lacked.
func (m *maker) isExcused(at, i int) bool {
	for b := range m.o.before[i] {
		if m.o.lacks(at, b) {
			return false
		}
	}
	return true
}

// isSeenElsewhere reports whether another site shows something that at wrote.
func (m *maker) isSeenElsewhere(at int) bool {
	for site, visible := range m.o.visible {
		for p := range visible {
			if i := m.o.commits[p.Commit]; site != at && m.o.events[i].at == at {
				return true
			}
		}
	}
	return false
}
