package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/internal/client"
)

// What is raised here says whether it was kept: a note bears its own name, and
// is counted in the same commit; a line of a stream bears its number, and is
// counted too. The ledger is not replicated: it lives at the home.
const killProgram = `
database :notes,  gset<string>, :replicated => true
database :noted,  gcounter,     :by => :node,   :replicated => true
database :lines,  gset<int>,    :by => :stream, :replicated => true
database :count,  gcounter,     :by => :stream, :replicated => true
database :ledger, gset<int>,    :by => :stream
database :sum,    gcounter,     :by => :stream

at :server do
  on_note do |node: string, name: string|
    notes.add(name)
    noted[:node].inc(1)
  end
  on_line do |stream: string, n: int|
    lines[:stream].add(n)
    count[:stream].inc(1)
  end
  on_entry do |stream: string, n: int|
    ledger[:stream].add(n)
    sum[:stream].inc(1)
  end
end
`

// TestKilledAgainAndAgain kills nodes with SIGKILL at seeded moments under
// load. After each restart every acknowledged raise is there; in the end both
// nodes show the same, every line of a stream took effect once, and nobody has
// seen two histories under one name.
func TestKilledAgainAndAgain(t *testing.T) {
	kills, seed := 3, uint64(1)
	if os.Getenv("MARTINELLI_SOAK") != "" {
		kills, seed = 40, uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	ctx, cancel := context.WithTimeout(context.Background(), patience+time.Duration(kills)*10*time.Second)
	defer cancel()
	s := newStory(ctx, cancel, t, killProgram)
	a := s.start("a", "")
	b := s.start("b", a.join)
	k := &killing{story: s, die: rand.New(rand.NewPCG(seed, 0)), stop: make(chan struct{})}
	for _, n := range s.nodes {
		for i := range 8 {
			k.raise(n, fmt.Sprintf("%s%d", n.name, i))
		}
		k.load(n, "line", "lines-at-"+n.name)
		k.load(n, "entry", "entries-at-"+n.name)
	}
	for range kills {
		victims := [][]*process{{a}, {a}, {b}, {a, b}}[k.die.IntN(4)]
		k.strike(victims)
	}
	close(k.stop)
	k.loads.Wait()
	k.judge()
}

// killing is the load on the nodes, and what they acknowledged of it.
type killing struct {
	*story
	die   *rand.Rand
	stop  chan struct{} // closed: raise no more
	loads sync.WaitGroup

	mu      sync.Mutex
	raisers []*raiser
	streams []*stream
	acks    int // of everything
}

// raiser raises notes one after the other.
type raiser struct {
	at        *process
	attempted map[string]bool
	acked     map[string]bool
}

// stream is one writer whose lines are loaded, as often as it takes.
type stream struct {
	at          *process
	event, name string
	acked       uint64 // no line up to here may be lost
}

func (k *killing) isOver() bool {
	select {
	case <-k.stop:
		return true
	case <-k.ctx.Done():
		return true
	default:
		return false
	}
}

// raise starts a client that raises notes without a stream: one that failed
// is not raised again.
func (k *killing) raise(n *process, name string) {
	r := &raiser{at: n, attempted: map[string]bool{}, acked: map[string]bool{}}
	k.raisers = append(k.raisers, r)
	k.loads.Go(func() {
		for i := 0; !k.isOver(); i++ {
			note := fmt.Sprintf("%s-%d", name, i)
			body, err := json.Marshal(map[string]string{"node": n.name, "name": note})
			if err != nil {
				panic(err)
			}
			k.mu.Lock()
			r.attempted[note] = true
			k.mu.Unlock()
			if _, err := client.New(n.http).Raise(k.ctx, "note", body, "", 0, ""); err != nil {
				k.awake(n)
				continue
			}
			k.mu.Lock()
			r.acked[note] = true
			k.acks++
			k.mu.Unlock()
		}
	})
}

// load starts a client that loads lines in a stream, and after each failure
// goes on where the node says the stream stopped.
func (k *killing) load(n *process, event, name string) {
	st := &stream{at: n, event: event, name: name}
	k.streams = append(k.streams, st)
	k.loads.Go(func() {
		for !k.isOver() {
			mark, err := client.New(n.http).Mark(k.ctx, name)
			if err != nil {
				k.awake(n)
				continue
			}
			_, err = client.New(n.http).Load(k.ctx, event, linesAfter(name, mark, 500), name, mark, client.Watcher{
				Progress: func(p client.Progress) { k.acknowledge(st, p.Seq) },
				Rejected: func(r client.Rejection) {
					k.t.Errorf("%s: line %d was rejected: %s %s", name, r.Seq, r.Reason, r.Detail)
				},
			})
			if err != nil {
				k.awake(n)
			}
		}
	})
}

func (k *killing) acknowledge(st *stream, seq uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acks++
	st.acked = max(st.acked, seq)
}

// linesAfter are count lines of a stream, from the one after mark.
func linesAfter(name string, mark uint64, count int) io.Reader {
	var b bytes.Buffer
	for i := range count {
		fmt.Fprintf(&b, "{\"stream\":%q,\"n\":%d}\n", name, mark+uint64(i)+1)
	}
	return &b
}

// awake waits until the node answers and is linked with the other.
func (k *killing) awake(n *process) {
	other := k.nodes[0]
	if other == n {
		other = k.nodes[1]
	}
	k.until("nodes "+n.name+" and "+other.name+" answer again, linked", func() bool {
		return k.isOver() || k.state(n, other.name) == "alive"
	})
}

// strike lets the load go on for a while, kills, restarts, and looks.
func (k *killing) strike(victims []*process) {
	k.mu.Lock()
	target := k.acks + 1 + k.die.IntN(400)
	k.mu.Unlock()
	k.until("the load goes on", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.acks >= target
	})
	<-time.After(time.Duration(k.die.IntN(20_000)) * time.Microsecond) // so that a kill falls anywhere in a sync
	for _, n := range victims {
		n.kill()
		k.readLog(n)
	}
	acked, marks := k.snapshot()
	for _, n := range victims {
		k.restart(n)
	}
	for _, n := range victims {
		k.look(n, acked[n], marks)
	}
}

