package causality

import "slices"

// Run is a handler's run at a site that wrote something.
type Run struct {
	Site    int
	Commit  int     // its number, given once
	Session Context // what its session had seen
	Reads   []int   // the spaces it read
	Writes  []int   // the spaces it wrote, none twice; it has seen these, too
	Removes []Piece // what it removed, in spaces it wrote
}

// Commit takes a run that wrote at the moment its pieces became visible at
// its own site. It returns what the session has seen from then on.
func (c *Checker) Commit(r Run) Context {
	c.events++
	s := c.sites[r.Site]
	if c.commits[r.Commit] != nil {
		c.report(s, RuleOnce, "commit %d ran again", r.Commit)
		return c.commits[r.Commit].past
	}
	c.checkSession(s, r.Session)
	for _, p := range r.Removes {
		if !c.Visible(r.Site, p) {
			c.report(s, RuleRemoval, "commit %d removes what commit %d put into space %d, which is not visible", r.Commit, p.Commit, p.Space)
		}
	}
	k := &commit{number: r.Commit, past: c.sees(s, r.Session, r.Reads, r.Writes), removes: r.Removes}
	for _, space := range r.Writes {
		no := c.chain(chain{r.Site, space})
		c.chains[no].commits = append(c.chains[no].commits, r.Commit)
		pl := place{no, uint32(len(c.chains[no].commits))}
		k.places = append(k.places, pl)
		k.past.raise(no, pl.n)
	}
	c.commits[r.Commit] = k
	for _, pl := range k.places {
		c.appear(s, k, pl)
	}
	return k.past
}

// Read takes a run that only read, and returns what its session has seen from
// then on.
func (c *Checker) Read(at int, session Context, spaces ...int) Context {
	c.events++
	s := c.sites[at]
	c.checkSession(s, session)
	return c.sees(s, session, spaces, nil)
}

// Saw takes what a read of one space returned: the commits whose values were
// in it. It returns what the session has seen from then on. What a later
// commit removed is not asked for, so the values are of a kind nobody removes.
func (c *Checker) Saw(at int, session Context, space int, commits ...int) Context {
	c.events++
	s := c.sites[at]
	after := slices.Clone(session)
	var there Context
	for _, number := range commits {
		k := c.commits[number]
		if k == nil {
			c.report(s, RuleKept, "a read of space %d shows commit %d, which is nowhere", space, number)
			continue
		}
		after.join(k.past)
		if pl, ok := c.placeOf(k, space); ok {
			there.raise(pl.chain, pl.n)
		}
	}
	for no, n := range session {
		if h := &c.chains[no]; h.space == space && there.at(no) < n && s.excused.at(no) < n {
			c.report(s, RuleSession, "a read of space %d does not show part %d of site %d, which the session has seen", space, n, h.author)
			break
		}
	}
	return after
}

// sees returns what a run has seen, with all that is before it.
func (c *Checker) sees(s *site, session Context, reads, writes []int) Context {
	past := slices.Grow(Context(nil), len(c.chains)+len(writes))
	past.join(session)
	for _, spaces := range [...][]int{reads, writes} {
		for _, space := range spaces {
			past.join(s.closed[space])
		}
	}
	return past
}

// checkSession asserts that a session finds what it has seen, and what is
// before that.
func (c *Checker) checkSession(s *site, session Context) {
	if no, ok := c.lacks(s, session, nil); ok {
		c.report(s, RuleSession, "a session has seen commit %d, which is not visible in space %d", c.next(s, no), c.chains[no].space)
	}
}

// lacks returns a chain of which the site, though it holds its space, does not
// show all that past says; that a commit itself stands in is left to others.
func (c *Checker) lacks(s *site, past Context, itself *commit) (chain int, ok bool) {
	for no, n := range past {
		if itself != nil && slices.Contains(itself.places, place{no, n}) {
			n--
		}
		if have := s.visible.at(no); have < n && s.excused.at(no) < n && c.holds(s, no) {
			return no, true
		}
	}
	return 0, false
}

// next returns the first commit of a chain that is not visible at a site; -1 if
// its author has lost it.
func (c *Checker) next(s *site, chain int) int {
	if n := int(s.visible.at(chain)); n < len(c.chains[chain].commits) {
		return c.chains[chain].commits[n]
	}
	return -1
}

// appear makes one piece visible.
func (c *Checker) appear(s *site, k *commit, pl place) {
	s.visible.raise(pl.chain, pl.n)
	space := c.chains[pl.chain].space
	closed := s.closed[space]
	closed.join(k.past)
	s.closed[space] = closed
	for _, p := range k.removes {
		if p.Space == space {
			s.gone[p] = true
		}
	}
}
