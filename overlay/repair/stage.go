package repair

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// Where a peer's log does not reach back to what is missing here, its
// checkpoint is taken instead: first what the steward has signed, then the
// vector, the needs and the leaves of the tree of entries, each compared with
// what is signed, then the buckets, each compared with its leaf. So every page
// may come from another peer, and none from a liar is kept. Buckets that are
// here already are not asked for.

// Section says which piece of a checkpoint a page is of.
type Section uint8

const (
	SectionSigned  Section = iota // the record, the steward's id and key
	SectionHeads                  // the vector with hashes and keys
	SectionNeeds                  // references into other spaces
	SectionLeaves                 // of the tree of entries
	SectionBuckets                // the entries
	sections
)

// staging is a checkpoint on its way here.
type staging struct {
	space   causal.SpaceID
	from    causal.ReplicaID // the peer asked
	section Section
	at      uint64 // position in the section
	turn    uint64
	expires causal.Instant // when the peer is given up; meaningful while one is asked
	waits   bool           // for the node: its word on a signature, or its install
	refused map[causal.ReplicaID]bool

	offer  Offer
	heads  []KeyedHead
	needs  []causal.Ref
	leaves []causal.Leaf
	todo   []causal.Leaf // not here yet
	body   []byte        // of the first of todo, as far as it came
}

// Offer is what a steward has signed of a space.
type Offer struct {
	Space  causal.SpaceID
	Key    causal.Key // the steward's
	Record causal.Checkpoint
}

// KeyedHead is a head of a checkpoint's vector with its author's key.
type KeyedHead struct {
	causal.AuthorHead
	Key causal.Key
}

// Outline is all of a checkpoint but its entries; it is what the steward signed.
type Outline struct {
	Offer
	Heads  []KeyedHead
	Needs  []causal.Ref
	Leaves []causal.Leaf
}

// Bucket is the entries of a leaf.
type Bucket struct {
	Space causal.SpaceID
	Leaf  causal.Leaf
	Body  []byte
}

// Untrue says that a peer sent something that was not signed.
type Untrue struct {
	Peer  causal.ReplicaID
	Space causal.SpaceID
	Why   string
}

// Staged is what has come of checkpoints since the last Drain.
type Staged struct {
	Offers   []Offer   // to be answered with Attested
	Outlines []Outline // what came of the space before is to be forgotten
	Buckets  []Bucket
	Whole    []causal.SpaceID // all buckets are here: to be answered with Unstage
	Untrue   []Untrue
}

// stagesMax bounds the checkpoints that are taken at a time; the next exchange
// finds the others.
const stagesMax = 16

// stage begins to take a space's checkpoint from a peer.
func (m *Machine) stage(now causal.Instant, p *peer, space causal.SpaceID) {
	p.lack()
	if m.stages[space] != nil || len(m.stages) >= stagesMax || !m.source.Holds(space) {
		return
	}
	s := &staging{space: space, from: p.id, refused: map[causal.ReplicaID]bool{}}
	m.stages[space] = s
	m.askPage(now, s)
}

// askPage asks for the page that is next.
func (m *Machine) askPage(now causal.Instant, s *staging) {
	p := m.peer(s.from)
	if p == nil {
		m.askOther(now, s)
		return
	}
	s.turn++
	s.expires = now + m.cfg.Patience
	q := Take{Space: s.space, Turn: s.turn, Marker: s.offer.Record.Marker, Section: s.section, At: s.at, Size: p.chunk}
	if s.section == SectionBuckets {
		for _, l := range s.todo[:min(len(s.todo), bucketsMax)] {
			q.Buckets = append(q.Buckets, l.BucketName)
		}
	}
	m.send(p, q)
}

// askOther goes on with the next neighbour that has not sent anything untrue.
// Without one the checkpoint is given up; an exchange begins it again.
func (m *Machine) askOther(now causal.Instant, s *staging) {
	i, found := m.find(s.from)
	if found {
		i++
	}
	for k := range m.peers {
		p := m.peers[(i+k)%len(m.peers)]
		if p.id != s.from && !s.refused[p.id] {
			s.from = p.id
			m.askPage(now, s)
			return
		}
	}
	delete(m.stages, s.space)
}

// untrue drops what a peer sent, and asks others.
func (m *Machine) untrue(now causal.Instant, s *staging, why string) {
	m.staged.Untrue = append(m.staged.Untrue, Untrue{s.from, s.space, why})
	s.refused[s.from] = true
	m.askOther(now, s)
}

// taken takes a page.
func (m *Machine) taken(now causal.Instant, p *peer, msg Taken) {
	s := m.stages[msg.Space]
	if s == nil || s.waits || s.from != p.id || s.turn != msg.Turn {
		return
	}
	m.stats.PagesReceived++
	if msg.Section == SectionSigned {
		m.offered(now, s, msg)
		return
	}
	if msg.Marker != s.offer.Record.Marker || msg.Section != s.section || msg.At != s.at {
		return
	}
	r := wire.NewReader(msg.Body)
	switch s.section {
	case SectionHeads:
		s.heads = append(s.heads, readKeyedHeads(r, s.heads)...)
	case SectionNeeds:
		s.needs = append(s.needs, readNeeds(r)...)
	case SectionLeaves:
		s.leaves = append(s.leaves, readLeaves(r)...)
	case SectionBuckets:
		m.buckets(now, s, r)
		return
	}
	if r.Done() != nil || len(s.heads) > causal.VectorMax || len(s.needs) > needsMax || len(s.leaves) > s.leavesMax() {
		m.untrue(now, s, "a page that can't be read")
		return
	}
	if msg.Next > s.at {
		s.at = msg.Next
		m.askPage(now, s)
		return
	}
	m.endSection(now, s)
}

