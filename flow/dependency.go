package flow

// A body that reads databases or views is evaluated once for an element, and
// again when something it read has changed, and only then. So each evaluation
// notes what it read, as finely as it asked.

// grain says how much of a source an evaluation read.
type grain uint8

const (
	grainCell   grain = iota // the value of a database at a key
	grainElem                // whether an element is in the set at a key
	grainRows                // a whole database
	grainKeys                // the keys of a database
	grainKey                 // whether a key is among them
	grainNode                // all that a node keeps
	grainMember              // whether an element is in what a node keeps
	grainPart                // what a node keeps at a key
	grainClock               // that the clock has not come to the moment key

	grains = int(iota)
)

// dependency is something an evaluation read.
type dependency struct {
	grain  grain
	source int    // index of the database, or rank of the node
	key    string // path of the key
	elem   string // canonical bytes of the element
}

// note notes what the running evaluation reads, if it is a tracked one.
func (m *machine) note(g grain, source int, key []byte, elem string) {
	if m.deps != nil {
		*m.deps = append(*m.deps, dependency{g, source, string(key), elem})
	}
}

// link ties an element of a tracked node to one dependency. All links on one
// dependency are a list, so that one is cut out in constant time, however many
// elements read the same threshold.
type link struct {
	on         dependency
	of         *tracked
	prev, next *link
}

// dependents finds the elements that read something.
type dependents map[dependency]*link

func (d dependents) add(on dependency, of *tracked) *link {
	l := &link{on: on, of: of, next: d[on]}
	if l.next != nil {
		l.next.prev = l
	}
	d[on] = l
	return l
}

func (d dependents) remove(l *link) {
	if l.next != nil {
		l.next.prev = l.prev
	}
	switch {
	case l.prev != nil:
		l.prev.next = l.next
	case l.next != nil:
		d[l.on] = l.next
	default:
		delete(d, l.on)
	}
}
