package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/martinelli-lang/martinelli/internal/freeport"
)

// The README's story with real processes: three nodes, impressions raised at
// all three while one is killed with -9 and another is cut off; both return.
const (
	storyBudget      = 500
	storyImpressions = 12_000 // at each node
	patience         = 2 * time.Minute
)

func TestThreeNodesOneKilledOneCutOff(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	budgeted := strings.Replace(program, "50_000", fmt.Sprint(storyBudget), 1)
	if budgeted == program {
		t.Fatal("the program has no budget of 50_000")
	}
	s := newStory(ctx, cancel, t, budgeted)
	a := s.start("a", "")
	join := a.join
	b := s.start("b", join)
	c := s.start("c", s.token(a))
	s.raise(a, "load", catalogue())
	s.raise(a, "sign", contracts())
	s.until("all nodes have all ads", func() bool {
		return s.all(func(n *process) bool { return len(s.ads(n)) == adCount })
	})
	s.audit(a, b, c)

	var loads sync.WaitGroup
	for i, n := range s.nodes {
		loads.Go(func() { s.loadAll(n, uint64(i+1)) })
	}
	s.until("b has taken a third", func() bool { return s.mark(b) > storyImpressions/3 })
	b.kill()
	s.cut()
	s.until("a and c have lost each other", func() bool { return s.state(a, "c") == "down" && s.state(c, "a") == "down" })
	s.heal()
	s.restart(b)
	loads.Wait()

	truth := s.truth()
	for _, n := range s.nodes {
		s.until("node "+n.name+" shows every impression", func() bool { return maps.Equal(s.counters(n), truth) })
	}
	over := 0
	for _, n := range s.nodes {
		s.until("node "+n.name+" has removed what is over budget", func() bool {
			over = 0
			for id, count := range truth {
				if count > storyBudget {
					over++
				}
				if _, shown := s.ads(n)[id]; shown != (count <= storyBudget) {
					return false
				}
			}
			return true
		})
	}
	if over < 3 {
		t.Errorf("only %d ads passed their budget: the story shows too little", over)
	}
	t.Logf("%d impressions, %d of %d ads over their budget of %d", 3*storyImpressions, over, adCount, storyBudget)
}

// story is the test's hold on its processes.
type story struct {
	t       *testing.T
	ctx     context.Context
	cancel  context.CancelFunc
	dir     string
	binary  string
	program string
	nodes   []*process
	proxies []*proxy
}

