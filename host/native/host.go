package native

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/overlay/signal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/trust"
)

// Host is a node in the real world. Open is its only door; its methods may be
// called from any goroutine.
type Host struct {
	cfg         Config
	log         *slog.Logger
	identity    *identity
	tokens      *tokens
	sessions    *sessions
	door        *door
	web         *web // the application's files; nil: none
	revoked     revoked
	self        causal.ReplicaID
	incarnation uint64
	epoch       uint64 // greater after each start
	hello       []byte // the node's first words on a link
	founded     bool   // this start made the cluster

	lock      io.Closer // of the directory
	disk      *diskState
	diskTurn  chan struct{} // held by who writes groups to the disk, or links its files
	backups   chan struct{} // held while a backup is taken
	owner     *owner
	links     *links
	gathering *gathering
	relay     *signal.Relay // of the owner goroutine
	answers   *answers
	modules   *Modules
	callers   *callers
	watches   *watches
	notices   *listeners
	metrics   *metrics

	params map[string][]plan.Param // of each event that has a handler at this role

	listener     net.Listener // of links; nil: none
	httpListener net.Listener // nil: none
	http         *http.Server

	ctx       context.Context // ends when the host is to stop; its cause says why
	cancel    context.CancelCauseFunc
	edge      crew          // goroutines that talk to the world
	ownerDone chan struct{} // the node is closed
	done      chan struct{} // everything is
	err       error         // set before done closes
}

// diskState is the store, and whether it has space.
type diskState struct {
	store.Disk
	full *fullDisk // nil for a store in memory
	dead *fatal    // nil for a store in memory
	size func() uint64
}

func (d *diskState) isFull() bool { return d.full != nil && d.full.full.Load() }

// ErrClosed is why a call fails after Close.
var ErrClosed = errors.New("the node is closed")

// ErrDiskFull refuses writes while the disk has no space. Nothing was done.
var ErrDiskFull = errors.New("the disk is full: nothing was written. Free some space: the node goes on by itself; it still answers reads")

// Open starts a node: it takes the directory, founds or joins a cluster or
// goes on in its own, restores what is there, and then listens. ctx bounds
// the start and, once it ends, stops the node as Close does.
//
// Errors are sentences for people: the directory is in use, the store does
// not end where its head mark says (a *LogError), the token is refused, a port
// is in use, the program has another type for a database, a function breaks
// what the program promises of it (a *PromiseError).
func Open(ctx context.Context, cfg Config) (h *Host, err error) {
	cfg.Name = cmp.Or(cfg.Name, hostName())
	cfg.Role = cmp.Or(cfg.Role, "server")
	cfg.PassTTL = cmp.Or(cfg.PassTTL, PassTTL)
	if cfg.FS == nil {
		cfg.FS = vfs.Default
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = newClock()
	}
	h = &Host{
		cfg:       cfg,
		log:       cfg.Log,
		disk:      &diskState{},
		diskTurn:  make(chan struct{}, 1),
		backups:   make(chan struct{}, 1),
		links:     &links{byPeer: map[causal.ReplicaID]*link{}},
		gathering: &gathering{links: map[gatherKey]*gathered{}},
		sessions:  newSessions(tokenClock),
		door:      newDoor(tokenClock),
		answers:   &answers{await: map[node.Ticket]func(node.Answer){}},
		params:    map[string][]plan.Param{},
		ownerDone: make(chan struct{}),
		done:      make(chan struct{}),
	}
	h.watches = newWatches(h)
	h.notices = newListeners()
	h.metrics = newMetrics(h)
	h.ctx, h.cancel = context.WithCancelCause(ctx)
	if err := h.open(ctx); err != nil {
		h.cancel(err)
		h.abandon()
		return nil, err
	}
	return h, nil
}

// Run opens a node and returns when it has stopped: nil after ctx ended,
// otherwise what stopped it. A node whose replica id is at its end is opened
// again under another one (renew.go). ready is called each time it is open; nil
// calls nothing.
func Run(ctx context.Context, cfg Config, ready func(*Host)) error {
	cfg.renews = cfg.Dir != ""
	for {
		h, err := Open(ctx, cfg)
		if err != nil {
			return err
		}
		if ready != nil {
			ready(h)
		}
		<-h.Done()
		if err := h.Err(); !errors.Is(err, errRenewed) {
			return err
		}
		cfg = h.afterRenewal(cfg)
	}
}

