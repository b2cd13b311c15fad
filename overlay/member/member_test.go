package member

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/internal/transcript"
	"pgregory.net/rapid"
)

// idOf makes the id of a one-letter name: ids are ordered as the letters are.
func idOf(name string) (id causal.ReplicaID) {
	id[0] = name[0]
	return id
}

func nameOf(id causal.ReplicaID) string {
	if id == (causal.ReplicaID{}) {
		return "?"
	}
	return string(id[:1])
}

// epoch is when a script's clock begins, so that instants look like real ones.
const epoch = 1_000_000 * causal.Second

// player plays a transcript on one machine. Its commands:
//
//	new SELF [static] [peer ...]     a peer is a letter, or an address if it has a colon
//	at MS                            moves the clock, waking the machine at each deadline
//	up NAME [dialed=ADDR] [epoch=N] [addr=ADDR]
//	down NAME
//	failed NAME|ADDR
//	ping NAME [same]                 same: with the machine's own digest
//	pong NAME [MS]                   answers the ping sent then, or the newest
//	list NAME member ...             a member is a letter, with =EPOCH if not 1
//	members                          prints what the machine knows
type player struct {
	m     *Machine
	now   causal.Instant
	pings map[string]causal.Instant // the newest ping sent to each
	out   strings.Builder
}

func TestTranscripts(t *testing.T) {
	transcript.Run(t, "testdata/*.txt", func(t *testing.T) func(words []string) string {
		p := &player{now: epoch, pings: map[string]causal.Instant{}}
		return func(words []string) string {
			p.out.Reset()
			if err := p.do(words); err != nil {
				t.Fatalf("%v: %v", words, err)
			}
			return p.out.String()
		}
	})
}

func (p *player) do(words []string) error {
	name, args := words[0], words[1:]
	switch name {
	case "new":
		p.start(args)
	case "at":
		ms, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		p.sleep(epoch + causal.Instant(ms)*causal.Millisecond)
	case "up":
		m := describe(args[0])
		for _, a := range args[1:] {
			switch key, v, _ := strings.Cut(a, "="); key {
			case "epoch":
				m.Epoch, _ = strconv.ParseUint(v, 10, 64)
			case "addr":
				m.Addr = v
			}
		}
		p.m.LinkUp(p.now, m, valueOf(args, "dialed"))
	case "down":
		p.m.LinkDown(p.now, idOf(args[0]), "reset by peer")
	case "failed":
		p.m.DialFailed(p.now, described(args[0]))
	case "ping":
		digest := uint64(1)
		if slices.Contains(args, "same") {
			digest = p.m.digest
		}
		return p.receive(args[0], Ping{5, digest})
	case "pong":
		at := p.pings[args[0]]
		if len(args) > 1 {
			ms, err := strconv.Atoi(args[1])
			if err != nil {
				return err
			}
			at = epoch + causal.Instant(ms)*causal.Millisecond
		}
		return p.receive(args[0], Pong{at, p.m.digest})
	case "list":
		var l List
		for _, a := range args[1:] {
			l.Members = append(l.Members, describe(a))
		}
		return p.receive(args[0], l)
	case "members":
		p.members()
	default:
		return fmt.Errorf("no such command")
	}
	p.drain()
	return nil
}

func valueOf(args []string, key string) string {
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			return v
		}
	}
	return ""
}

func describe(s string) Member {
	name, e, _ := strings.Cut(s, "=")
	n, err := strconv.ParseUint(e, 10, 64)
	if err != nil {
		n = 1
	}
	return Member{ID: idOf(name), Name: name, Role: "server", Addr: name + ":1", Epoch: n}
}

func described(s string) Member {
	if strings.Contains(s, ":") {
		return Member{Addr: s}
	}
	return describe(s)
}

func (p *player) start(args []string) {
	cfg := Config{Self: describe(args[0]), Rand: rand.New(rand.NewPCG(1, 1))}
	for _, a := range args[1:] {
		if a == "static" {
			cfg.Mode = Static
		} else {
			cfg.Peers = append(cfg.Peers, described(a))
		}
	}
	p.m = New(p.now, cfg)
}

