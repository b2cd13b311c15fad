package broadcast

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/internal/transcript"
	"pgregory.net/rapid"
)

func idOf(name string) (id causal.ReplicaID) {
	id[0] = name[0]
	return id
}

// player plays a transcript on one machine with a small window: batches of at
// most 100 bytes, 200 bytes and 12 pushes not acknowledged. Its commands:
//
//	new [relay]
//	at MS                    moves the clock, waking the machine at each deadline
//	up NAME, down NAME
//	push SIZE                two parts of the node's own
//	relay NAME SIZE          two parts that came from there
//	from NAME push NO SIZE   a push arrives
//	from NAME ack NO
type player struct {
	m   *Machine
	now causal.Instant
	out strings.Builder
}

func TestTranscripts(t *testing.T) {
	transcript.Run(t, "testdata/*.txt", func(t *testing.T) func(words []string) string {
		p := &player{}
		return func(words []string) string {
			p.out.Reset()
			if err := p.do(words[0], words[1:]); err != nil {
				t.Fatalf("%v: %v", words, err)
			}
			return p.out.String()
		}
	})
}

func (p *player) do(name string, args []string) error {
	switch name {
	case "new":
		p.m = New(Config{Relay: len(args) > 0, SizeMax: 100, WindowMax: 200, PushesMax: 12})
	case "at":
		p.sleep(causal.Instant(number(args[0])) * causal.Millisecond)
	case "up":
		p.m.LinkUp(p.now, idOf(args[0]))
	case "down":
		p.m.LinkDown(p.now, idOf(args[0]))
	case "push":
		p.m.Push(p.now, batch(number(args[0])))
	case "relay":
		p.m.Relay(p.now, idOf(args[0]), batch(number(args[1])))
	case "from":
		no := uint64(number(args[2]))
		var b Body = Ack{no}
		if args[1] == "push" {
			b = Push{no, batch(number(args[3]))}
		}
		if err := p.m.Receive(p.now, idOf(args[0]), b.AppendTo(nil)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no such command")
	}
	p.drain()
	return nil
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func batch(size int) Batch { return Batch{2, bytes.Repeat([]byte{7}, size)} }

func (p *player) sleep(until causal.Instant) {
	for {
		at, ok := p.m.Deadline()
		if !ok || at > until {
			break
		}
		p.now = at
		p.m.Wake(at)
		p.drain()
	}
	p.now = until
}

func (p *player) say(format string, args ...any) {
	fmt.Fprintf(&p.out, "%6d  ", p.now/causal.Millisecond)
	fmt.Fprintf(&p.out, format+"\n", args...)
}

func (p *player) drain() {
	out := p.m.Drain()
	for _, m := range out.Messages {
		b, err := Decode(m.Body, 1<<20)
		if err != nil {
			panic(err)
		}
		switch b := b.(type) {
		case Push:
			p.say("-> %c push %d of %d bytes", m.To[0], b.No, len(b.Body))
		case Ack:
			p.say("-> %c ack %d", m.To[0], b.No)
		}
	}
	for _, d := range out.Deliveries {
		p.say("%d parts of %c", d.Parts, d.From[0])
	}
	for _, id := range out.Behind {
		p.say("%c is behind", id[0])
	}
}

// TestWindow: whatever is pushed, acknowledged or lost, no peer has more on its
// way than its window; a peer that missed a push is reported behind in the end.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{SizeMax: 100, WindowMax: 300, PushesMax: 5}
		m := New(cfg)
		now := causal.Instant(0)
		missed := map[causal.ReplicaID]uint64{}
		a, b := idOf("a"), idOf("b")
		m.LinkUp(now, a)
		m.LinkUp(now, b)
		drain := func() {
			for _, id := range m.Drain().Behind {
				missed[id] = 0
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += causal.Instant(rapid.IntRange(0, 2000).Draw(t, "ms")) * causal.Millisecond
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				dropped := m.stats.Dropped
				m.Push(now, batch(rapid.IntRange(1, 120).Draw(t, "size")))
				if m.stats.Dropped > dropped {
					missed[a] += m.stats.Dropped - dropped
				}
			case 2:
				no := rapid.Uint64Range(0, 60).Draw(t, "no")
				if err := m.Receive(now, a, Ack{no}.AppendTo(nil)); err != nil {
					t.Fatal(err)
				}
			case 3:
				m.Wake(now)
			}
			drain()
			for _, p := range m.peers {
				size := 0
				for _, s := range p.sent {
					size += s.size
				}
				if size != p.bytes || size > cfg.WindowMax || len(p.sent) > cfg.PushesMax {
					t.Fatalf("%d bytes in %d pushes on their way, counted as %d", size, len(p.sent), p.bytes)
				}
			}
		}
		for at, ok := m.Deadline(); ok; at, ok = m.Deadline() {
			m.Wake(at)
			drain()
		}
		for _, p := range m.peers {
			if p.missed || len(p.sent) > 0 {
				t.Fatalf("%+v is left", p)
			}
		}
	})
}

// TestOneBody: a push is encoded once, whatever the number of neighbours.
func TestOneBody(t *testing.T) {
	m := New(Config{})
	for i := range 8 {
		m.LinkUp(0, causal.ReplicaID{byte(i + 1)})
	}
	m.Push(0, batch(1000))
	out := m.Drain()
	if len(out.Messages) != 8 {
		t.Fatalf("%d messages", len(out.Messages))
	}
	for _, msg := range out.Messages {
		if &msg.Body[0] != &out.Messages[0].Body[0] {
			t.Fatal("two neighbours get two encodings")
		}
	}
	if extra := len(out.Messages[0].Body) - 1000; extra > 6 {
		t.Errorf("%d bytes around a batch", extra)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Push{3, batch(10)}.AppendTo(nil))
	f.Add(Ack{1 << 40}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Decode(data, 64)
		if err != nil {
			return
		}
		if again := b.AppendTo(nil); !bytes.Equal(again, data) {
			t.Fatalf("% x is written back as % x", data, again)
		}
		m := New(Config{SizeMax: 64})
		m.LinkUp(0, idOf("a"))
		if err := m.Receive(0, idOf("a"), data); err != nil {
			t.Fatal(err)
		}
		m.Wake(causal.Second)
	})
}

func BenchmarkPush(b *testing.B) {
	m := New(Config{})
	for i := range 8 {
		m.LinkUp(0, causal.ReplicaID{byte(i + 1)})
	}
	one := batch(200)
	b.ReportAllocs()
	for b.Loop() {
		m.Push(0, one)
		for _, p := range m.peers {
			m.acked(p, m.no)
		}
		m.Drain()
	}
}
