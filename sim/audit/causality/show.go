package causality

import "slices"

// Show takes pieces of other sites' commits that became visible together at a
// site. late says that they are marked so: what they lack is counted, not a finding.
func (c *Checker) Show(at int, late bool, pieces ...Piece) {
	c.events++
	s := c.sites[at]
	var shown []*commit
	for _, p := range pieces {
		k := c.commits[p.Commit]
		var pl place
		ok := k != nil
		if ok {
			pl, ok = c.placeOf(k, p.Space)
		}
		switch {
		case !ok:
			c.report(s, RuleKept, "what commit %d put into space %d is visible, and its author has made no such thing", p.Commit, p.Space)
			continue
		case pl.n <= s.visible.at(pl.chain):
			c.report(s, RuleOnce, "commit %d becomes visible again in space %d", p.Commit, p.Space)
		}
		c.appear(s, k, pl)
		if !slices.Contains(shown, k) {
			shown = append(shown, k)
		}
	}
	if late {
		c.late += len(pieces)
		for _, k := range shown {
			s.excused.join(k.past)
		}
	}
	for _, k := range shown {
		c.checkCommit(s, k)
	}
}

// checkCommit asserts that a commit of which something is visible is visible
// whole, and with all that is before it.
func (c *Checker) checkCommit(s *site, k *commit) {
	for _, pl := range k.places {
		if pl.n > s.visible.at(pl.chain) && pl.n > s.excused.at(pl.chain) && c.holds(s, pl.chain) {
			c.report(s, RuleWhole, "commit %d is visible, but not in space %d", k.number, c.chains[pl.chain].space)
		}
	}
	if no, ok := c.lacks(s, k.past, k); ok {
		c.report(s, RuleCausal, "commit %d is visible without commit %d, which it follows, in space %d",
			k.number, c.next(s, no), c.chains[no].space)
	}
}

// Restarted takes a site that shows these pieces after a crash, and no others.
// Its own that nobody else shows are then as if they had never been.
func (c *Checker) Restarted(at int, pieces ...Piece) {
	c.events++
	s := c.sites[at]
	before := s.visible
	s.visible, s.gone, s.closed = nil, map[Piece]bool{}, map[int]Context{}
	count := map[int]uint32{}
	var shown []*commit
	for _, p := range pieces {
		k := c.commits[p.Commit]
		if k == nil {
			c.report(s, RuleKept, "commit %d is visible and was never made", p.Commit)
			continue
		}
		if pl, ok := c.placeOf(k, p.Space); ok {
			c.appear(s, k, pl)
			count[pl.chain]++
			shown = append(shown, k)
		}
	}
	for no, n := range s.visible {
		if count[no] != n {
			c.report(s, RuleCausal, "part %d of site %d is visible in space %d, and not all before it there", n, c.chains[no].author, c.chains[no].space)
		}
	}
	for _, k := range shown {
		c.checkCommit(s, k)
	}
	c.forget(s, before)
}

// forget lets go of what a site had made and lost.
func (c *Checker) forget(s *site, before Context) {
	for no, n := range before {
		h := &c.chains[no]
		if h.author != s.no || n <= s.visible.at(no) {
			continue
		}
		for _, o := range c.sites {
			if seen := o.visible.at(no); seen > s.visible.at(no) {
				c.report(s, RuleKept, "part %d in space %d is visible at %s and lost at its author", seen, h.space, o.Name)
			}
		}
		for _, number := range h.commits[s.visible.at(no):] {
			delete(c.commits, number)
		}
		h.commits = h.commits[:s.visible.at(no)]
	}
}

// Shows takes all that a site shows of a space: the commits that put something
// there that nobody has removed.
func (c *Checker) Shows(at, space int, commits ...int) {
	c.events++
	s := c.sites[at]
	shown := map[int]bool{}
	for _, number := range commits {
		shown[number] = true
		if !c.Visible(at, Piece{number, space}) || s.gone[Piece{number, space}] {
			c.report(s, RuleShown, "space %d shows commit %d, which is removed there or never came", space, number)
			return
		}
	}
	for no, n := range s.visible {
		if c.chains[no].space != space {
			continue
		}
		for _, number := range c.chains[no].commits[:min(int(n), len(c.chains[no].commits))] {
			if !shown[number] && !s.gone[Piece{number, space}] {
				c.report(s, RuleShown, "space %d does not show commit %d, which is visible", space, number)
				return
			}
		}
	}
}

// Rest takes the end of a history: everything must be visible wherever its
// space is held.
func (c *Checker) Rest() {
	c.events++
	for _, s := range c.sites {
		for no, h := range c.chains {
			if have := int(s.visible.at(no)); have < len(h.commits) && c.holds(s, no) {
				c.report(s, RuleRest, "commit %d is not visible in space %d", h.commits[have], h.space)
				break
			}
		}
	}
}