func (p *player) receive(from string, b Body) error {
	err := p.m.Receive(p.now, idOf(from), b.AppendTo(nil))
	p.drain()
	return err
}

// sleep wakes the machine at each of its deadlines up to then.
func (p *player) sleep(until causal.Instant) {
	for {
		at, ok := p.m.Deadline()
		if !ok || at > until {
			break
		}
		p.now = max(p.now, at)
		p.m.Wake(p.now)
		p.drain()
	}
	p.now = until
}

func (p *player) say(format string, args ...any) {
	fmt.Fprintf(&p.out, "%6d  ", (p.now-epoch)/causal.Millisecond)
	fmt.Fprintf(&p.out, format+"\n", args...)
}

func (p *player) drain() {
	out := p.m.Drain()
	for _, e := range out.Events {
		p.say("%s %s %s", e.Kind, nameOf(e.Member.ID), e.Why)
	}
	for _, d := range out.Dials {
		p.say("dial %s at %s", nameOf(d.ID), d.Addr)
	}
	for _, h := range out.Hangups {
		p.say("hang up %s: %s", nameOf(h.Peer), h.Why)
	}
	for _, m := range out.Messages {
		b, err := Decode(m.Body)
		if err != nil {
			panic(err)
		}
		switch b := b.(type) {
		case Ping:
			p.pings[nameOf(m.To)] = b.At
			p.say("-> %s ping", nameOf(m.To))
		case Pong:
			p.say("-> %s pong %d", nameOf(m.To), b.At)
		case List:
			var names []string
			for _, x := range b.Members {
				names = append(names, fmt.Sprintf("%s=%d", nameOf(x.ID), x.Epoch))
			}
			p.say("-> %s list %s", nameOf(m.To), strings.Join(names, " "))
		}
	}
}

func (p *player) members() {
	states := [...]string{"unknown", "alive", "suspect", "down"}
	for _, s := range p.m.Members() {
		p.say("%s epoch %d at %s: %s since %d, round trip %d ms", nameOf(s.ID), s.Epoch, s.Addr, states[s.State], (s.Since-epoch)/causal.Millisecond, s.RTT/causal.Millisecond)
	}
}

// TestReplaces: whatever the order in which the two ends see two links come
// up, both keep the same one.
func TestReplaces(t *testing.T) {
	a, b := idOf("a"), idOf("b")
	// keep plays one end: it sees link i, then link j, and keeps one.
	keep := func(self, peer causal.ReplicaID, links [2]Link, first int) int {
		second := 1 - first
		if Replaces(self, peer, links[first], links[second]) {
			return second
		}
		return first
	}
	mirror := func(l Link) Link { return Link{Dialed: !l.Dialed, Epoch: l.Epoch} }
	links := [2]Link{{Dialed: true, Epoch: 1}, {Dialed: false, Epoch: 1}} // by a, by b
	for _, orderA := range []int{0, 1} {
		for _, orderB := range []int{0, 1} {
			atA := keep(a, b, links, orderA)
			atB := keep(b, a, [2]Link{mirror(links[0]), mirror(links[1])}, orderB)
			if atA != 0 || atB != 0 {
				t.Errorf("orders %d, %d: a keeps %d and b keeps %d; want the one the lower id dialled", orderA, orderB, atA, atB)
			}
		}
	}
	restarted := [2]Link{{Dialed: true, Epoch: 1}, {Dialed: false, Epoch: 2}}
	if keep(a, b, restarted, 0) != 1 || keep(a, b, restarted, 1) != 1 {
		t.Error("the link of the newer incarnation is not kept")
	}
	if !Replaces(a, b, links[0], links[0]) {
		t.Error("the same side dialled again, and the link it gave up is kept")
	}
}

