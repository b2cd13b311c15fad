package causality

import "fmt"

// Site is one replica that is watched.
type Site struct {
	Name  string
	Holds func(space int) bool // nil: every space
}

// Piece is a commit's share in one space.
type Piece struct{ Commit, Space int }

// Context is what a run or a session has seen with all that is before it: by
// chain, how many of its pieces. A chain is what one site wrote in one space.
// Nobody but a Checker makes or reads one; nil has seen nothing.
type Context []uint32

func (v Context) at(chain int) uint32 {
	if chain < len(v) {
		return v[chain]
	}
	return 0
}

func (v *Context) raise(chain int, n uint32) {
	for chain >= len(*v) {
		*v = append(*v, 0)
	}
	(*v)[chain] = max((*v)[chain], n)
}

func (v *Context) join(o Context) {
	if len(o) > len(*v) {
		*v = append(*v, make(Context, len(o)-len(*v))...)
	}
	for chain, n := range o {
		(*v)[chain] = max((*v)[chain], n)
	}
}

// The rules of a history.
const (
	RuleCausal  = "an effect is visible only with its causes"
	RuleWhole   = "a commit is visible whole or not at all"
	RuleSession = "a session sees all that it has seen"
	RuleRemoval = "a run removes only what it sees"
	RuleOnce    = "a commit becomes visible once"
	RuleKept    = "what others see is not lost at its author"
	RuleShown   = "a site shows what is visible there"
	RuleRest    = "at rest all is visible everywhere"
)

// Finding is one broken rule.
type Finding struct {
	Event int // the call of the Checker that broke it, from 1
	Site  string
	Rule  string
	Text  string
}

func (f Finding) String() string { return f.Site + ": " + f.Rule + ": " + f.Text }

// Checker takes a history event by event, in the order things happened, and
// judges each at once. Cost: a run or a piece shown takes the number of
// chains, a restart that times the pieces, and a commit keeps four bytes a chain.
type Checker struct {
	sites    []*site
	chainNo  map[chain]int
	chains   []history
	commits  map[int]*commit
	findings []Finding
	events   int
	late     int
}

// chain is what one site writes in one space.
type chain struct{ author, space int }

// history is a chain with its commits in order.
type history struct {
	chain
	commits []int
}

// commit is what is known of one.
type commit struct {
	number  int
	past    Context // all before it and itself
	places  []place
	removes []Piece
}

// place is where a piece stands: the n-th of a chain, from 1.
type place struct {
	chain int
	n     uint32
}

// site is a watched replica.
type site struct {
	Site
	no      int
	visible Context
	gone    map[Piece]bool  // removed by something visible
	closed  map[int]Context // by space: what is visible there with all that is before it
	excused Context         // what a piece marked late came without
}

// New returns a Checker of sites that show nothing yet. They are numbered as
// they are given.
func New(sites ...Site) *Checker {
	c := &Checker{chainNo: map[chain]int{}, commits: map[int]*commit{}}
	for no, s := range sites {
		if s.Holds == nil {
			s.Holds = func(int) bool { return true }
		}
		c.sites = append(c.sites, &site{Site: s, no: no, gone: map[Piece]bool{}, closed: map[int]Context{}})
	}
	return c
}

// Findings returns the broken rules, the first ones first. What follows the
// first is mostly its wake.
func (c *Checker) Findings() []Finding { return c.findings }

// Late returns how many pieces came marked late.
func (c *Checker) Late() int { return c.late }

// Commits returns how many commits there are.
func (c *Checker) Commits() int { return len(c.commits) }

// Visible reports whether a piece is visible at a site.
func (c *Checker) Visible(at int, p Piece) bool {
	k := c.commits[p.Commit]
	if k == nil {
		return false
	}
	pl, ok := c.placeOf(k, p.Space)
	return ok && c.sites[at].visible.at(pl.chain) >= pl.n
}

// findingsMax bounds what is kept.
const findingsMax = 64

func (c *Checker) report(s *site, rule, format string, args ...any) {
	if len(c.findings) < findingsMax {
		c.findings = append(c.findings, Finding{c.events, s.Name, rule, fmt.Sprintf(format, args...)})
	}
}

func (c *Checker) placeOf(k *commit, space int) (place, bool) {
	for _, pl := range k.places {
		if c.chains[pl.chain].space == space {
			return pl, true
		}
	}
	return place{}, false
}

// chain returns the number of a chain.
func (c *Checker) chain(id chain) int {
	no, ok := c.chainNo[id]
	if !ok {
		no = len(c.chains)
		c.chainNo[id] = no
		c.chains = append(c.chains, history{chain: id})
	}
	return no
}

// holds reports whether a site holds the space of a chain.
func (c *Checker) holds(s *site, chain int) bool { return s.Holds(c.chains[chain].space) }