// leavesMax is how many leaves the vector allows for.
func (s *staging) leavesMax() (n int) {
	for _, h := range s.heads {
		n += int(causal.BucketOf(h.Seq)) + 1
	}
	return n
}

// offered takes what a peer's steward has signed. A peer without a checkpoint
// says nothing.
func (m *Machine) offered(now causal.Instant, s *staging, msg Taken) {
	r := wire.NewReader(msg.Body)
	offer := readOffer(r, s.space)
	switch {
	case len(msg.Body) == 0 || s.offer.Record == offer.Record && s.section > SectionSigned:
		m.askOther(now, s)
	case r.Done() != nil:
		m.untrue(now, s, "a checkpoint that can't be read")
	case s.offer.Record.Marker > offer.Record.Marker && s.offer.Key == offer.Key:
		m.askOther(now, s) // it has an older one
	default:
		s.offer, s.waits = offer, true
		m.staged.Offers = append(m.staged.Offers, offer)
	}
}

// Attested says whether an offer bears the signature of the space's steward.
func (m *Machine) Attested(now causal.Instant, space causal.SpaceID, isGood bool) {
	s := m.stages[space]
	if s == nil || !s.waits {
		return
	}
	s.waits = false
	s.heads, s.needs, s.leaves, s.todo, s.body = nil, nil, nil, nil, nil
	if !isGood {
		s.offer, s.section = Offer{}, SectionSigned
		m.untrue(now, s, "a checkpoint that the steward has not signed")
		return
	}
	s.section, s.at = SectionHeads, 0
	m.askPage(now, s)
}

// endSection compares a section with what is signed, and goes on.
func (m *Machine) endSection(now causal.Instant, s *staging) {
	rec := &s.offer.Record
	isGood := true
	switch s.section {
	case SectionHeads:
		heads := make([]causal.AuthorHead, len(s.heads))
		for i := range s.heads {
			heads[i] = s.heads[i].AuthorHead
		}
		isGood = causal.HashVector(heads) == rec.Vector
	case SectionNeeds:
		isGood = causal.HashNeeds(s.needs) == rec.Needs
	case SectionLeaves:
		isGood = causal.HashEntries(s.leaves) == rec.Entries
	}
	s.at = 0
	if !isGood {
		s.heads, s.needs, s.leaves, s.section = nil, nil, nil, SectionHeads
		m.untrue(now, s, "a part of a checkpoint that is not what the steward has signed")
		return
	}
	if s.section++; s.section < SectionBuckets {
		m.askPage(now, s)
		return
	}
	m.staged.Outlines = append(m.staged.Outlines, Outline{s.offer, s.heads, s.needs, s.leaves})
	s.todo = slices.DeleteFunc(slices.Clone(s.leaves), func(l causal.Leaf) bool { return m.source.HasBucket(s.space, l) })
	m.nextBuckets(now, s)
}

func (m *Machine) nextBuckets(now causal.Instant, s *staging) {
	if len(s.todo) > 0 {
		s.at = uint64(len(s.body))
		m.askPage(now, s)
		return
	}
	s.waits = true
	s.expires = now + installAfter
	m.staged.Whole = append(m.staged.Whole, s.space)
}

// installAfter is how long a whole checkpoint may wait for other spaces before
// it is given up for a newer one.
const installAfter = 60 * causal.Second

// buckets takes the bodies of the next leaves, the last of them perhaps in part.
func (m *Machine) buckets(now causal.Instant, s *staging, r *wire.Reader) {
	grew := false
	for r.Len() > 0 && len(s.todo) > 0 {
		leaf := s.todo[0]
		n := min(leaf.Size-uint64(len(s.body)), uint64(r.Len()))
		s.body = append(s.body, r.Raw(int(n))...)
		grew = true
		if uint64(len(s.body)) < leaf.Size {
			break
		}
		body := s.body
		s.body = nil
		if causal.HashBucket(body) != leaf.Hash {
			m.untrue(now, s, "entries that are not what the steward has signed")
			return
		}
		m.staged.Buckets = append(m.staged.Buckets, Bucket{s.space, leaf, body})
		s.todo = s.todo[1:]
	}
	if !grew {
		m.askOther(now, s)
		return
	}
	m.nextBuckets(now, s)
}

// Restage takes a space's checkpoint from whichever neighbour has it.
func (m *Machine) Restage(now causal.Instant, space causal.SpaceID) {
	if len(m.peers) > 0 {
		m.stage(now, m.peers[m.cfg.Rand.IntN(len(m.peers))], space)
	}
}

// Unstage forgets a checkpoint: it is installed, or can't be.
func (m *Machine) Unstage(space causal.SpaceID) { delete(m.stages, space) }

// expireStages asks others where a peer has not answered, and gives up what
// has waited too long.
func (m *Machine) expireStages(now causal.Instant) {
	for _, s := range m.stagesInOrder() {
		switch {
		case now < s.expires:
		case s.waits && s.section == SectionBuckets:
			delete(m.stages, s.space)
		case !s.waits:
			m.stats.TimedOut++
			m.askOther(now, s)
		}
	}
}

func (m *Machine) stagesInOrder() []*staging {
	list := make([]*staging, 0, len(m.stages))
	for _, s := range m.stages {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *staging) int { return a.space.Compare(b.space) })
	return list
}

// IsStaging reports whether any checkpoint is being taken.
func (m *Machine) IsStaging() bool { return len(m.stages) > 0 }

// Staging reports whether a space's checkpoint is being taken.
func (m *Machine) Staging(space causal.SpaceID) bool { return m.stages[space] != nil }
