package sim

import (
	"math/rand/v2"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/sim/audit/causality"
	"github.com/martinelli-lang/martinelli/value"
)

// rooms is a program whose every run leaves a number of its own in each room
// it writes: among the marks, which nobody removes, and among the items. So
// what is visible somewhere is told by what is shown there, and not by the
// names that parts have.
const rooms = `
database :marks, gset<int>, :by => :room, :replicated => :room
database :items, set<int>,  :by => :room, :replicated => :room

on_put do |a: id, n: int|
  marks[a].add(n)
  items[a].add(n)
end
on_both do |a: id, b: id, n: int|
  marks[a].add(n)
  items[a].add(n)
  marks[b].add(n)
  items[b].add(n)
end
on_copy do |a: id, c: id, n: int|
  tentatively do
    if n in marks[c]
      abort :there
    end
  end
  marks[a].add(n)
  items[a].add(n)
end
on_blend do |a: id, b: id, c: id, n: int|
  tentatively do
    if n in items[c]
      abort :there
    end
  end
  marks[a].add(n)
  items[a].add(n)
  marks[b].add(n)
  items[b].add(n)
end
on_take do |a: id, old: int, n: int|
  items[a].remove(old)
  marks[a].add(n)
  items[a].add(n)
end
`

// recorder lets clients work at the machines of a world, from sessions that
// move between them, and tells a causality.Checker what they observe.
type recorder struct {
	isStarting bool // a machine is, and is being asked what it shows
	w          *World
	checker    *causality.Checker
	die        *rand.Rand
	names      []string                              // of the rooms
	spaces     map[causal.SpaceID]int                // numbers of the rooms, as they are met
	runs       map[int]*run                          // by the number they leave
	items      map[int]map[causal.Ref]map[uint32]int // by room: the numbers of entries
	clients    []*client
	pause      causal.Instant
	isOver     bool
}

// run is one that is under way, or done.
type run struct {
	reads  []int
	before causality.Context
	after  causality.Context
}

// client is one session.
type client struct {
	home  int
	token []byte
	seen  causality.Context
	at    *Machine // that has to answer; nil: none
}

// newRecorder watches a world of machines that are not started yet.
func newRecorder(w *World, roomCount, clients int, pause causal.Instant) *recorder {
	r := &recorder{w: w, die: die(w.cfg.Seed, "recorder"), spaces: map[causal.SpaceID]int{}, runs: map[int]*run{}, items: map[int]map[causal.Ref]map[uint32]int{}, pause: pause}
	var sites []causality.Site
	for _, m := range w.machines {
		sites = append(sites, causality.Site{Name: m.name})
	}
	r.checker = causality.New(sites...)
	for i := range roomCount {
		name := "r" + string(rune('0'+i))
		r.names = append(r.names, name)
		r.spaces[causal.SpaceOf(cluster, "room="+name)] = i
	}
	for i := range clients {
		r.clients = append(r.clients, &client{home: i % len(w.machines)})
	}
	w.witness = r
	return r
}

// begin lets every client begin after a moment.
func (r *recorder) begin() {
	for _, c := range r.clients {
		r.later(c)
	}
}

func (r *recorder) later(c *client) {
	r.w.after(causal.Instant(r.die.Int64N(2*int64(r.pause)+1)), func() { r.act(c) })
}

// act lets a client do its next thing, at home or elsewhere.
func (r *recorder) act(c *client) {
	if r.isOver || len(r.checker.Findings()) > 0 {
		return
	}
	m := r.w.machines[c.home]
	if r.die.IntN(4) == 0 {
		m = r.w.machines[r.die.IntN(len(r.w.machines))]
	}
	switch {
	case !m.Up():
		r.later(c)
	case r.die.IntN(5) == 0:
		r.read(c, m)
	default:
		r.raise(c, m)
	}
}

func (r *recorder) read(c *client, m *Machine) {
	room := r.die.IntN(len(r.names))
	c.at = m
	before := c.seen
	t := m.ask(func(a node.Answer) {
		if a.Committed {
			c.token, c.seen = a.Token, r.checker.Saw(m.index, before, room, numbersOf(a.Reading.Value)...)
		}
		r.next(c)
	})
	q := node.ReadRequest{Name: "marks", Key: []value.Value{value.String(r.names[room])}, Session: c.token}
	m.call(didRead, []byte(q.Name), func(now causal.Instant) { m.node.Read(now, t, q) })
}

func numbersOf(list value.Value) (numbers []int) {
	for _, v := range list.Elems() {
		numbers = append(numbers, int(v.AsInt()))
	}
	return numbers
}

func (r *recorder) next(c *client) {
	c.at = nil
	r.later(c)
}

