package native

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// assault is what a hostile page does over a link that is up, until it is hung up
// on or the round is over: ctx ends then.
type assault struct {
	name string
	kind string // under which its end is counted; "" where it is let go on
	do   func(ctx context.Context, g *guest, l *link)
}

// say writes one frame; false once the link is gone.
func say(l *link, c wire.Channel, kind uint8, body []byte) bool {
	_, err := l.conns[c].Write(wire.AppendFrame(nil, c, kind, body))
	return err == nil
}

func assaults(server *testHost) []assault {
	ping := wiretest.Bytes(server.t, "member.ping", nil)
	die := rand.New(rand.NewPCG(5, 5))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(die.Uint32())
		}
		return b
	}
	return []assault{
		{"noise", "malformed", func(_ context.Context, _ *guest, l *link) { l.conns[die.IntN(wire.Channels)].Write(noise(1000)) }},
		{"a frame of 10 MB", "malformed", func(_ context.Context, _ *guest, l *link) {
			head := append(wire.AppendUint32(nil, 10<<20), wire.Version, byte(wire.Bulk), wire.KindRepair, 0, 0, 0, 0)
			l.conns[wire.Bulk].Write(head)
			l.conns[wire.Bulk].Write(make([]byte, 10<<20))
		}},
		{"frames of 4 MB of nothing", "malformed", func(ctx context.Context, _ *guest, l *link) {
			for body := make([]byte, wire.FrameMax); ctx.Err() == nil && say(l, wire.Bulk, wire.KindRepair, body); {
			}
		}},
		{"a frame on another channel", "malformed", func(_ context.Context, _ *guest, l *link) {
			l.conns[wire.Bulk].Write(wire.AppendFrame(nil, wire.Commits, wire.KindRepair, nil))
		}},
		{"a damaged frame", "malformed", func(_ context.Context, _ *guest, l *link) {
			f := wire.AppendFrame(nil, wire.Commits, wire.KindBroadcast, noise(100))
			f[40] ^= 1
			l.conns[wire.Commits].Write(f)
		}},
		{"another version", "version", func(_ context.Context, _ *guest, l *link) {
			f := wire.AppendFrame(nil, wire.Commits, wire.KindBroadcast, nil)
			f[4]++
			l.conns[wire.Commits].Write(f)
		}},
		{"bodies that are none", "malformed", func(ctx context.Context, _ *guest, l *link) {
			for ctx.Err() == nil && say(l, wire.Commits, uint8(die.IntN(16)), noise(die.IntN(200))) {
			}
		}},
		{"greetings on a link that is up", "malformed", func(_ context.Context, _ *guest, l *link) { say(l, wire.Control, wire.KindGreeting, noise(300)) }},
		{"forged parts", "", func(ctx context.Context, g *guest, l *link) { forgeOver(ctx, server, l, die) }},
		{"a flood of pings", "", func(ctx context.Context, _ *guest, l *link) {
			var f []byte
			for range 200 {
				f = wire.AppendFrame(f, wire.Control, wire.KindMember, ping)
			}
			for ctx.Err() == nil {
				if _, err := l.conns[wire.Control].Write(f); err != nil {
					return
				}
			}
		}},
	}
}

