package saga

import (
	"container/heap"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Heed takes in an entry of a saga's databases that is in the store: of a
// commit that was just made, or of one before a restart, in any order. What is
// malformed means nothing. An entry that another one has replaced is not to be
// heeded again.
func (m *Machine) Heed(database, key, value string, id causal.EntryID) {
	name, err := decodeName(key)
	if err != nil {
		return
	}
	switch database {
	case Begun:
		if start, err := decodeStart(value); err == nil {
			s := m.open(name)
			s.start, s.startID = start, id
			m.line(s)
		}
	case Progress:
		if p, err := decodeProgress(value); err == nil {
			s := m.open(name)
			s.progress, s.progressID = p, id
			m.line(s)
		}
	case Ended:
		if len(value) <= AbortMax {
			d := name.digest()
			if _, isKept := m.ended[d]; !isKept {
				m.past.add(outcome{d, id})
			}
			m.ended[d] = m.word(value)
			m.close(name)
		}
	}
}

// Resume says that all that the store has was heeded, and what time it is: the
// clock may have been set back since those before wrote down when they go on.
func (m *Machine) Resume(now causal.Instant) {
	for _, s := range m.queue {
		s.progress.At = min(s.progress.At, now+m.cfg.Limits.RetryMax)
	}
	heap.Init(&m.queue)
}

// open returns a saga under way, at first with neither of its records. One that
// has ended begins no more.
func (m *Machine) open(name Name) *saga {
	s := m.sagas[name]
	if s == nil {
		s = &saga{name: name, place: -1}
		if _, hasEnded := m.ended[name.digest()]; !hasEnded {
			m.sagas[name] = s
		}
	}
	return s
}

// line puts a saga where it belongs in the queue: nowhere, while one of its
// records has not come or the program lacks its block.
func (m *Machine) line(s *saga) {
	_, isKnown := m.cfg.Steps(s.name.Block)
	zero := causal.EntryID{}
	switch {
	case s.place >= 0:
		heap.Fix(&m.queue, s.place)
	case isKnown && s.startID != zero && s.progressID != zero && m.sagas[s.name] == s:
		heap.Push(&m.queue, s)
	}
}

func (m *Machine) close(name Name) {
	s := m.sagas[name]
	if s == nil {
		return
	}
	if s.place >= 0 {
		heap.Remove(&m.queue, s.place)
	}
	delete(m.sagas, name)
	delete(m.upTo, name)
}

// word returns one string for all reasons that are the same: thousands of sagas
// end for few reasons.
func (m *Machine) word(s string) string {
	if w, ok := m.words[s]; ok {
		return w
	}
	if len(m.words) < wordsMax {
		m.words[s] = s
	}
	return s
}

// wordsMax bounds the reasons that are kept once.
const wordsMax = 1024