// open does what Open promises, in the order in which it can fail cheapest.
func (h *Host) open(ctx context.Context) error {
	if err := testFuncs(h.cfg.Program, flow.Unnamed(h.cfg.Funcs, h.cfg.Named)); err != nil {
		return err
	}
	files, err := h.takeDir()
	if err != nil {
		return err
	}
	if err := h.bind(); err != nil {
		return err
	}
	if err := h.openWeb(); err != nil {
		return err
	}
	if h.identity, h.founded, err = loadIdentity(ctx, files, &h.cfg); err != nil {
		return err
	}
	if h.tokens, err = loadTokens(files, tokenClock); err != nil {
		return err
	}
	if err := h.openStore(); err != nil {
		return err
	}
	if err := h.openModules(ctx); err != nil {
		return err
	}
	return h.openNode()
}

// openModules compiles the modules of the program, or takes what was compiled before.
func (h *Host) openModules(ctx context.Context) (err error) {
	cache := ""
	if h.cfg.Dir != "" && h.cfg.FS == vfs.Default {
		cache = h.cfg.FS.PathJoin(h.cfg.Dir, cacheDir)
	}
	h.modules, err = OpenModules(ctx, cache, h.cfg.Modules)
	return err
}

// takeDir makes the directory and locks it, so that no other process opens it.
func (h *Host) takeDir() (files, error) {
	dir := h.cfg.Dir
	if dir == "" {
		return newMemFiles(), nil
	}
	if err := makeDir(h.cfg.FS, dir); err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	lock, err := h.cfg.FS.Lock(h.cfg.FS.PathJoin(dir, "LOCK"))
	if err != nil {
		return nil, fmt.Errorf("%s is in use by another process (%w): stop that one, or choose another --dir", dir, err)
	}
	h.lock = lock
	return dirFiles{h.cfg.FS, dir}, nil
}

// openWeb opens what is served to browsers, and judges from where they may come.
func (h *Host) openWeb() (err error) {
	for _, o := range h.cfg.Origins {
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(o); err != nil {
			return fmt.Errorf("--origin %s is no origin, such as https://wine.example: %w", o, err)
		}
	}
	if h.cfg.Web != "" {
		h.web, err = openWeb(h.cfg.Web)
	}
	return err
}

// bind takes the ports, before anything is written: a port in use is the most
// common mistake.
func (h *Host) bind() (err error) {
	if h.cfg.Listen != "" {
		if h.listener, err = listen(h.cfg.Listen, "--listen"); err != nil {
			return err
		}
	}
	if h.cfg.HTTP == "" {
		return nil
	}
	h.httpListener, err = listen(h.cfg.HTTP, "--http")
	return err
}

func (h *Host) openStore() error {
	if h.cfg.Dir == "" {
		h.disk.Disk, h.disk.size = &memDisk{mem: store.NewMem()}, func() uint64 { return 0 }
		return nil
	}
	h.cfg.FS.RemoveAll(h.cfg.FS.PathJoin(h.cfg.Dir, backupDir)) // of a backup that a crash cut off; the next one removes it too
	full := &fullDisk{
		path:    h.cfg.FS.PathJoin(h.cfg.Dir, "probe"),
		closing: make(chan struct{}),
		changed: h.diskFull,
	}
	// Until the store is open this ends the wait for space; then supervise does.
	giveUp := context.AfterFunc(h.ctx, func() { close(full.closing) })
	d, err := openDisk(h.cfg.Dir, diskOptions{fs: full.watch(h.cfg.FS), log: h.log, newReplica: h.cfg.NewReplica, written: h.identity.isStored(), giveUp: h.ctx.Done()})
	isStopped := giveUp()
	if cause := context.Cause(h.ctx); cause != nil {
		if isStopped { // the store heard of the end before the wait did
			close(full.closing)
		}
		return errors.Join(cause, d.Close())
	}
	if err != nil {
		return err
	}
	h.disk.Disk, h.disk.full, h.disk.dead, h.disk.size = d, full, &d.fatal, d.Size
	return nil
}

func (h *Host) diskFull(full bool) {
	if full {
		h.log.Error("the disk is full: writes are refused, reads go on; free some space", "dir", h.cfg.Dir)
		return
	}
	h.log.Info("the disk has space again: writes go on", "dir", h.cfg.Dir)
}

