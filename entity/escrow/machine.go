package escrow

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
)

// Waits and bounds.
const (
	askAfter    = 500 * causal.Millisecond // an ask unanswered for so long is taken for a no
	arriveAfter = 2 * causal.Second        // what was given and has not come by then is not awaited
	relayAfter  = 2 * causal.Second        // a search for others ends then
	restMin     = 100 * causal.Millisecond // a cell rests so long when a search has failed, and twice as long each time
	restMax     = 10 * causal.Second
	aheadEvery  = causal.Second // a cell is asked for ahead of demand at most so often

	searchesMax = 4096 // cells that are searched for at a time: no further search begins
	askersMax   = 64   // others that wait for one search: a further one is answered no
	restsMax    = 8192 // cells that rest: the one that has rested longest is forgotten
	hopsMax     = 2    // links that an ask goes beyond the first
)

// Books tells the machine who holds what, as far as is known here.
type Books interface {
	// Held returns what this node holds at a cell.
	Held(c Cell) int64

	// Known returns what a replica holds.
	Known(c Cell, r causal.ReplicaID) int64

	// Others returns what all others hold together.
	Others(c Cell) int64
}

// Machine moves rights. New is its only door.
type Machine struct {
	books    Books
	peers    []causal.ReplicaID // linked, in order
	searches map[Cell]*search
	rests    map[Cell]rest // where a search has failed
	out      Output
}

// search is the asking for rights at one cell.
type search struct {
	need   int64          // of runs here: as many are reserved; 0: of others alone, or ahead of demand
	until  causal.Instant // it ends then
	hops   uint8          // that its asks may go further
	tried  []causal.ReplicaID
	asked  *causal.ReplicaID // who is asked now
	next   causal.Instant    // asked: when that is taken for a no; otherwise, if not 0, when what was given is awaited no more
	before int64             // what was held when that was given
	hasGot bool              // somebody has given since all were tried
	askers []asker
}

// asker is a neighbour that has asked and waits.
type asker struct {
	peer causal.ReplicaID
	need int64
}

// rest is a pause after searches that failed.
type rest struct {
	until     causal.Instant
	times     int
	others    int64 // what all others held then: with more it begins again
	isOfAhead bool  // it holds back only who asks ahead of demand
}

// Output is what one Drain gives.
type Output struct {
	Messages []Message
	Gives    []Give
	Failed   []Cell // nobody gives: runs that wait for these lack rights
}

// Message goes to a neighbour.
type Message struct {
	To   causal.ReplicaID
	Body []byte
}

// Give is to be written into the space of its cell.
type Give struct {
	Cell Cell
	To   causal.ReplicaID
	N    int64
}

// New returns a machine that knows nobody.
func New(books Books) *Machine {
	return &Machine{books: books, searches: map[Cell]*search{}, rests: map[Cell]rest{}}
}

// LinkUp says that a peer can be asked.
func (m *Machine) LinkUp(peer causal.ReplicaID) {
	if i, ok := slices.BinarySearchFunc(m.peers, peer, causal.ReplicaID.Compare); !ok {
		m.peers = slices.Insert(m.peers, i, peer)
		clear(m.rests)
	}
}

// LinkDown says that a peer can't be asked any more.
func (m *Machine) LinkDown(now causal.Instant, peer causal.ReplicaID) {
	m.peers = slices.DeleteFunc(m.peers, func(id causal.ReplicaID) bool { return id == peer })
	for _, c := range m.cells() {
		s := m.searches[c]
		s.askers = slices.DeleteFunc(s.askers, func(a asker) bool { return a.peer == peer })
		if s.asked != nil && *s.asked == peer {
			m.refused(now, c, s)
		}
	}
}

// Seek asks for rights until this node holds need of them. It is false where
// nobody can be asked, or nobody holds any, or somebody was asked moments ago.
func (m *Machine) Seek(now causal.Instant, c Cell, need int64, until causal.Instant) bool {
	s := m.searches[c]
	if s == nil {
		if m.books.Others(c) <= 0 || !m.mayBegin(now, c) {
			return false
		}
		s = &search{hops: hopsMax}
		m.searches[c] = s
	}
	s.need, s.until, s.hops = max(s.need, need), max(s.until, until), hopsMax
	if s.asked == nil && s.next == 0 {
		m.ask(now, c, s)
	}
	return m.searches[c] != nil
}