// TestListsMeet: two machines that know different things, old and new, know
// the same after they have exchanged lists, whatever the order.
func TestListsMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := [2][]Member{}
		for i := range lists {
			for range rapid.IntRange(0, 12).Draw(t, "members") {
				p := describe(string(rune('c' + rapid.IntRange(0, 7).Draw(t, "who"))))
				p.Epoch = rapid.Uint64Range(1, 3).Draw(t, "epoch")
				p.Addr = rapid.SampledFrom([]string{"x:1", "y:1"}).Draw(t, "addr")
				lists[i] = append(lists[i], p)
			}
		}
		machines := [2]*Machine{}
		for i := range machines {
			machines[i] = New(0, Config{Self: describe("a"), Rand: rand.New(rand.NewPCG(1, 1))})
			for _, l := range [][]Member{lists[i], lists[1-i]} {
				for _, p := range l {
					machines[i].learn(0, p)
				}
			}
		}
		if machines[0].digest != machines[1].digest {
			t.Fatalf("%v\n%v", machines[0].Members(), machines[1].Members())
		}
		for _, m := range machines {
			digest := m.self.digest()
			for _, id := range m.order {
				digest ^= m.known[id].digest()
			}
			if digest != m.digest || !slices.IsSortedFunc(m.order, causal.ReplicaID.Compare) {
				t.Fatal("the digest kept is not that of the list")
			}
		}
	})
}

// TestSleep: a node that slept does not give up its links on waking.
func TestSleep(t *testing.T) {
	m := New(epoch, Config{Self: describe("a"), Rand: rand.New(rand.NewPCG(1, 1))})
	m.LinkUp(epoch, describe("b"), "")
	late := causal.Instant(epoch + 3600*causal.Second)
	m.Wake(late)
	if out := m.Drain(); len(out.Hangups) > 0 || len(m.Neighbors()) != 1 {
		t.Errorf("hung up on waking: %v", out.Hangups)
	}
	for _, end := m.Deadline(); end; _, end = m.Deadline() {
		at, _ := m.Deadline()
		if at > late+6*causal.Second {
			break
		}
		m.Wake(at)
	}
	if len(m.Neighbors()) != 0 {
		t.Error("a peer silent after the sleep is never given up")
	}
}

// TestBounds: neither members nor dials in the air exceed their bounds.
func TestBounds(t *testing.T) {
	m := New(epoch, Config{Self: describe("a"), Rand: rand.New(rand.NewPCG(1, 1)), MembersMax: 10, DialsMax: 3})
	for i := range 20 {
		p := describe("b")
		p.ID[1], p.Addr = byte(i), fmt.Sprint("b:", i)
		m.learn(epoch, p)
	}
	m.schedule(epoch)
	m.Wake(epoch)
	out := m.Drain()
	if len(m.Members()) != 10 || len(out.Dials) != 3 {
		t.Errorf("%d members and %d dials", len(m.Members()), len(out.Dials))
	}
	refused := 0
	for _, e := range out.Events {
		if e.Kind == Refused {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d events of members refused, want 10", refused)
	}
	for _, d := range out.Dials {
		m.DialFailed(epoch, d)
	}
	m.Wake(epoch)
	if got := len(m.Drain().Dials); got != 3 || m.inAir != 3 {
		t.Errorf("%d dials after three failed, %d in the air", got, m.inAir)
	}
}

func TestMemberIsCut(t *testing.T) {
	long := strings.Repeat("x", 1000)
	b := Member{ID: idOf("a"), Name: long, Role: long, Addr: long, Epoch: 7}.AppendTo(nil)
	msg, err := Decode(append([]byte{tagList, 1}, b...))
	if err != nil {
		t.Fatal(err)
	}
	if p := msg.(List).Members[0]; len(p.Name) != nameMax || p.Epoch != 7 {
		t.Errorf("got %v", p)
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range []Body{Ping{epoch, 7}, Pong{epoch, 7}, List{[]Member{describe("a"), describe("b")}}, List{}} {
		f.Add(b.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Decode(data)
		if err != nil {
			return
		}
		if again := b.AppendTo(nil); !bytes.Equal(again, data) {
			t.Fatalf("% x is written back as % x", data, again)
		}
		m := New(epoch, Config{Self: describe("a"), Rand: rand.New(rand.NewPCG(1, 1))})
		m.LinkUp(epoch, describe("b"), "")
		if err := m.Receive(epoch, idOf("b"), data); err != nil {
			t.Fatal(err)
		}
		m.Wake(epoch + causal.Second)
	})
}
