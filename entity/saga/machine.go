package saga

import (
	"container/heap"
	"strconv"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Limits are the named bounds of a machine. A zero field takes its default.
type Limits struct {
	UnderWayMax int            // sagas under way: more are Busy (default 4,096)
	TriesMax    int            // tries of a step that fail before the saga gives it up (default 8)
	RetryAfter  causal.Instant // from the first failure to the second try; then twice as long each time (default 1 s)
	RetryMax    causal.Instant // the longest wait between two tries (default 10 min)
	EndedMax    int            // sagas whose outcome is kept: of more the oldest is forgotten, and its key is free (default 1,048,576)
}

// WithDefaults returns the limits with every zero replaced.
func (l Limits) WithDefaults() Limits {
	if l.UnderWayMax == 0 {
		l.UnderWayMax = 4096
	}
	if l.TriesMax == 0 {
		l.TriesMax = 8
	}
	if l.RetryAfter == 0 {
		l.RetryAfter = causal.Second
	}
	if l.RetryMax == 0 {
		l.RetryMax = 600 * causal.Second
	}
	if l.EndedMax == 0 {
		l.EndedMax = 1 << 20
	}
	return l
}

// Config is what a machine knows of the world.
type Config struct {
	// Steps tells how many steps a block has; false: the program has no such
	// block. What it says of a block never changes in the machine's life.
	Steps   func(block string) (int, bool)
	Limits  Limits
	Planted Planted
}

// Planted are mistakes on purpose, for tests that show that a judge sees them.
type Planted struct {
	UndoesForward bool // what was done first is undone first
}

// Machine keeps the sagas of one home. New is its only door.
type Machine struct {
	cfg   Config
	sagas map[Name]*saga    // under way
	queue queue             // of those the one that goes on next first; those of unknown blocks are not in it
	ended map[digest]string // why it was undone, or ""
	past  past              // the order in which they ended
	words map[string]string // of ended, each once; at most wordsMax
	upTo  map[Name]uint32   // see Planted: how many steps of a saga were done
}

// saga is one under way: it has both of its records.
type saga struct {
	name       Name
	start      Start
	startID    causal.EntryID
	progress   progress
	progressID causal.EntryID
	place      int // in the queue, or -1
}

// digest stands for the name of a saga that has ended: very many are kept.
type digest [20]byte

// New returns a machine that has no saga.
func New(cfg Config) *Machine {
	cfg.Limits = cfg.Limits.WithDefaults()
	return &Machine{cfg: cfg, sagas: map[Name]*saga{}, ended: map[digest]string{}, words: map[string]string{}, upTo: map[Name]uint32{}}
}

// Verdict says what comes of a Begin.
type Verdict uint8

const (
	Fresh   Verdict = iota // it begins, by the change
	Joined                 // it is under way: the outcome will be that of the first
	Known                  // it has ended: the outcome is here
	Unknown                // the program has no such block
	Busy                   // as many are under way as may be
	TooLong                // a name, user or what it begins with is out of bounds
)

// Change is what one commit does to the records of a saga.
type Change struct {
	Entries []causal.Entry
	Removed []causal.EntryID
	Outcome *Outcome // the saga ends with this change
}

// Outcome is what came of a saga.
type Outcome struct {
	Name   Name
	Start  Start  // of the one that ends; zero of a Known one
	Abort  string // why all was undone, a word without colon; "": all was done
	Detail string // a sentence more; "" of one that ended before
}

// Begin decides about the start of a saga.
func (m *Machine) Begin(now causal.Instant, name Name, start Start) (Verdict, Change) {
	if !name.fits() || len(start.User) > UserMax || len(start.Slots) > SlotsMax {
		return TooLong, Change{}
	}
	if o, ok := m.Outcome(name); ok {
		return Known, Change{Outcome: &o}
	}
	switch _, isKnown := m.cfg.Steps(name.Block); {
	case m.sagas[name] != nil:
		return Joined, Change{}
	case !isKnown:
		return Unknown, Change{}
	case len(m.sagas) >= m.cfg.Limits.UnderWayMax:
		return Busy, Change{}
	}
	start.Since = now
	return Fresh, Change{Entries: []causal.Entry{
		{Database: Begun, Key: name.encode(), Value: start.encode()},
		{Database: Progress, Key: name.encode(), Value: progress{At: now}.encode()},
	}}
}

func (n Name) fits() bool { return len(n.Block) <= BlockMax && len(n.Key) <= KeyMax }

// Outcome returns what came of a saga that has ended.
func (m *Machine) Outcome(name Name) (Outcome, bool) {
	abort, ok := m.ended[name.digest()]
	return Outcome{Name: name, Abort: abort}, ok
}

// IsUnderWay reports whether a saga has begun and not ended.
func (m *Machine) IsUnderWay(name Name) bool { return m.sagas[name] != nil }

// Task is a step or an undo that is due.
type Task struct {
	Name  Name
	Start Start
	Step  int
	Undo  bool
	Tries int // that failed before
}

// Next returns what is due, what has waited longest first. It returns the same
// until a change of that saga is heeded.
func (m *Machine) Next(now causal.Instant) (Task, bool) {
	if len(m.queue) == 0 || m.queue[0].progress.At > now {
		return Task{}, false
	}
	s := m.queue[0]
	p := s.progress
	return Task{Name: s.name, Start: s.start, Step: m.stepOf(s), Undo: p.Phase == undoing, Tries: int(p.Tries)}, true
}

// Postpone lets a task that Next returned be due at another time, in this life
// of the machine: it waits for something that is under way. A task that its
// saga is not at any more is ignored.
func (m *Machine) Postpone(t Task, until causal.Instant) {
	s := m.sagas[t.Name]
	if s == nil || s.place < 0 || m.stepOf(s) != t.Step || (s.progress.Phase == undoing) != t.Undo {
		return
	}
	s.progress.At = until
	heap.Fix(&m.queue, s.place)
}

// stepOf is the step a saga is at.
func (m *Machine) stepOf(s *saga) int {
	if m.cfg.Planted.UndoesForward && s.progress.Phase == undoing {
		return max(0, int(m.upTo[s.name])-1-int(s.progress.Step))
	}
	return int(s.progress.Step)
}

// Done says that a task's run has had its effect, in the commit that the
// change goes into.
func (m *Machine) Done(now causal.Instant, t Task) Change {
	s := m.at(t)
	p := s.progress
	p.Tries, p.At, p.Said = 0, now, ""
	if p.Phase == undoing {
		return m.unwind(s, p)
	}
	p.Step++
	if n, _ := m.cfg.Steps(t.Name.Block); int(p.Step) >= n {
		return m.end(s, "", "")
	}
	return m.turn(s, p)
}

// Aborted says that a step has aborted: what was done before it is to be
// undone. An undo that aborts has failed.
func (m *Machine) Aborted(now causal.Instant, t Task, why, detail string) Change {
	s := m.at(t)
	if t.Undo {
		return m.Failed(now, t, detail)
	}
	if m.cfg.Planted.UndoesForward {
		m.upTo[t.Name] = s.progress.Step
	}
	return m.unwind(s, progress{Phase: undoing, Step: s.progress.Step, At: now, Abort: cut(why, AbortMax), Detail: cut(detail, DetailMax)})
}

// Failed says that a run came to nothing and may come to something another
// time: it is tried again, ever more seldom. A step that has failed
// Limits.TriesMax times aborts the saga with the reason "import"; an undo is
// tried for ever.
func (m *Machine) Failed(now causal.Instant, t Task, detail string) Change {
	s := m.at(t)
	p := s.progress
	p.Tries++
	if !t.Undo && int(p.Tries) >= m.cfg.Limits.TriesMax {
		return m.Aborted(now, t, AbortImport, strconv.Itoa(int(p.Tries))+" tries failed, the last with: "+detail)
	}
	p.At, p.Said = now+m.wait(p.Tries), cut(detail, DetailMax)
	return m.turn(s, p)
}

// AbortImport is why a saga is undone one of whose steps could not be done.
const AbortImport = "import"

// at returns the saga of a task, which no other change may have moved on.
func (m *Machine) at(t Task) *saga {
	s := m.sagas[t.Name]
	if s == nil || m.stepOf(s) != t.Step || (s.progress.Phase == undoing) != t.Undo {
		panic("saga: a task is answered that is not the one its saga is at")
	}
	return s
}

// unwind goes from the step at which p stands to the one before it, if there is one.
func (m *Machine) unwind(s *saga, p progress) Change {
	if p.Step == 0 {
		return m.end(s, p.Abort, p.Detail)
	}
	p.Step--
	return m.turn(s, p)
}

// wait is how long to wait after so many failures.
func (m *Machine) wait(tries uint32) causal.Instant {
	wait := m.cfg.Limits.RetryAfter
	for i := uint32(1); i < tries && wait < m.cfg.Limits.RetryMax; i++ {
		wait *= 2
	}
	return min(wait, m.cfg.Limits.RetryMax)
}

// turn replaces how far a saga is.
func (m *Machine) turn(s *saga, p progress) Change {
	return Change{
		Entries: []causal.Entry{{Database: Progress, Key: s.name.encode(), Value: p.encode()}},
		Removed: []causal.EntryID{s.progressID},
	}
}

// end puts the outcome in the place of the records.
func (m *Machine) end(s *saga, abort, detail string) Change {
	return Change{
		Entries: []causal.Entry{{Database: Ended, Key: s.name.encode(), Value: abort}},
		Removed: append([]causal.EntryID{s.startID, s.progressID}, m.forget()...),
		Outcome: &Outcome{Name: s.name, Start: s.start, Abort: abort, Detail: detail},
	}
}

// forget makes room for the outcome of one that ends: it forgets the oldest ones
// beyond Limits.EndedMax, two at a time where there were more allowed before, and
// returns their entries.
func (m *Machine) forget() (gone []causal.EntryID) {
	for len(gone) < 2 && len(m.ended) >= m.cfg.Limits.EndedMax && len(m.past.list) > 0 {
		oldest := m.past.pop()
		delete(m.ended, oldest.name)
		gone = append(gone, oldest.id)
	}
	return gone
}

func (n Name) digest() (d digest) {
	hash := blake2b.Sum256([]byte(n.encode()))
	copy(d[:], hash[:])
	return d
}

// Deadline returns when Next has something; false: not before something is heeded.
func (m *Machine) Deadline() (causal.Instant, bool) {
	if len(m.queue) == 0 {
		return 0, false
	}
	return m.queue[0].progress.At, true
}

// queue is a heap of sagas, the one that goes on first at the top.
type queue []*saga

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	switch {
	case a.progress.At != b.progress.At:
		return a.progress.At < b.progress.At
	case a.name.Block != b.name.Block:
		return a.name.Block < b.name.Block
	}
	return a.name.Key < b.name.Key
}
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}
func (q *queue) Push(x any) {
	s := x.(*saga)
	s.place = len(*q)
	*q = append(*q, s)
}
func (q *queue) Pop() any {
	old := *q
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	s.place = -1
	return s
}

var _ heap.Interface = (*queue)(nil)
