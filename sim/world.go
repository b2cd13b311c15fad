package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/audit"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// dawn is when every world begins: virtual time has a date, so that a clock
// can be a hundred years off.
const dawn causal.Instant = 1_800_000_000 * causal.Second

// World is an imagined world: machines, the links between them, and what will
// happen. Run plays a whole history in one; tests may move it by hand.
type World struct {
	cfg      Config
	now      causal.Instant
	queue    queue
	history  *history
	machines []*Machine
	writers  []*writer
	net      network
	audit    *audit.Auditor
	witness  witness
	story    *story
	strains  int  // counts what was strained by hand, so that one that is over does nothing any more
	isCloned bool // two machines have one key: the auditor is silent

	callDie  *rand.Rand // how long a function of the host takes, and whether it fails
	diskDie  *rand.Rand // how long a sync takes, what a crash loses
	loadDie  *rand.Rand // what writers do
	auditDie *rand.Rand // when all is compared
	stats    Stats

	heedShown func(*Machine, []node.Shown) // if not nil, is told what a step changed of what a machine shows

	attempt audit.Attempt // the raise a node is at, so that what it mints can be told to be its effect
}

// Stats counts what happened.
type Stats struct {
	Raised, Acknowledged, Aborted, Retried uint64 // events
	Messages, Bytes                        uint64 // sent
	Lost, Repeated, Overtaken, Damaged     uint64 // messages, by faults
	Cut                                    uint64 // messages lost to cuts
	Crashes, WritesLost                    uint64
	Syncs                                  uint64
	Parts, PartsReceived                   uint64 // made, and made visible elsewhere
	PartsArrived                           uint64 // at others, again ones included
	Checkpoints, Installs                  uint64 // checkpoints that agreed with what was there, and that were taken from others
	Late                                   uint64 // groups made visible without all they name
	Repairs, PartsRepaired                 uint64 // exchanges between neighbours, and parts they brought
}

// NewWorld makes the machines of a config; none of them is up yet. It fails
// where the config names a role the program has not.
func NewWorld(cfg Config) (*World, error) {
	cfg = cfg.withDefaults()
	w := &World{
		cfg:      cfg,
		now:      dawn,
		history:  newHistory(),
		witness:  nobody{},
		callDie:  die(cfg.Seed, "calls"),
		diskDie:  die(cfg.Seed, "disk"),
		loadDie:  die(cfg.Seed, "load"),
		auditDie: die(cfg.Seed, "audit"),
	}
	w.story = &story{world: w, to: cfg.Story}
	w.net = network{world: w, die: die(cfg.Seed, "net"), cuts: map[int]fault.Action{}}
	for _, r := range cfg.Roles {
		if err := w.addMachines(r); err != nil {
			return nil, err
		}
	}
	if len(w.machines) == 0 {
		return nil, errors.New("sim: a world needs at least one machine")
	}
	for i, ahead := range fault.Clocks(cfg.Faults, die(cfg.Seed, "clocks"), len(w.machines)) {
		w.machines[i].ahead = ahead
	}
	w.heedShown = cfg.Seen
	w.audit = audit.New(w.watched(), nil)
	if cfg.IsTrial {
		w.audit.Lighten()
	}
	return w, nil
}

// die returns the seed's die for one purpose, so that what one purpose throws
// does not shift another's.
func die(seed uint64, purpose string) *rand.Rand {
	mix := uint64(14695981039346656037) // FNV-1a, to tell purposes apart
	for i := range len(purpose) {
		mix = (mix ^ uint64(purpose[i])) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, mix))
}

func (w *World) addMachines(r Role) error {
	role, ok := w.cfg.Program.Role(r.Name)
	if !ok {
		return fmt.Errorf("sim: the program has no role %q; it has %s", r.Name, roleNames(w.cfg.Program))
	}
	for i := range r.Nodes {
		name := fmt.Sprintf("%s%d", r.Name, i+1)
		if users := w.cfg.Users[r.Name]; i < len(users) {
			name = users[i]
		}
		w.machines = append(w.machines, newMachine(w, len(w.machines), name, role))
	}
	return nil
}

