package flow

import "github.com/martinelli-lang/martinelli/value"

// sourceKind says what of a database a source is.
type sourceKind uint8

const (
	sourceCell sourceKind = iota // the set at one key
	sourceRows                   // all of it: (key values..., element)
	sourceKeys                   // its non-empty keys
)

// source is a database, or a part of one, as a node. It has no state: the
// cells are there already.
type source struct {
	db   *database
	kind sourceKind
	path string // of the key
	node *node
}

func (s *source) start(_ *graph, n *node) {
	s.node = n
	switch s.kind {
	case sourceCell:
		s.db.byPath[s.path] = s
	case sourceRows:
		s.db.rows = s
	case sourceKeys:
		s.db.keys = s
	}
}

func (s *source) stop(*graph, *node) {
	switch s.kind {
	case sourceCell:
		delete(s.db.byPath, s.path)
	case sourceRows:
		s.db.rows = nil
	case sourceKeys:
		s.db.keys = nil
	}
}

// process has nothing to do: settle emits for sources.
func (s *source) process(*graph, *node) {}

func (s *source) each(_ *graph, _ *node, yield func(delta)) {
	switch s.kind {
	case sourceCell:
		if c, ok := s.db.cells[s.path]; ok {
			c.crdt.Each(func(elem string) bool {
				yield(delta{item{decoded(elem), elem}, 1})
				return true
			})
		}
	case sourceRows:
		for _, c := range s.db.sorted() {
			c.each(func(v value.Value) { yield(delta{item{value: c.row(v)}, 1}) })
		}
	case sourceKeys:
		for _, c := range s.db.sorted() {
			if !c.crdt.Empty() {
				yield(delta{item{value: keyElem(c.key)}, 1})
			}
		}
	}
}

// settle tells the graph what became of a cell since it last settled.
func (g *graph) settle(c *cell) {
	db := c.db
	if changes := summedChanges(c.changes); len(changes) > 0 {
		g.touchCell(c, changes)
		s := db.byPath[c.path]
		for _, ch := range changes {
			if s == nil && db.rows == nil {
				break
			}
			v := decoded(ch.elem)
			if s != nil {
				g.emit(s.node, item{v, ch.elem}, ch.weight)
			}
			if db.rows != nil {
				g.emit(db.rows.node, item{value: c.row(v)}, ch.weight)
			}
		}
	}
	c.rest()
	if isShown := !c.crdt.Empty(); isShown != c.shown {
		c.shown = isShown
		g.settleKey(c)
	}
}

// rest forgets what became of a cell.
func (c *cell) rest() { c.touched, c.changes = false, emptied(c.changes) }

// settleKey tells the graph that the key of c came or went.
func (g *graph) settleKey(c *cell) {
	db := c.db
	if db.keys != nil {
		weight := -1
		if c.shown {
			weight = 1
		}
		g.emit(db.keys.node, item{value: keyElem(c.key)}, weight)
	}
	if db.links[grainKeys] > 0 {
		g.touch(dependency{grain: grainKeys, source: db.index})
	}
	if db.links[grainKey] > 0 {
		g.touch(dependency{grain: grainKey, source: db.index, key: c.path})
	}
}

// touchCell marks the elements that read the cell or one of the elements that changed.
func (g *graph) touchCell(c *cell, changes []change) {
	db := c.db
	if db.links[grainCell] > 0 {
		g.touch(dependency{grain: grainCell, source: db.index, key: c.path})
	}
	if db.links[grainRows] > 0 {
		g.touch(dependency{grain: grainRows, source: db.index})
	}
	if db.links[grainElem] > 0 {
		for _, ch := range changes {
			g.touch(dependency{grainElem, db.index, c.path, ch.elem})
		}
	}
}

// summedChanges is summed for the changes of a cell. A scalar that went there
// and back has not changed.
func summedChanges(cs []change) []change {
	if len(cs) < 2 {
		return cs
	}
	if len(cs) == 2 && cs[0].elem != cs[1].elem {
		return cs
	}
	at := make(map[string]int, len(cs))
	out := cs[:0]
	for _, c := range cs {
		if i, known := at[c.elem]; known {
			out[i].weight += c.weight
			continue
		}
		at[c.elem] = len(out)
		out = append(out, c)
	}
	kept := out[:0]
	for _, c := range out {
		if c.weight != 0 {
			kept = append(kept, c)
		}
	}
	return kept
}