// readLog looks in what a node said for what it may never say.
func (k *killing) readLog(n *process) {
	for _, bad := range []string{"two histories", "twice; the one", "broken invariant", "panic", "can't be written"} {
		if strings.Contains(n.stderr.String(), bad) {
			k.t.Errorf("node %s says %q:\n%s", n.name, bad, n.stderr)
		}
	}
}

// snapshot returns what each node acknowledged.
func (k *killing) snapshot() (map[*process][]string, map[*stream]uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	acked := map[*process][]string{}
	for _, r := range k.raisers {
		acked[r.at] = slices.AppendSeq(acked[r.at], maps.Keys(r.acked))
	}
	marks := map[*stream]uint64{}
	for _, st := range k.streams {
		marks[st] = st.acked
	}
	return acked, marks
}

// look finds what n acknowledged before it was killed.
func (k *killing) look(n *process, acked []string, marks map[*stream]uint64) {
	notes, ok := tryRead[[]string](k.ctx, n, "notes")
	if !ok {
		k.t.Errorf("node %s does not read after its restart", n.name)
	}
	have := setOf(notes)
	for _, note := range acked {
		if !have[note] {
			k.t.Errorf("node %s acknowledged %s, and lost it in a kill", n.name, note)
		}
	}
	for st, seq := range marks {
		if st.at != n {
			continue
		}
		if mark, err := client.New(n.http).Mark(k.ctx, st.name); err != nil || mark < seq {
			k.t.Errorf("node %s acknowledged %s up to %d, and after a kill it says %d, %v", n.name, st.name, seq, mark, err)
		}
	}
}

func setOf[T comparable](list []T) map[T]bool {
	set := map[T]bool{}
	for _, v := range list {
		set[v] = true
	}
	return set
}

// judge waits until the nodes agree, and compares with what was raised.
func (k *killing) judge() {
	a, b := k.nodes[0], k.nodes[1]
	for _, name := range []string{"notes", "noted", "lines", "count"} {
		k.until("both nodes show the same "+name, func() bool {
			at, errA := client.New(a.http).Read(k.ctx, name, nil)
			bt, errB := client.New(b.http).Read(k.ctx, name, nil)
			return errA == nil && errB == nil && bytes.Equal(at, bt)
		})
	}
	k.judgeNotes(a)
	k.judgeStreams(a, "line", "lines", "count")
	k.judgeStreams(a, "entry", "ledger", "sum")
	for _, n := range k.nodes {
		n.kill()
		k.readLog(n)
	}
}

// judgeNotes: all that was acknowledged is there, nothing is there that was
// not raised, and each note was counted in its commit.
func (k *killing) judgeNotes(n *process) {
	notes, _ := tryRead[[]string](k.ctx, n, "notes")
	noted, _ := tryRead[map[string]int](k.ctx, n, "noted")
	have, attempted, acked := setOf(notes), 0, 0
	for _, r := range k.raisers {
		attempted += len(r.attempted)
		acked += len(r.acked)
		for note := range r.acked {
			if !have[note] {
				k.t.Errorf("%s was acknowledged and is lost", note)
			}
		}
		for note := range r.attempted {
			delete(have, note)
		}
	}
	k.t.Logf("%d notes raised, %d acknowledged, %d there", attempted, acked, len(notes))
	if len(have) > 0 {
		k.t.Errorf("%d notes are there that nobody raised: %v", len(have), have)
	}
	if noted["a"]+noted["b"] != len(notes) {
		k.t.Errorf("%v notes were counted, and %d are there", noted, len(notes))
	}
}

// judgeStreams: the lines of each stream are there from the first on without a
// gap, and each was counted once.
func (k *killing) judgeStreams(n *process, event, set, sum string) {
	sets, _ := tryRead[map[string][]uint64](k.ctx, n, set)
	sums, _ := tryRead[map[string]uint64](k.ctx, n, sum)
	for _, st := range k.streams {
		if st.event != event {
			continue
		}
		lines := sets[st.name]
		k.t.Logf("%s: %d lines there, %d acknowledged", st.name, len(lines), st.acked)
		if sums[st.name] != uint64(len(lines)) {
			k.t.Errorf("%s: %d lines are there, and %d were counted", st.name, len(lines), sums[st.name])
		}
		have := setOf(lines)
		for line := uint64(1); line <= max(st.acked, uint64(len(lines))); line++ {
			if !have[line] {
				k.t.Errorf("%s: line %d is lost", st.name, line)
				break
			}
		}
	}
}
