package audit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
)

// Shadow is the naive state of some parts: all entries they add, without those
// they remove. It is what a replica that applied them must be.
type Shadow struct {
	entries map[entryID]*Fact
	tables  map[string]*table
}

// entryID names an entry in all spaces.
type entryID struct {
	space causal.SpaceID
	id    causal.EntryID
}

// Fact is all entries of one key with one value. A fact without live entries
// was there and is removed.
type Fact struct {
	Key, Value string
	Live       []crdt.Item // in the order they came
}

// table holds the facts of one database.
type table struct {
	facts []*Fact // in the order they came
	index map[[2]string]*Fact
	byKey map[string][]*Fact
}

func newShadow() *Shadow {
	return &Shadow{entries: map[entryID]*Fact{}, tables: map[string]*table{}}
}

// Facts returns what the database ever held, removed facts too, in the order
// it came. The caller may not change it.
func (s *Shadow) Facts(database string) []*Fact {
	if t := s.tables[database]; t != nil {
		return t.facts
	}
	return nil
}

// Keys returns the keys of the database with a live entry, in order.
func (s *Shadow) Keys(database string) []string {
	var keys []string
	for _, f := range s.Facts(database) {
		if len(f.Live) > 0 {
			keys = append(keys, f.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Each yields the live entries of one key.
func (s *Shadow) Each(database, key string, yield func(crdt.Item)) {
	t := s.tables[database]
	if t == nil {
		return
	}
	for _, f := range t.byKey[key] {
		for _, it := range f.Live {
			yield(it)
		}
	}
}

// Databases returns the names of the databases that ever held an entry, in order.
func (s *Shadow) Databases() []string {
	names := make([]string, 0, len(s.tables))
	for name := range s.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// apply adds a group of parts that become visible together: first all they
// add, then without all they remove. unknown is told what is removed without
// ever having been here.
func (s *Shadow) apply(group []*causal.Part, unknown func(by *causal.Part, id causal.EntryID)) {
	for _, p := range group {
		for i, e := range p.Entries {
			s.add(entryID{p.Space, p.EntryID(i)}, p.Stamp, e)
		}
	}
	for _, p := range group {
		for _, id := range p.Removed {
			if !s.remove(entryID{p.Space, id}) {
				unknown(p, id)
			}
		}
	}
}

// known is for groups whose removals were judged before.
func known(*causal.Part, causal.EntryID) {}

func (s *Shadow) add(id entryID, stamp causal.Stamp, e causal.Entry) {
	t := s.tables[e.Database]
	if t == nil {
		t = &table{index: map[[2]string]*Fact{}, byKey: map[string][]*Fact{}}
		s.tables[e.Database] = t
	}
	f := t.index[[2]string{e.Key, e.Value}]
	if f == nil {
		f = &Fact{Key: e.Key, Value: e.Value}
		t.index[[2]string{e.Key, e.Value}] = f
		t.facts = append(t.facts, f)
		t.byKey[e.Key] = append(t.byKey[e.Key], f)
	}
	f.Live = append(f.Live, crdt.Item{ID: id.id, Stamp: stamp, Value: e.Value})
	s.entries[id] = f
}

// remove takes an entry out. It reports whether the entry was ever added; an
// entry may be removed by several parts.
func (s *Shadow) remove(id entryID) bool {
	f := s.entries[id]
	if f == nil {
		return false
	}
	f.Live = slices.DeleteFunc(f.Live, func(it crdt.Item) bool { return it.ID == id.id })
	return true
}

// Text writes the live entries in an order of their own, so that equal states
// have equal texts.
func (s *Shadow) Text() string {
	var lines []string
	for _, database := range s.Databases() {
		for _, f := range s.Facts(database) {
			for _, it := range f.Live {
				lines = append(lines, database+" "+strconv.Quote(f.Key)+" "+it.ID.Replica.Short()+" "+decimal(it.ID.Seq)+"."+decimal(uint64(it.ID.Offset))+" "+strconv.Quote(f.Value)+"\n")
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