// openNode restores the node and starts the goroutines around it.
func (h *Host) openNode() error {
	if user := userOf(h.identity.cert.Leaf); user != "" && user != h.cfg.User {
		return fmt.Errorf("this directory was admitted as a node of the user %s: run it with --user %s and a role that binds one, or join with another token in a new directory", user, user)
	}
	steward, err := h.identity.steward()
	if err != nil {
		return fmt.Errorf("read %s: %w", identityFile, err)
	}
	former, err := h.identity.former()
	if err != nil {
		return err
	}
	h.self, h.incarnation = h.identity.replica(), h.identity.record.Incarnation
	funcs := h.modules.Funcs(h.cfg.Program, flow.Unnamed(h.cfg.Funcs, h.cfg.Named))
	h.callers = newCallers(funcs, h.cfg.Named, h.called)
	h.relay = signal.NewRelay(h.self)
	now := h.cfg.Clock()
	h.epoch = uint64(max(now, 1))
	n, err := node.Open(now, node.Config{
		Key: h.identity.replicaKey(), Name: h.cfg.Name, Role: h.cfg.Role, User: h.cfg.User, Addr: h.advertised(),
		Cluster: h.identity.cluster(), Steward: steward, HomeKey: h.identity.homeKey(), Former: former,
		Program: h.cfg.Program, Funcs: funcs, Calls: true,
		Disk: h.disk, Seed: newSeed(), Limits: node.Limits{FinalAfter: causal.Instant(h.cfg.FinalAfter)}, Mode: member.Mesh, Peers: h.peers(),
	})
	if err != nil {
		return err
	}
	h.hello = n.Hello()
	for _, handler := range h.cfg.Program.Handlers {
		if p, ok := n.Params(handler.Event); ok {
			h.params[handler.Event] = p
		}
	}
	h.start(n, now)
	return nil
}

// peers returns whom to dial first: who was linked before, and --join, which
// helps where all have moved meanwhile.
func (h *Host) peers() []member.Member {
	peers := h.identity.peers()
	at := h.cfg.Join
	if at == "" || slices.ContainsFunc(peers, func(p member.Member) bool { return p.Addr == at }) {
		return peers
	}
	return append(peers, member.Member{Addr: at})
}

// start sets the goroutines going.
func (h *Host) start(n *node.Node, now causal.Instant) {
	groups := make(chan []output)
	h.owner = &owner{
		node: n, clock: h.cfg.Clock, last: now,
		urgent: make(chan input, UrgentMax), ordinary: make(chan input, InputsMax), quit: make(chan struct{}),
		isFull: h.disk.isFull, links: h.links, notary: newNotary(h.identity.signingKey, h.notarized),
		flush: groups, release: h.release, depth: h.metrics.pending, dead: h.stop, renew: h.renew, revoke: h.heedRevoked,
	}
	f := &flusher{disk: h.disk, groups: groups, release: h.release, wrote: h.metrics.wrote, failed: h.stop, turn: h.diskTurn}
	if !h.identity.isStored() {
		f.first = func() error { return h.disk.whenSpace(h.identity.setStored) }
	}
	h.edge.Go(func() { h.owner.notary.run(h.ctx.Done()) })
	flushed := make(chan struct{})
	go func() {
		defer close(h.ownerDone)
		h.owner.run()
	}()
	go func() {
		defer close(flushed)
		f.run()
	}()
	if h.disk.dead != nil {
		h.edge.Go(h.watchStore)
	}
	if h.listener != nil {
		h.edge.Go(func() { h.accept(h.listener) })
	}
	if h.httpListener != nil {
		h.http = h.newServer()
		h.edge.Go(h.serveHTTP)
	}
	go h.supervise(flushed)
}

// notarized gives the node the answers of the notary.
func (h *Host) notarized(signed []trust.Signed, verified []trust.Verified) bool {
	return h.submit(h.ctx, h.owner.urgent, func(now causal.Instant) {
		h.owner.node.Signed(now, signed)
		h.owner.node.Verified(now, verified)
	}) == nil
}

// watchStore stops the host when the store can't go on: beside a write, which
// says so itself, that can show in a read or in what the store does by itself.
func (h *Host) watchStore() {
	select {
	case <-h.disk.dead.died:
		h.stop(diskError(h.disk.dead.err))
	case <-h.ctx.Done():
	}
}