func roleNames(p *plan.Program) string {
	text := ""
	for i, r := range p.Roles {
		if i > 0 {
			text += ", "
		}
		text += r.Name
	}
	return text
}

// home is the space of what is not replicated; elsewhere is every other.
var home = causal.SpaceOf(cluster, plan.HomeSpace)

func elsewhere(space causal.SpaceID) bool { return space != home }

// watched introduces the machines to the auditor. Unreplicated data lives at
// the steward, under the home partition's name.
func (w *World) watched() []audit.Replica {
	list := make([]audit.Replica, len(w.machines))
	for i, m := range w.machines {
		list[i] = audit.Replica{Name: m.name, Authors: []causal.ReplicaID{m.id}, Holds: w.holding(m), MayHold: m.user() != "" && !w.cfg.Program.IsOpen() && !w.cfg.Program.IsPrivate()}
	}
	list[0].Authors = append(list[0].Authors, homeID)
	list[0].Holds = nil
	return list
}

// holding returns which spaces a machine keeps that is not the steward's.
func (w *World) holding(m *Machine) func(causal.SpaceID) bool {
	holding := node.Holding(cluster, w.cfg.Program, m.role.Name, m.user())
	roles := node.Roles(cluster, w.cfg.Program)
	return func(space causal.SpaceID) bool {
		of := roles(space)
		return elsewhere(space) && (of == nil || slices.Contains(of, m.role.Name)) && (holding == nil || holding(space))
	}
}

// Machines returns the machines of the world, in the order of the config.
func (w *World) Machines() []*Machine { return w.machines }

// Now returns how long the world has existed.
func (w *World) Now() causal.Instant { return w.now - dawn }

// Findings returns the promises broken so far.
func (w *World) Findings() []audit.Finding { return w.audit.Findings() }

// Hash returns the hash over all that has happened, in hexadecimal.
func (w *World) Hash() string { return w.history.hash() }

// after plans run for the time that lies wait ahead.
func (w *World) after(wait causal.Instant, run func()) { w.queue.add(w.now+max(wait, 0), run) }

// step lets the next thing happen. It returns false if nothing will.
func (w *World) step() bool {
	e, ok := w.queue.next()
	if !ok {
		return false
	}
	w.now = e.at
	e.run()
	return true
}

// Advance lets everything happen that happens within the next span.
func (w *World) Advance(span causal.Instant) { w.runUntil(w.now+span, func() bool { return false }) }

// Until lets things happen until done holds, at most for limit. It reports
// whether done holds.
func (w *World) Until(limit causal.Instant, done func() bool) bool {
	return w.runUntil(w.now+limit, done)
}

func (w *World) runUntil(end causal.Instant, done func() bool) bool {
	for !done() {
		at, ok := w.queue.peek()
		if !ok || at > end {
			w.now = max(w.now, end)
			return done()
		}
		w.step()
	}
	return true
}

// AtRest reports whether every machine is up and every one has applied every part.
func (w *World) AtRest() bool {
	for _, m := range w.machines {
		if m.node == nil || len(m.held) > 0 {
			return false
		}
	}
	return w.audit.AtRest()
}

// Settle lets the world run without faults until nothing has changed for
// quiet, at most for limit. It reports whether the world came to rest.
func (w *World) Settle(quiet, limit causal.Instant) bool {
	end := w.now + limit
	for w.now < end {
		if !w.runUntil(end, w.AtRest) {
			return false
		}
		parts := w.stats.Parts
		w.Advance(quiet)
		if w.AtRest() && w.stats.Parts == parts && !w.hasSagas() {
			return true
		}
	}
	return false
}

// hasSagas reports whether a saga or a serial block will go on by itself: one that waits to be
// tried again makes no news meanwhile.
func (w *World) hasSagas() bool {
	for _, m := range w.machines {
		if m.node == nil {
			continue
		}
		if s := m.node.Status(); s.Sagas.UnderWay > s.Sagas.Resting || s.Begun > 0 || s.Serial > 0 {
			return true
		}
	}
	return false
}