// Ahead asks for rights before they are needed, where this node holds less
// than a quarter of its share of those that it and its neighbours hold.
func (m *Machine) Ahead(now causal.Instant, c Cell) {
	if r := m.rests[c]; m.searches[c] != nil || now < r.until || !m.mayBegin(now, c) {
		return
	}
	held := m.books.Held(c)
	sum := held
	for _, peer := range m.peers {
		sum += max(m.books.Known(c, peer), 0)
	}
	if held*4 >= sum/int64(len(m.peers)+1) {
		return
	}
	s := &search{until: now + relayAfter}
	m.searches[c] = s
	m.rest(c, rest{until: now + aheadEvery, isOfAhead: true})
	m.ask(now, c, s)
}

// mayBegin reports whether a search may begin at a cell.
func (m *Machine) mayBegin(now causal.Instant, c Cell) bool {
	r, rests := m.rests[c]
	isResting := rests && !r.isOfAhead && now < r.until && m.books.Others(c) <= r.others
	return len(m.peers) > 0 && len(m.searches) < searchesMax && !isResting
}

// Need says how many rights the runs lack that still wait at a cell: so many
// are reserved.
func (m *Machine) Need(now causal.Instant, c Cell, need int64) {
	if s := m.searches[c]; s != nil {
		s.need = need
		m.tend(now, c, s)
	}
}

// Stir says that who holds the rights of a cell has changed.
func (m *Machine) Stir(now causal.Instant, c Cell) {
	if s := m.searches[c]; s != nil {
		m.tend(now, c, s)
	}
}

// tend gives to those who wait, and goes on or ends.
func (m *Machine) tend(now causal.Instant, c Cell, s *search) {
	free := m.free(c, s)
	for len(s.askers) > 0 && free > 0 {
		a := s.askers[0]
		s.askers = s.askers[1:]
		n := share(free, a.need)
		free -= n
		m.out.Gives = append(m.out.Gives, Give{c, a.peer, n})
	}
	hasCome := s.asked == nil && s.next != 0 && m.books.Held(c) > s.before
	switch {
	case free >= 0 && len(s.askers) == 0:
		delete(m.searches, c)
		if s.need > 0 {
			delete(m.rests, c)
		}
	case hasCome:
		m.ask(now, c, s)
	}
}

// free returns how many rights may be given away: not those that runs wait for,
// nor those that are being given.
func (m *Machine) free(c Cell, s *search) int64 {
	free := m.books.Held(c)
	if s != nil {
		free -= s.need
	}
	for _, g := range m.out.Gives {
		if g.Cell == c {
			free -= g.N
		}
	}
	return free
}

// share is what who holds free rights gives to one who needs some: half, or
// what is needed if that is more.
func share(free, need int64) int64 { return max(free-free/2, min(need, free)) }

// Receive takes a message of a neighbour. An error says that it is malformed.
func (m *Machine) Receive(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	b, err := Decode(body)
	if err != nil {
		return err
	}
	switch b := b.(type) {
	case Ask:
		m.asked(now, peer, &b)
	case Answer:
		m.answered(now, peer, &b)
	}
	return nil
}

// asked gives, asks on, or says no.
func (m *Machine) asked(now causal.Instant, peer causal.ReplicaID, a *Ask) {
	s := m.searches[a.Cell]
	if n := offer(m.free(a.Cell, s), a); n > 0 {
		m.out.Gives = append(m.out.Gives, Give{a.Cell, peer, n})
		return
	}
	if a.Need == 0 || a.Hops == 0 || m.books.Others(a.Cell)-max(m.books.Known(a.Cell, peer), 0) <= 0 || !m.relay(now, peer, a, s) {
		m.answer(peer, a.Cell, 0)
	}
}

// offer returns how many of the free rights an asker is given.
func offer(free int64, a *Ask) int64 {
	switch {
	case free <= 0:
		return 0
	case a.Need > 0:
		return share(free, int64(a.Need))
	}
	return (free - int64(a.Held)) / 2
}

// relay searches on behalf of an asker.
func (m *Machine) relay(now causal.Instant, peer causal.ReplicaID, a *Ask, s *search) bool {
	if s == nil {
		if !m.mayBegin(now, a.Cell) {
			return false
		}
		s = &search{hops: min(a.Hops-1, hopsMax), until: now + relayAfter}
		m.searches[a.Cell] = s
	}
	if len(s.askers) >= askersMax {
		return false
	}
	s.askers = append(s.askers, asker{peer, int64(a.Need)})
	if !slices.Contains(s.tried, peer) {
		s.tried = append(s.tried, peer)
	}
	if s.asked == nil && s.next == 0 {
		m.ask(now, a.Cell, s)
	}
	return true // if nobody could be asked, the failed search has said no
}

