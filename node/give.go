package node

import (
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// The home gives what it holds as it is at one moment, to each asker what he
// may read. What fits into a page goes at once. Of more the home keeps the
// pages while they are fetched: so all are of that moment, though the home goes
// on. They are kept in memory alone: after a restart an asker begins again.

// given is what an asker is fetching page by page.
type given struct {
	id     uint64
	digest []byte
	pages  [][]flow.Change
	first  []refusal
	until  causal.Instant // forgotten then
}

// givenMax bounds the pages that the home keeps for all askers: of whom it has
// no room for asks again.
const givenMax = 4 * copyPagesMax

// servePull answers, at the home, a request for a page.
func (n *Node) servePull(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	q, err := decodePulling(body)
	if err != nil {
		return err
	}
	p := page{ID: q.ID}
	switch {
	case !n.isHome():
		p.Abort, p.Detail = AbortHomeAway, "node "+n.self.Short()+" is not the home"
	case q.Page > 0:
		n.giveFurther(now, peer, q, &p)
	default:
		n.giveFirst(now, peer, q, &p)
	}
	n.send(peer, wire.Bulk, KindPull, p.appendTo(nil))
	return nil
}

// giveFurther gives a further page.
func (n *Node) giveFurther(now causal.Instant, peer causal.ReplicaID, q pulling, p *page) {
	g := n.giving[peer]
	if g == nil || g.id != q.ID || q.Page >= uint64(len(g.pages)) || string(g.digest) != string(q.Digest) {
		p.Abort, p.Detail = AbortUnknown, "these pages are no longer kept: ask from the first on"
		return
	}
	g.until = now + n.cfg.Limits.HomeTimeout
	p.fill(g, q.Page)
	if q.Page == uint64(len(g.pages))-1 {
		delete(n.giving, peer)
	}
}

func (p *page) fill(g *given, i uint64) {
	p.Digest, p.Page, p.Pages, p.Entries = g.digest, i, uint64(len(g.pages)), g.pages[i]
	if i == 0 {
		p.Refused = g.first
	}
}

// giveFirst takes down what is asked for as it is now, and gives the first page.
func (n *Node) giveFirst(now causal.Instant, peer causal.ReplicaID, q pulling, p *page) {
	delete(n.giving, peer)
	g := &given{id: q.ID, until: now + n.cfg.Limits.HomeTimeout}
	var entries []flow.Change
	for _, a := range q.Asks {
		held, why := n.heldFor(peer, a)
		if why != "" {
			g.first = append(g.first, refusal{a.Name, cut(why, detailMax)})
			continue
		}
		entries = append(entries, held...)
	}
	if !g.divide(entries) {
		p.Abort, p.Detail = AbortTooLarge, "what is pulled is larger than can be: read it at the home, or by key"
		return
	}
	g.digest = digestOf(g.first, entries)
	if p.Digest = g.digest; string(g.digest) == string(q.Digest) {
		p.Same = true
		return
	}
	if len(g.pages) > 1 {
		if n.keptPages(now)+len(g.pages) > givenMax {
			p.Abort, p.Detail = AbortBusy, "too many copies are being fetched from the home"
			return
		}
		n.giving[peer] = g
	}
	p.fill(g, 0)
}

// divide makes pages of entries, of which there is at least one. It is false
// where they are too many, or one is too large.
func (g *given) divide(entries []flow.Change) bool {
	g.pages = [][]flow.Change{nil}
	var b []byte
	size := 0
	for i := range entries {
		it := &entries[i].Item
		if len(entries[i].Key) > keyMax || len(it.Path) > keyMax || len(it.Value) > itemMax {
			return false
		}
		b = appendEntry(b[:0], &entries[i])
		last := len(g.pages) - 1
		if size+len(b) > copyPageMax && len(g.pages[last]) > 0 {
			g.pages, size = append(g.pages, nil), 0
			last++
		}
		g.pages[last] = append(g.pages[last], entries[i])
		size += len(b)
	}
	return len(g.pages) <= copyPagesMax
}

// keptPages counts the pages kept for those who still fetch them.
func (n *Node) keptPages(now causal.Instant) (count int) {
	for peer, g := range n.giving {
		if now >= g.until {
			delete(n.giving, peer)
			continue
		}
		count += len(g.pages)
	}
	return count
}

// heldFor returns what is held here of what a peer asks for, or why he is not given it.
func (n *Node) heldFor(peer causal.ReplicaID, a asking) (held []flow.Change, why string) {
	key, err := value.DecodePath(a.Key)
	if err != nil {
		return nil, "its key is malformed"
	}
	view, isView := strings.CutPrefix(a.Name, flow.ViewMark)
	user, isUsers := n.isUsersNode(peer)
	if isUsers {
		if why := n.withholds(user, view, key); why != "" {
			return nil, why
		}
	}
	p := n.cfg.Program
	if isView {
		held, err = n.engine.HeldView(view, key, user)
	} else if i, ok := p.Database(a.Name); !ok || p.Databases[i].Placement != plan.Home {
		return nil, a.Name + " is no home database, by the program here"
	} else {
		held, err = n.engine.Held(a.Name, key)
	}
	if err != nil {
		return nil, a.Name + ": " + err.Error()
	}
	return held, ""
}
