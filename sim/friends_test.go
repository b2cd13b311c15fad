package sim

import (
	"fmt"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/overlay/repair"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// The story of people who write notes that their friends may read, and who
// make friends and part again while links are cut and phones die.
const friendsProgram = `
database :friends, set<id>, :by => :user_id, :replicated => true
database :notes, gset<string>, :replicated => :user_id
database :wall, gset<string>, :replicated => true
on_befriend do |other: id| friends[:user_id].add(other) end
on_part do |other: id| friends[:user_id].remove(other) end
on_note do |text: string| notes[:user_id].add(text) end
on_post do |text: string|
  notes[:user_id].add(text)
  wall.add(text)
end
allow :read, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :write, wall do |me| true end
`

// closeFriendsProgram says the same where who is whose friend stands in the
// space itself, so that only who holds it can tell.
const closeFriendsProgram = `
database :friends, set<id>, :replicated => :user_id
database :notes, gset<string>, :replicated => :user_id
database :wall, gset<string>, :replicated => true
on_befriend do |other: id| friends[:user_id].add(other) end
on_part do |other: id| friends[:user_id].remove(other) end
on_note do |text: string| notes[:user_id].add(text) end
on_post do |text: string|
  notes[:user_id].add(text)
  wall.add(text)
end
allow :read, friends, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :read, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end
allow :write, wall do |me| true end
`

var friendsNames = []string{"ann", "ben", "cat", "dan"}

// circle is a world of friends, and what is seen of its messages.
type circle struct {
	*World
	spaces  map[causal.SpaceID]string // whose each space is
	wrong   string                    // the first part that went to who had no right to it
	foreign int                       // parts of other users that went to a user's node
}

// friendship is who lets whom read: both names.
type friendship map[[2]string]bool

// gossip is a node whose messages are looked at.
type gossip struct {
	participant
	m      *Machine
	circle *circle
	before friendship // what it knew at the last look
}

const gossipTicket = node.Ticket(1 << 60)

// Drain looks whether each part that leaves for a user's node goes to who may
// have it, by what the sender knows now or knew at the last look.
func (g *gossip) Drain(now causal.Instant) node.Output {
	g.participant.Read(now, gossipTicket, node.ReadRequest{Name: "friends"})
	out := g.participant.Drain(now)
	known := friendship{}
	answers := out.Answers[:0]
	for _, a := range out.Answers {
		if a.Ticket != gossipTicket {
			answers = append(answers, a)
			continue
		}
		for _, p := range a.Reading.Pairs {
			for _, other := range p.Value.Elems() {
				known[[2]string{p.Key[0].AsString(), other.AsString()}] = true
			}
		}
	}
	out.Answers = answers
	for _, msg := range out.Messages {
		g.look(msg, known)
	}
	g.before = known
	return out
}

func (g *gossip) look(msg node.Message, known friendship) {
	to := g.circle.machineOf(msg.To)
	if to == nil || to.user() == "" {
		return
	}
	for _, p := range partsOf(msg) {
		owner := g.circle.spaces[p.Chain().Space]
		if owner == "" || owner == to.user() || p.Chain().Replica == to.id {
			continue
		}
		g.circle.foreign++
		if pair := [2]string{owner, to.user()}; !known[pair] && !g.before[pair] && g.circle.wrong == "" {
			g.circle.wrong = fmt.Sprintf("%s gives %s a part of %s, who is no friend of his", g.m.name, to.name, owner)
		}
	}
}

// partsOf returns the parcels that a message carries.
func partsOf(msg node.Message) []causal.Parcel {
	var body []byte
	switch msg.Kind {
	case wire.KindBroadcast:
		if b, err := broadcast.Decode(msg.Body, wire.FrameMax); err == nil {
			if push, ok := b.(broadcast.Push); ok {
				body = push.Body
			}
		}
	case wire.KindRepair:
		if b, err := repair.Decode(msg.Body); err == nil {
			if parts, ok := b.(repair.Parts); ok {
				body = parts.Body
			}
		}
	}
	if len(body) == 0 {
		return nil
	}
	list, _ := replica.DecodeFrame(body)
	return list
}

func (c *circle) machineOf(id causal.ReplicaID) *Machine {
	for _, m := range c.machines {
		if m.id == id {
			return m
		}
	}
	return nil
}

func newCircle(t testing.TB, p *plan.Program, seed uint64, planted node.Planted) *circle {
	t.Helper()
	w, err := NewWorld(Config{
		Name: "friends", Program: p, Seed: seed, IsTrial: true, Span: 20 * causal.Second, Planted: planted,
		Roles: []Role{{"server", 2}, {"client", len(friendsNames)}}, Users: map[string][]string{"client": friendsNames},
		Faults: fault.Spec{Drop: 100_000, Duplicate: 100_000, Reorder: 100_000, Cuts: 5, Crashes: 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &circle{World: w, spaces: map[causal.SpaceID]string{}}
	for _, name := range friendsNames {
		c.spaces[causal.SpaceOf(cluster, "user_id="+name)] = name
	}
	for _, m := range w.machines {
		open := m.open
		m.open = func(now causal.Instant, cfg node.Config) (participant, error) {
			n, err := open(now, cfg)
			return &gossip{participant: n, m: m, circle: c}, err
		}
	}
	if err := w.StartAll(); err != nil {
		t.Fatal(err)
	}
	return c
}

// live lets everybody write, make friends and part, at any time of the span.
func (c *circle) live(events int) {
	for i := range events {
		m := c.machines[2+c.loadDie.IntN(len(friendsNames))]
		q := node.RaiseRequest{Event: []string{"befriend", "part", "note", "note", "post"}[c.loadDie.IntN(5)]}
		arg := friendsNames[c.loadDie.IntN(len(friendsNames))]
		if q.Event == "note" || q.Event == "post" {
			arg = fmt.Sprint(m.name, " ", i)
		}
		q.Args = []value.Value{value.String(arg)}
		c.after(causal.Instant(c.loadDie.Int64N(int64(c.cfg.Span))), func() {
			if m.Up() {
				m.Raise(q, nil)
			}
		})
	}
}

// judgeEnd says what is broken at rest, or "": friends have everything, and of
// others nothing is where it never was allowed.
func (c *circle) judgeEnd() string {
	if c.wrong != "" {
		return c.wrong
	}
	for _, f := range c.Findings() {
		return f.String()
	}
	for _, m := range c.machines {
		if m.user() == "" {
			continue
		}
		for _, owner := range friendsNames {
			all, _ := c.machines[0].Read("notes", value.String(owner))
			here, _ := m.Read("notes", value.String(owner))
			lets, _ := c.machines[0].Read("friends", value.String(owner))
			may := owner == m.name
			for _, friend := range lets.Value.Elems() {
				may = may || friend.AsString() == m.name
			}
			if may && text(here) != text(all) {
				return fmt.Sprintf("%s has %s of %s, who lets him read %s", m.name, text(here), owner, text(all))
			}
		}
		if s := m.node.Status(); s.Counts.Voided > 0 || s.Counts.Refused > 0 {
			return fmt.Sprintf("%s has %d void parts, and refused %d messages", m.name, s.Counts.Voided, s.Counts.Refused)
		}
	}
	return ""
}

func befriend(t testing.TB, p *plan.Program, seed uint64, planted node.Planted) (c *circle, wrong string) {
	t.Helper()
	c = newCircle(t, p, seed, planted)
	c.live(80)
	c.strain()
	if !c.Settle(2*quiet, settleLimit) {
		return c, "the world does not come to rest"
	}
	c.Advance(30 * causal.Second)
	return c, c.judgeEnd()
}

// TestFriends: whatever is cut and killed, no part leaves for a node of a user
// who may not have it, as its sender knows; and in the end everybody who may has
// everything.
func TestFriends(t *testing.T) {
	for _, text := range []string{friendsProgram, closeFriendsProgram} {
		p, foreign := compile(t, "friends.mrt", text), 0
		for seed := range seeds(12) {
			c, wrong := befriend(t, p, seed, node.Planted{})
			if wrong != "" {
				t.Fatalf("seed %d: %s", seed, wrong)
			}
			foreign += c.foreign
		}
		if foreign == 0 {
			t.Error("no friend was given anything")
		}
		t.Logf("friends were given %d parcels", foreign)
	}
}

// TestAnUnaskedOfferIsFound plants nodes that offer every space to everybody.
func TestAnUnaskedOfferIsFound(t *testing.T) {
	p := compile(t, "friends.mrt", friendsProgram)
	for seed := range uint64(5) {
		if _, wrong := befriend(t, p, seed, node.Planted{OffersUnasked: true}); wrong != "" {
			t.Logf("seed %d: %s", seed, wrong)
			return
		}
	}
	t.Error("not found")
}

// roomsProgram has rooms that their members read, polls that everybody does,
// and a wall that every node keeps: a commit may reach into two of them.
const roomsProgram = `
database :members, set<id>, :by => :room, :replicated => :room
database :talk, gset<string>, :by => :room, :replicated => :room
database :polls, gset<string>, :by => :poll, :replicated => :poll
database :wall, gset<string>, :replicated => true
on_join do |room: id, who: id| members[room].add(who) end
on_leave do |room: id, who: id| members[room].remove(who) end
on_talk do |room: id, text: string|
  talk[room].add(text)
  wall.add(text)
end
on_vote do |poll: id, text: string|
  polls[poll].add(text)
  wall.add(text)
end
allow :read, members, :revoke => :future do |me| me in members[:room] end
allow :read, talk, :revoke => :future do |me| me in members[:room] end
allow :write, members do |me| true end
allow :write, talk do |me| true end
allow :write, polls do |me| true end
allow :write, wall do |me| true end
`

// TestRoomsOfMembers: under faults the judges of every history find nothing
// where some spaces are for members, some for everybody and some for all nodes.
func TestRoomsOfMembers(t *testing.T) {
	p := compile(t, "rooms.mrt", roomsProgram)
	for seed := range seeds(12) {
		_, err := Run(Config{
			Program: p, Seed: seed, Events: 40, Users: map[string][]string{"client": friendsNames},
			Roles:  []Role{{"server", 2}, {"client", len(friendsNames)}},
			Faults: fault.Spec{Drop: 100_000, Duplicate: 100_000, Reorder: 100_000, Cuts: 5, Crashes: 4},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