// supervise stops everything, in order, when the host is to stop: first the
// world is told no more, then the node is closed, then the disk.
func (h *Host) supervise(flushed <-chan struct{}) {
	<-h.ctx.Done()
	h.closeEdge()
	if h.disk.full != nil {
		close(h.disk.full.closing)
	}
	h.callers.close()
	close(h.owner.quit)
	<-h.ownerDone
	<-flushed
	err := errors.Join(h.disk.Close(), h.modules.Close(), h.web.close(), h.renewIdentity())
	if h.lock != nil {
		err = errors.Join(err, h.lock.Close())
	}
	h.err = errors.Join(h.failure(), err)
	close(h.done)
}

// closeEdge ends what talks to the world and waits for its goroutines.
func (h *Host) closeEdge() {
	if h.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if h.http.Shutdown(ctx) != nil {
			h.http.Close()
		}
	}
	if h.listener != nil {
		h.listener.Close()
	}
	h.gathering.dropAll()
	for _, l := range h.links.all() {
		l.close(errors.New("this node shuts down"))
	}
	h.edge.wait()
}

// abandon gives back what an Open that failed had taken.
func (h *Host) abandon() {
	for _, ln := range []net.Listener{h.listener, h.httpListener} {
		if ln != nil {
			ln.Close()
		}
	}
	h.web.close()
	if h.modules != nil {
		h.modules.Close()
	}
	if h.disk.Disk != nil {
		h.disk.Close()
	}
	if h.lock != nil {
		h.lock.Close()
	}
}

// stop stops the host because of err. Only the first one counts.
func (h *Host) stop(err error) {
	h.log.Error(err.Error())
	h.cancel(err)
}

// failure is why the host stopped, or nil where it was asked to.
func (h *Host) failure() error {
	cause := context.Cause(h.ctx)
	if errors.Is(cause, ErrClosed) || errors.Is(cause, context.Canceled) {
		return nil
	}
	return cause
}

// stopped is what a call gets when the host stops under it.
func (h *Host) stopped() error { return errors.Join(ErrClosed, h.failure()) }

// Close stops the node: links and clients are told, what is under way becomes
// durable, the store is closed. It returns what stopped the node, if that was
// not Close. Closing twice is fine.
func (h *Host) Close() error {
	h.cancel(ErrClosed)
	<-h.done
	return h.err
}

// Done is closed when the node has stopped, by Close, by its context or by a failure.
func (h *Host) Done() <-chan struct{} { return h.done }

// Err returns what stopped the node, after Done; nil where it was asked to stop.
func (h *Host) Err() error {
	<-h.done
	return h.err
}

// Self returns the node's replica id.
func (h *Host) Self() causal.ReplicaID { return h.self }

// HTTPAddr returns the address of the API and the console; "" where there is none.
func (h *Host) HTTPAddr() string {
	if h.httpListener == nil {
		return ""
	}
	return h.httpListener.Addr().String()
}

// Web returns the directory whose files are served to browsers; "" where there is none.
func (h *Host) Web() string { return h.cfg.Web }

// LinkAddr returns the address at which peers link; "" where there is none.
func (h *Host) LinkAddr() string {
	if h.listener == nil {
		return ""
	}
	return h.advertised()
}

// advertised is where others dial this node.
func (h *Host) advertised() string {
	if h.cfg.Advertise != "" || h.listener == nil {
		return h.cfg.Advertise
	}
	return h.listener.Addr().String()
}

// Founded reports whether this start made a new cluster.
func (h *Host) Founded() bool { return h.founded }

// NewToken makes a token that admits one node within ttl; 0 takes TokenTTL.
// Only the cluster's first node can.
func (h *Host) NewToken(ttl time.Duration) (string, error) { return h.NewUserToken("", ttl) }

// NewUserToken makes a token that admits one node, and as a node of the user alone: its
// certificate says so. An empty user is NewToken.
func (h *Host) NewUserToken(user string, ttl time.Duration) (string, error) {
	if !h.identity.isSteward() {
		return "", errors.New("only the cluster's first node gives out tokens: ask there")
	}
	t, err := h.tokens.mint(fingerprintOf(h.identity.authority.cert), user, cmp.Or(ttl, TokenTTL))
	if err != nil {
		return "", err
	}
	return t.String(), nil
}