// forgeOver throws lies about others' parts, old parts and damaged ones.
func forgeOver(ctx context.Context, server *testHost, l *link, die *rand.Rand) {
	const known, parts = 10, 200
	space := causal.SpaceOf(server.identity.cluster(), plan.SharedSpace)
	forger := &trusttest.Forger{
		Rnd: rand.New(rand.NewPCG(die.Uint64(), 1)), Known: map[causal.Chain]uint64{},
		Authors: []*trusttest.Author{trusttest.NewAuthor("erin", space, parts), trusttest.NewAuthor("finn", space, parts)},
		Others:  []causal.Key{server.identity.replicaKey()},
		Spaces:  []causal.SpaceID{causal.SpaceOf(server.identity.cluster(), "user_id=ann"), causal.SpaceOf(server.identity.cluster(), plan.HomeSpace)},
		Secret:  trusttest.NewAuthor("mallory", space, 0),
	}
	push := uint64(0)
	send := func(frame []byte, parts int) bool {
		push++
		return say(l, wire.Commits, wire.KindBroadcast, broadcast.Push{No: push, Batch: broadcast.Batch{Parts: min(parts, len(frame)), Body: frame}}.AppendTo(nil))
	}
	for _, author := range forger.Authors {
		forger.Known[author.Chain] = known
		send(replica.AppendFrame(nil, []causal.Parcel{author.Parcel(1, known)}), known)
	}
	for ctx.Err() == nil {
		lie := forger.Next()
		if _, err := replica.DecodeFrame(lie.Frame); err == nil && !send(lie.Frame, lie.Parts) { // a frame that is none would end the link
			return
		}
	}
}

// besiege has a hostile page do its worst over and over, under one pass, until
// ctx ends, and returns what it was told last.
func besiege(ctx context.Context, g *guest, a assault) (told string) {
	for ctx.Err() == nil {
		g.inc++ // another replica each time, so that no earlier link is in the way
		g.speak(g.user, g.role)
		l, err := g.link()
		if err != nil {
			told = err.Error()
			if strings.Contains(told, "429") {
				return told
			}
			continue
		}
		over := make(chan string, 1)
		go func() { over <- heardBy(ctx, l) }()
		for _, c := range []wire.Channel{wire.Commits, wire.Bulk} {
			go io.Copy(io.Discard, l.conns[c])
		}
		stop := context.AfterFunc(ctx, func() { l.close(nil) })
		a.do(ctx, g, l)
		if a.kind == "" {
			<-ctx.Done()
		}
		if said := <-over; said != "" {
			told = said
		}
		stop()
		l.close(nil)
	}
	return told
}

// heardBy returns the sentence with which a link ends; "" if it ends without.
func heardBy(ctx context.Context, l *link) string {
	conn := l.conns[wire.Control]
	stop := context.AfterFunc(ctx, func() { hangUp(conn) })
	defer stop()
	frames := wire.NewFrameReader(conn, wire.FrameMax)
	for {
		f, err := frames.Next()
		if err != nil {
			return ""
		}
		if f.Kind == kindRefused {
			return string(f.Body)
		}
	}
}