// answered heeds an answer to what is asked now.
func (m *Machine) answered(now causal.Instant, peer causal.ReplicaID, a *Answer) {
	s := m.searches[a.Cell]
	switch {
	case s == nil || s.asked == nil || *s.asked != peer:
	case a.Given == 0:
		m.refused(now, a.Cell, s)
	default:
		s.asked, s.next, s.hasGot = nil, now+arriveAfter, true
		m.tend(now, a.Cell, s) // the part may have come before the answer
	}
}

// refused goes on to the next neighbour.
func (m *Machine) refused(now causal.Instant, c Cell, s *search) {
	s.tried = append(s.tried, *s.asked)
	m.ask(now, c, s)
}

// ask asks who holds most of those not tried yet, or fails.
func (m *Machine) ask(now causal.Instant, c Cell, s *search) {
	s.asked, s.next = nil, 0
	best, ok := m.best(c, s)
	if !ok && s.hasGot {
		s.hasGot, s.tried = false, nil
		for _, a := range s.askers {
			s.tried = append(s.tried, a.peer)
		}
		best, ok = m.best(c, s)
	}
	if !ok {
		m.fail(now, c, s)
		return
	}
	held := m.books.Held(c)
	need := s.need - held
	for _, a := range s.askers {
		need += a.need
	}
	s.asked, s.next, s.before = &best, now+askAfter, held
	m.out.Messages = append(m.out.Messages, Message{best, Ask{c, uint64(min(max(need, 0), amountMax)), uint64(max(held, 0)), s.hops}.AppendTo(nil)})
}

// best returns the neighbour to ask next. Ahead of demand only those are asked
// that hold more than this node.
func (m *Machine) best(c Cell, s *search) (best causal.ReplicaID, ok bool) {
	least := int64(0)
	if s.need == 0 && len(s.askers) == 0 {
		least = m.books.Held(c) + 2
	}
	most := int64(-1)
	for _, peer := range m.peers {
		known := max(m.books.Known(c, peer), 0)
		if known > most && known >= least && !slices.Contains(s.tried, peer) {
			best, most, ok = peer, known, true
		}
	}
	return best, ok
}

// fail ends a search in vain.
func (m *Machine) fail(now causal.Instant, c Cell, s *search) {
	delete(m.searches, c)
	times := m.rests[c].times
	m.rest(c, rest{until: now + min(causal.Instant(restMin)<<min(times, 10), restMax), times: times + 1, others: m.books.Others(c)})
	for _, a := range s.askers {
		m.answer(a.peer, c, 0)
	}
	if s.need > 0 {
		m.out.Failed = append(m.out.Failed, c)
	}
}

// rest lets a cell rest. At the bound the one whose rest ends first is forgotten.
func (m *Machine) rest(c Cell, r rest) {
	if _, rests := m.rests[c]; !rests && len(m.rests) >= restsMax {
		cells := order.Sorted(maps.Keys(m.rests), Cell.Compare)
		delete(m.rests, slices.MinFunc(cells, func(a, b Cell) int { return cmp.Compare(m.rests[a].until, m.rests[b].until) }))
	}
	m.rests[c] = r
}

// Given says what became of a Give: n rights were written, or none.
func (m *Machine) Given(g Give, n int64) { m.answer(g.To, g.Cell, n) }

func (m *Machine) answer(to causal.ReplicaID, c Cell, n int64) {
	m.out.Messages = append(m.out.Messages, Message{to, Answer{c, uint64(n)}.AppendTo(nil)})
}

// Wake does what is due.
func (m *Machine) Wake(now causal.Instant) {
	for _, c := range m.cells() {
		switch s := m.searches[c]; {
		case now >= s.until:
			m.fail(now, c, s)
		case s.next == 0 || now < s.next:
		case s.asked != nil:
			m.refused(now, c, s)
		default:
			m.ask(now, c, s)
		}
	}
}

// Deadline returns when Wake wants to be called.
func (m *Machine) Deadline() (at causal.Instant, ok bool) {
	for _, s := range m.searches {
		next := s.until
		if s.next > 0 {
			next = min(next, s.next)
		}
		if !ok || next < at {
			at, ok = next, true
		}
	}
	return at, ok
}

// Drain hands out what has gathered.
func (m *Machine) Drain() Output {
	out := m.out
	m.out = Output{}
	return out
}

// Open returns how many searches are under way.
func (m *Machine) Open() int { return len(m.searches) }

func (m *Machine) cells() []Cell { return order.Sorted(maps.Keys(m.searches), Cell.Compare) }

// Compare orders cells.
func (c Cell) Compare(o Cell) int {
	return cmp.Or(c.Space.Compare(o.Space), strings.Compare(c.Database, o.Database), strings.Compare(c.Key, o.Key))
}