// raise lets a client run something of which the rooms are known beforehand.
func (r *recorder) raise(c *client, m *Machine) {
	n, p := len(r.runs), r.die.Perm(len(r.names))
	k := &run{before: c.seen}
	r.runs[n] = k
	q := node.RaiseRequest{Event: "put", Session: c.token, Args: []value.Value{value.String(r.names[p[0]])}}
	room := func(i int) { q.Args = append(q.Args, value.String(r.names[p[i%len(p)]])) }
	switch r.die.IntN(6) {
	case 0:
	case 1:
		q.Event = "both"
		room(1)
	case 2:
		q.Event, k.reads = "copy", []int{p[1]}
		room(1)
	case 3, 4:
		q.Event, k.reads = "blend", []int{p[2%len(p)]}
		room(1)
		room(2)
	case 5:
		if old := r.shown(m, "items", p[0]); len(old) > 0 {
			q.Event = "take"
			q.Args = append(q.Args, value.Int(int64(old[r.die.IntN(len(old))])))
		}
	}
	q.Args = append(q.Args, value.Int(int64(n)))
	c.at = m
	m.Raise(q, func(a node.Answer) {
		if a.Committed {
			c.token, c.seen = a.Token, k.after
		}
		r.next(c)
	})
}

// shown returns the numbers that a machine shows of a room.
func (r *recorder) shown(m *Machine, database string, room int) []int {
	reading, ok := m.Read(database, value.String(r.names[room]))
	if !ok {
		return nil
	}
	return numbersOf(reading.Value)
}

func (r *recorder) crashed(m *Machine) {
	for _, c := range r.clients {
		if c.at == m {
			r.next(c)
		}
	}
}

// started tells the checker what a machine shows that is up again. Reading can
// write, where a session has seen a lot: before all is read nothing is compared.
func (r *recorder) started(m *Machine) {
	r.isStarting = true
	defer func() { r.isStarting = false }()
	var pieces []causality.Piece
	for room := range r.names {
		for _, n := range r.shown(m, "marks", room) {
			pieces = append(pieces, causality.Piece{Commit: n, Space: room})
		}
	}
	r.checker.Restarted(m.index, pieces...)
}

// visible tells the checker what a group shows: a run of the machine's own, or
// commits of others.
func (r *recorder) visible(m *Machine, s sight) {
	own := causality.Run{Site: m.index, Commit: -1}
	var others []causality.Piece
	for _, p := range s.group {
		room, isRoom := r.spaces[p.Space]
		n, isRun := r.learn(p, room)
		switch {
		case !isRoom || !isRun:
		case p.Replica != m.id:
			others = append(others, causality.Piece{Commit: n, Space: room})
		default:
			own.Commit = n
			own.Writes = append(own.Writes, room)
			for _, id := range p.Removed {
				own.Removes = append(own.Removes, causality.Piece{Commit: r.numberOf(p.Space, room, id), Space: room})
			}
		}
	}
	if own.Commit >= 0 {
		k := r.runs[own.Commit]
		own.Session, own.Reads = k.before, k.reads
		k.after = r.checker.Commit(own)
	}
	if len(others) > 0 {
		r.checker.Show(m.index, len(s.missing) > 0, others...)
	}
}

// learn returns the number that a part leaves, and remembers its entries.
func (r *recorder) learn(p *causal.Part, room int) (n int, ok bool) {
	for i, e := range p.Entries {
		v, err := value.DecodeAll(e.Value)
		if err != nil || e.Database == causal.ControlDatabase {
			continue
		}
		n, ok = int(v.AsInt()), true
		if r.items[room] == nil {
			r.items[room] = map[causal.Ref]map[uint32]int{}
		}
		if r.items[room][p.Ref()] == nil {
			r.items[room][p.Ref()] = map[uint32]int{}
		}
		r.items[room][p.Ref()][uint32(i)] = n
	}
	return n, ok
}

// numberOf returns the number of an entry; -1 if nobody has seen it.
func (r *recorder) numberOf(space causal.SpaceID, room int, id causal.EntryID) int {
	if n, ok := r.items[room][causal.Ref{Space: space, Dot: id.Dot}][id.Offset]; ok {
		return n
	}
	return -1
}

// settled compares, now and then, what a machine shows with what it should.
func (r *recorder) settled(m *Machine) {
	if r.isStarting {
		return
	}
	if r.die.IntN(40) == 0 {
		r.compare(m)
	}
}

func (r *recorder) compare(m *Machine) {
	for room := range r.names {
		r.checker.Shows(m.index, room, r.shown(m, "items", room)...)
	}
}

// rest ends the history.
func (r *recorder) rest() {
	r.isOver = true
	r.w.Settle(quiet, settleLimit)
	r.checker.Rest()
	for _, m := range r.w.machines {
		if m.Up() {
			r.compare(m)
		}
	}
}