// trips lets a page write notes, and returns how long each took to be shown at
// the server, sorted.
func trips(t *testing.T, page, server *testHost, count int) (took []time.Duration) {
	t.Helper()
	had := len(strings.Fields(server.list("notes", page.cfg.User)))
	for i := range count {
		begun := time.Now()
		page.tell("note", strings.Repeat("x", had+i+1))
		server.await("the note", func() bool { return len(strings.Fields(server.list("notes", page.cfg.User))) == had+i+1 })
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	return took
}

// TestHostilePages: a page that has a pass and means harm is hung up on with a
// sentence and counted, or heard to no effect; a healthy page beside it goes on
// and nothing of it is lost. How long its notes take is told, and is no test.
func TestHostilePages(t *testing.T) {
	server := openDoor(t, diary)
	ann := openPage(t, server, "ann", Config{})
	const count = 10
	calm := trips(t, ann, server, count)
	t.Logf("a note is shown at the server after %v in the middle, %v at most, with nobody else there", calm[count/2], calm[count-1])
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, a := range assaults(server) {
		server.door.greeting = newMeter(tokenClock, 1e6, 1e6) // how often is TestFloods's question
		g := admitted(t, server, "mallory")
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan string, 1)
		counted := turnedAway(t, server, a.kind)
		go func() { done <- besiege(ctx, g, a) }()
		if a.kind != "" {
			server.await(a.name+" to be counted", func() bool { return turnedAway(t, server, a.kind) > counted })
		}
		took := trips(t, ann, server, count)
		cancel()
		told := <-done
		t.Logf("%-32s %v in the middle, %v at most; it is told %q", a.name+":", took[count/2], took[count-1], told)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d MB of memory in use before, %d after; the most the process ever took is %d", before.HeapInuse>>20, after.HeapInuse>>20, after.HeapSys>>20)
	if after.HeapInuse > before.HeapInuse+64<<20 || after.HeapSys > 1<<30 {
		t.Errorf("memory: %d bytes in use before, %d after, %d in all", before.HeapInuse, after.HeapInuse, after.HeapSys)
	}
	if ann.log.has("link ended") {
		t.Errorf("the healthy page lost its link:\n%s", ann.log)
	}
	if got := server.list("all"); got != "ann" {
		t.Errorf("the server keeps notes of %q", got)
	}
}

// TestLawlessPage: a page that runs another program, in which everything is
// allowed, writes where it may not; that is void at every node, and it is given
// nothing that its user may not read.
func TestLawlessPage(t *testing.T) {
	server := openDoor(t, diary)
	ann := openPage(t, server, "ann", Config{})
	ann.tell("note", "milk")
	server.awaitList("milk", "notes", "ann")
	lawless := strings.NewReplacer("allow :read, notes, :revoke => :future do |me| me == user_id or me in friends[:user_id] end", "allow :read, notes do |me| true end",
		"allow :write, notes do |me| me == user_id or me in friends[:user_id] end", "allow :write, notes do |me| true end").Replace(diary)
	mallory := openPage(t, server, "mallory", Config{Program: compile(t, lawless)})
	mallory.tell("note", "mine")
	server.awaitList("mine", "notes", "mallory")
	if got := mallory.list("notes", "ann"); got != "" {
		t.Errorf("mallory's page has %q of ann", got)
	}
	for range 20 {
		mallory.Raise(context.Background(), node.RaiseRequest{Event: "slip", Args: []value.Value{value.String("ann"), value.String("poison")}})
	}
	mallory.tell("note", "and mine")
	server.awaitList("and mine mine", "notes", "mallory")
	ann.tell("note", "tea")
	for _, h := range []*testHost{server, ann} {
		h.awaitList("milk tea", "notes", "ann")
	}
}

// TestFloods: greetings without end, from one address, and connections that speak
// a byte at a time are bounded and counted; who is linked goes on.
func TestFloods(t *testing.T) {
	server := openDoor(t, diary)
	ann := openPage(t, server, "ann", Config{})
	g := admitted(t, server, "mallory")
	greeting := admission.New(g.config()).Drain().Send[0]
	refused := 0
	for range 2 * LinkBurst {
		conn, err := dialWeb(t, server, wire.Control)
		if err != nil {
			refused++
			continue
		}
		conn.Write(wire.AppendFrame(nil, wire.Control, greeting.Kind, greeting.Body))
		conn.Close()
	}
	if refused < LinkBurst/2 || turnedAway(t, server, "rate") == 0 {
		t.Errorf("%d of %d floods are refused, %d counted", refused, 2*LinkBurst, turnedAway(t, server, "rate"))
	}
	server.door.patience = 2 * time.Second
	var slow []net.Conn
	for range OpeningsMax {
		conn, err := dialWeb(t, server, wire.Bulk)
		if err != nil {
			break
		}
		slow = append(slow, conn)
		conn.Write([]byte{1})
	}
	if took := trips(t, ann, server, 5); took[4] > 20*time.Second {
		t.Error("a healthy page waits for slow ones")
	}
	t.Logf("%d of %d greetings refused; %d slow connections held", refused, 2*LinkBurst, len(slow))
	for _, conn := range slow {
		go func() {
			for range 8 { // the whole of it has two seconds here, however it comes
				if _, err := conn.Write([]byte{1}); err != nil {
					return
				}
			}
		}()
	}
	server.await("slow ones to be hung up on", func() bool { return turnedAway(t, server, "slow") >= len(slow) })
}