// newStory builds the command and lays a program down for it.
func newStory(ctx context.Context, cancel context.CancelFunc, t *testing.T, program string) *story {
	t.Helper()
	s := &story{t: t, ctx: ctx, cancel: cancel, dir: t.TempDir()}
	s.binary = filepath.Join(s.dir, "martinelli")
	build := exec.CommandContext(ctx, "go", "build", "-o", s.binary, "../../cmd/martinelli")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	s.program = filepath.Join(s.dir, "program.mrt")
	if err := os.WriteFile(s.program, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// process is one node.
type process struct {
	name   string
	args   []string
	cmd    *exec.Cmd
	http   string
	join   string // the address and token it printed for the next
	stderr *bytes.Buffer
}

var (
	consoleLine = regexp.MustCompile(`^console and API: http://([^/]+)/`)
	joinLine    = regexp.MustCompile(`--join (\S+) --token (\S+)`)
)

// start starts a node behind a proxy of its own; join is "HOST:PORT TOKEN" or "".
func (s *story) start(name, join string) *process {
	s.t.Helper()
	p := s.proxy()
	n := &process{name: name, args: []string{
		"run", s.program, "--name", name, "--dir", filepath.Join(s.dir, name),
		"--listen", p.behind, "--advertise", p.front.Addr().String(), "--http", freeAddress(s.t),
	}}
	if address, token, ok := strings.Cut(join, " "); ok {
		n.args = append(n.args, "--join", address, "--token", token)
	}
	s.nodes = append(s.nodes, n)
	s.launch(n)
	s.t.Cleanup(n.kill)
	return n
}

// launch starts the process and reads what it announces.
func (s *story) launch(n *process) {
	s.t.Helper()
	n.stderr = &bytes.Buffer{}
	n.cmd = exec.CommandContext(s.ctx, s.binary, n.args...)
	n.cmd.Stderr = n.stderr
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for address := ""; address == "" || s.isFirst(n) && n.join == ""; {
		if !lines.Scan() {
			s.t.Fatalf("node %s ended early: %s", n.name, n.stderr)
		}
		if m := consoleLine.FindStringSubmatch(lines.Text()); m != nil {
			if address = m[1]; n.http != address {
				n.http = address // a node that comes back is where it was, and may be spoken to meanwhile
			}
		}
		if m := joinLine.FindStringSubmatch(lines.Text()); m != nil {
			n.join = m[1] + " " + m[2]
		}
	}
	go io.Copy(io.Discard, out)
}

func (s *story) isFirst(n *process) bool { return n == s.nodes[0] }

// kill is kill -9.
func (n *process) kill() {
	if n.cmd.ProcessState == nil {
		n.cmd.Process.Signal(syscall.SIGKILL)
		n.cmd.Wait()
	}
}

// restart starts a killed node again by its directory alone.
func (s *story) restart(n *process) {
	s.t.Helper()
	if i := slices.Index(n.args, "--join"); i >= 0 {
		n.args = n.args[:i]
	}
	s.launch(n)
}

// token asks the first node for another token.
func (s *story) token(first *process) string {
	s.t.Helper()
	address, _, _ := strings.Cut(first.join, " ")
	out, err := exec.CommandContext(s.ctx, s.binary, "token", "--dir", filepath.Join(s.dir, first.name), "--http", first.http).Output()
	if err != nil {
		s.t.Fatalf("token: %v", err)
	}
	return address + " " + strings.TrimSpace(string(out))
}

func (s *story) raise(n *process, event string, args any) {
	s.t.Helper()
	body, err := json.Marshal(args)
	if err == nil {
		_, err = client.New(n.http).Raise(s.ctx, event, body, "", 0, "")
	}
	if err != nil {
		s.t.Fatalf("raise %s at %s: %v", event, n.name, err)
	}
}

// loadAll says "martinelli raise --file" until all of the node's file is acknowledged.
func (s *story) loadAll(n *process, seed uint64) {
	file := filepath.Join(s.dir, fmt.Sprintf("shown-%d.ndjson", seed))
	var lines bytes.Buffer
	if err := writeImpressions(&lines, storyImpressions, seed); err != nil {
		s.t.Error(err)
		return
	}
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		s.t.Error(err)
		return
	}
	for s.ctx.Err() == nil {
		out, err := exec.CommandContext(s.ctx, s.binary, "raise", "shown", "--file", file, "--stream", "shown", "--http", n.http).CombinedOutput()
		if err == nil {
			return
		}
		s.t.Logf("loading at %s stopped, and goes on: %s", n.name, bytes.TrimSpace(out))
		s.until("node "+n.name+" answers again", func() bool {
			_, err := client.New(n.http).Status(s.ctx)
			return err == nil
		})
	}
}

// truth counts the impressions in all files.
func (s *story) truth() map[string]int64 {
	counts := map[string]int64{}
	for seed := range s.nodes {
		z := newZipf(uint64(seed + 1))
		for range storyImpressions {
			counts[adName(z.rank())]++
		}
	}
	return counts
}

// audit watches every node until the test ends: no replica ever shows an ad
// removed whose counter it shows at or below its budget. The counter is read
// after the ads; as it only grows, a reading in between can't accuse wrongly.
func (s *story) audit(nodes ...*process) {
	ctx, stop := context.WithCancel(s.ctx)
	var audits sync.WaitGroup
	for _, n := range nodes {
		audits.Go(func() {
			for ctx.Err() == nil {
				shown, ok := tryRead[[]ad](ctx, n, "ads")
				counts, ok2 := tryRead[map[string]int64](ctx, n, "counters")
				if !ok || !ok2 {
					continue
				}
				present := map[string]bool{}
				for _, a := range shown {
					present[a.ID] = true
				}
				for rank := range adCount {
					if id := adName(rank); !present[id] && counts[id] <= storyBudget {
						s.t.Errorf("node %s shows %s removed at %d impressions", n.name, id, counts[id])
						return
					}
				}
			}
		})
	}
	s.t.Cleanup(func() { stop(); audits.Wait() })
}

func tryRead[T any](ctx context.Context, n *process, name string) (v T, ok bool) {
	raw, err := client.New(n.http).Read(ctx, name, nil)
	return v, err == nil && json.Unmarshal(raw, &v) == nil
}

func (s *story) ads(n *process) map[string]ad {
	list, _ := tryRead[[]ad](s.ctx, n, "ads")
	byID := map[string]ad{}
	for _, a := range list {
		byID[a.ID] = a
	}
	return byID
}

func (s *story) counters(n *process) map[string]int64 {
	counts, _ := tryRead[map[string]int64](s.ctx, n, "counters")
	return counts
}

func (s *story) mark(n *process) uint64 {
	mark, _ := client.New(n.http).Mark(s.ctx, "shown")
	return mark
}

// state is what one node thinks of another.
func (s *story) state(of *process, name string) string {
	raw, err := client.New(of.http).Status(s.ctx)
	var status struct {
		Members []struct{ Name, State string }
	}
	if err != nil || json.Unmarshal(raw, &status) != nil {
		return ""
	}
	for _, m := range status.Members {
		if m.Name == name {
			return m.State
		}
	}
	return ""
}

func (s *story) all(holds func(*process) bool) bool {
	return !slices.ContainsFunc(s.nodes, func(n *process) bool { return !holds(n) })
}

// until asks again and again until it is so. Where it never is, the story
// ends: everything waits on its context.
func (s *story) until(what string, isSo func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !isSo() {
		if time.Now().After(deadline) || s.ctx.Err() != nil {
			s.t.Errorf("waited in vain until %s", what)
			s.cancel()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// proxy carries the links of one node, until they are cut.
type proxy struct {
	front  net.Listener
	behind string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func (s *story) proxy() *proxy {
	s.t.Helper()
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	p := &proxy{front: front, behind: freeAddress(s.t), conns: map[net.Conn]bool{}}
	s.proxies = append(s.proxies, p)
	go p.serve()
	s.t.Cleanup(func() { front.Close(); p.setCut(true) })
	return p
}

func (p *proxy) serve() {
	for {
		in, err := p.front.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.behind)
		if err != nil || !p.carry(in, out) {
			in.Close()
			if out != nil {
				out.Close()
			}
		}
	}
}

// carry copies both ways until either end closes; false while cut.
func (p *proxy) carry(in, out net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	p.conns[in], p.conns[out] = true, true
	pipe := func(to, from net.Conn) {
		io.Copy(to, from)
		to.Close()
		from.Close()
		p.mu.Lock()
		delete(p.conns, to)
		delete(p.conns, from)
		p.mu.Unlock()
	}
	go pipe(in, out)
	go pipe(out, in)
	return true
}

func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	for c := range p.conns {
		if cut {
			c.Close()
		}
	}
}

// cut ends every link: with b dead, it cuts c off from a.
func (s *story) cut() {
	for _, p := range s.proxies {
		p.setCut(true)
	}
}

func (s *story) heal() {
	for _, p := range s.proxies {
		p.setCut(false)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}
