package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// favor raises an event whose right has to be asked for, and does not wait.
func (p *people) favor(what string) node.Ticket {
	p.ben.last++
	p.ben.Raise(p.now, p.ben.last, node.RaiseRequest{Event: "favor", Args: []value.Value{value.String("ann"), value.String(what)}})
	return p.ben.last
}

// newFriends are people of whom ann lets ben write, and who never asked.
func newFriends(t *testing.T) *people {
	p := newPeople(t)
	p.linkAll()
	p.run(2 * causal.Second)
	p.must("", p.ann, "befriend", "ben")
	return p
}

// TestALostGrantIsAskedForAgain: a request or its answer that is lost, with the
// link or without it, is no answer to whether somebody may.
func TestALostGrantIsAskedForAgain(t *testing.T) {
	for name, kind := range map[string]uint8{"request": node.KindRequest, "answer": node.KindReply} {
		p, lost := newFriends(t), 0
		p.loses = func(_ *guest, m node.Message) bool {
			if m.Kind == kind && lost < 3 {
				lost++
				return true
			}
			return false
		}
		ticket := p.favor("tea")
		p.run(30 * causal.Second)
		if a := p.ben.answers[ticket]; !a.Committed || lost < 1 {
			t.Errorf("with %d of its %ss lost: %+v", lost, name, a)
		}
		p.shows("favorites", "ann", "tea")
	}
	p := newFriends(t)
	ticket := p.favor("milk")
	p.cut(p.ben)
	p.linkAll()
	p.run(5 * causal.Second)
	if a := p.ben.answers[ticket]; !a.Committed {
		t.Errorf("with the link lost once: %+v", a)
	}
}

// TestAnotherGivesTheGrant: where the steward does not answer, who owns the key does.
func TestAnotherGivesTheGrant(t *testing.T) {
	p := newFriends(t)
	p.loses = func(from *guest, m node.Message) bool { return from == p.server && m.Kind == node.KindReply }
	ticket := p.favor("tea")
	p.run(20 * causal.Second)
	if a := p.ben.answers[ticket]; !a.Committed {
		t.Errorf("with a steward who never answers: %+v", a)
	}
}

// TestNobodyGivesTheGrant: what nobody answers ends, with a word that is not
// that it is forbidden, and leaves nothing behind.
func TestNobodyGivesTheGrant(t *testing.T) {
	p := newFriends(t)
	asked := 0
	p.loses = func(from *guest, m node.Message) bool {
		isGrant := m.Kind == node.KindRequest && node.IsGrantRequest(m.Body)
		if isGrant {
			asked++
		}
		return isGrant
	}
	ticket := p.favor("tea")
	p.run(3 * 60 * causal.Second)
	if a := p.ben.answers[ticket]; a.Abort != node.AbortUnreachable || asked != 5 {
		t.Errorf("asked %d times for nothing: %+v", asked, a)
	}
	p.loses = nil
	p.must("", p.ben, "favor", "ann", "later")
	p.must("", p.ann, "part", "ben")
	p.must(flow.AbortForbidden, p.ben, "favor", "ann", "late")
	p.shows("favorites", "ann", "later")
}

// TestAUsersNodeIsEnlistedAsItsUserAlone: a page that says over its link that it
// is somebody else's than it said when it came is refused, at the steward.
func TestAUsersNodeIsEnlistedAsItsUserAlone(t *testing.T) {
	p := newPeople(t)
	p.linkAll() // nobody is in the directory yet
	const id = 1 << 40
	var abort string
	p.loses = func(from *guest, m node.Message) bool {
		if from == p.server && m.To == p.ben.id() && m.Kind == node.KindReply {
			if of, word, err := node.ReplyAbort(m.Body); err == nil && of == id {
				abort = word
			}
		}
		return false
	}
	for _, user := range []string{"ann", "", "ben "} {
		abort = ""
		if err := p.server.Receive(p.now, p.ben.id(), node.KindRequest, node.AdmitRequest(id, "client", user)); err != nil {
			t.Fatal(err)
		}
		for p.deliver() {
		}
		if abort != node.AbortOther {
			t.Errorf("ben's node says it is %q's: %q", user, abort)
		}
	}
	p.run(5 * causal.Second)
	for _, g := range p.guests {
		r := p.read(g, "everybody")
		if r.Reading == nil || r.Reading.Value.AsInt() != 2 {
			t.Errorf("%s knows %+v users, not ann and ben", g.cfg.Name, r.Reading)
		}
	}
	p.must(flow.AbortForbidden, p.ben, "favor", "ann", "tea")
}
