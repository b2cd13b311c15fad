package sim

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/sim/audit/causality"
)

// holders is some replicas that each keep some of the spaces only, without
// nodes around them: parts go between them in any order.
type holders struct {
	die      *rand.Rand
	checker  *causality.Checker
	spaces   []causal.SpaceID
	keeps    [][]bool // by site and space
	sites    []*replica.Replica
	sessions []session
	voucher  replicatest.Voucher
	parts    []*causal.Part
	commits  int
}

// session is a token and what its bearer has truly seen.
type session struct {
	token replica.Session
	seen  causality.Context
}

func newHolders(seed uint64, covers func(h *holders) func(written, seen causal.SpaceID) bool) *holders {
	h := &holders{die: die(seed, "holders"), sessions: make([]session, 4)}
	for i := range 2 + h.die.IntN(4) {
		h.spaces = append(h.spaces, causal.SpaceOf("holders", strconv.Itoa(i)))
	}
	var sites []causality.Site
	for i := range 3 + h.die.IntN(3) {
		keeps := make([]bool, len(h.spaces))
		for space := range keeps {
			keeps[space] = h.die.IntN(2) == 0
		}
		keeps[i%len(keeps)] = true
		h.keeps = append(h.keeps, keeps)
		sites = append(sites, causality.Site{Name: strconv.Itoa(i), Holds: func(space int) bool { return keeps[space] }})
		h.sites = append(h.sites, replica.New(replica.Config{
			Holds:  func(id causal.SpaceID) bool { return keeps[h.number(id)] },
			Covers: covers(h),
		}))
	}
	h.checker = causality.New(sites...)
	return h
}

func (h *holders) number(id causal.SpaceID) int { return slices.Index(h.spaces, id) }

// covers reports whether all who keep the space written keep the space seen.
func (h *holders) covers(written, seen causal.SpaceID) bool {
	for _, keeps := range h.keeps {
		if (written == causal.SpaceID{} || keeps[h.number(written)]) && !keeps[h.number(seen)] {
			return false
		}
	}
	return true
}

// some returns a few of the spaces that a site keeps, at least one.
func (h *holders) some(at int) (list []int) {
	for _, space := range h.die.Perm(len(h.spaces)) {
		if h.keeps[at][space] && (len(list) == 0 || h.die.IntN(3) == 0) {
			list = append(list, space)
		}
	}
	return list
}

func (h *holders) ids(spaces ...int) (ids []causal.SpaceID) {
	for _, space := range spaces {
		ids = append(ids, h.spaces[space])
	}
	return ids
}

// run lets a session read at a site, and mostly write, if the site covers it.
func (h *holders) run(at int) {
	s, r := &h.sessions[h.die.IntN(len(h.sessions))], h.sites[at]
	if h.die.IntN(4) == 0 {
		*s = session{}
	}
	if !r.Covers(s.token) {
		return
	}
	reads := h.some(at)
	if h.die.IntN(3) == 0 {
		s.seen = h.checker.Read(at, s.seen, reads...)
		s.token = r.Advance(s.token, h.ids(reads...)...)
		return
	}
	writes := h.some(at)
	d := replica.Draft{Author: replicatest.Author(at), Stamp: causal.Stamp(h.commits), Seen: s.token, Reads: h.ids(reads...)}
	for _, space := range writes {
		e := causal.Entry{Database: "marks", Value: strconv.Itoa(h.commits)}
		d.Writes = append(d.Writes, replica.Write{Space: h.spaces[space], Entries: []causal.Entry{e}})
	}
	g := r.Commit(d)
	h.voucher.Learn(g.Parts, g.Hashes)
	h.parts = append(h.parts, g.Parts...)
	s.seen = h.checker.Commit(causality.Run{Site: at, Commit: h.commits, Session: s.seen, Reads: reads, Writes: writes})
	s.token = r.Advance(s.token, h.ids(append(reads, writes...)...)...)
	h.commits++
}

// deliver gives a site some parts, in any order.
func (h *holders) deliver(at int, share int) {
	for _, i := range h.die.Perm(len(h.parts)) {
		p := h.parts[i]
		if !h.keeps[at][h.number(p.Space)] || p.Replica == replicatest.Author(at) || h.die.IntN(share) > 0 {
			continue
		}
		h.sites[at].Receive(0, h.voucher.Vouch(p))
		for _, g := range h.sites[at].Drain().Groups {
			var pieces []causality.Piece
			for _, c := range g.Changes {
				n, _ := strconv.Atoi(c.Item.Value)
				pieces = append(pieces, causality.Piece{Commit: n, Space: h.number(c.Space)})
			}
			h.checker.Show(at, len(g.Missing) > 0, pieces...)
		}
	}
}

// play lets the sites work, brings everything everywhere and returns what the
// checker found.
func (h *holders) play() []causality.Finding {
	for range 60 {
		at := h.die.IntN(len(h.sites))
		if h.die.IntN(3) > 0 {
			h.run(at)
		} else {
			h.deliver(at, 3)
		}
	}
	for at := range h.sites {
		h.deliver(at, 1)
	}
	h.checker.Rest()
	return h.checker.Findings()
}

// TestCausalityAmongHolders: causal order and whole commits hold at replicas
// that keep some of the spaces only, though what is between cause and effect
// may lie in spaces they do not keep.
func TestCausalityAmongHolders(t *testing.T) {
	commits := 0
	for seed := range seeds(300) {
		h := newHolders(seed, func(h *holders) func(written, seen causal.SpaceID) bool { return h.covers })
		for _, f := range h.play() {
			t.Fatalf("seed %d: %s", seed, f)
		}
		commits += h.commits
	}
	t.Logf("%d commits", commits)
}

// TestWhatIsBetween: the checker finds it if replicas name only what they have
// seen themselves, and not what that had seen in spaces others lack.
func TestWhatIsBetween(t *testing.T) {
	for seed := range uint64(100) {
		h := newHolders(seed, func(*holders) func(written, seen causal.SpaceID) bool { return nil })
		if list := h.play(); len(list) > 0 {
			if rule := list[0].Rule; rule != causality.RuleCausal && rule != causality.RuleSession {
				t.Errorf("seed %d: found as %s", seed, list[0])
			}
			t.Logf("seed %d: %s", seed, list[0])
			return
		}
	}
	t.Error("not found")
}
