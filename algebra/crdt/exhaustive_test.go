package crdt

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// TestEveryDeliveryOrder plays all histories of three operations at three
// replicas, in every order in which parts can be delivered, and in a soak of
// five, up to the names of the replicas. At every moment the replica that
// acted or received reads what the naive model says.
func TestEveryDeliveryOrder(t *testing.T) {
	operations := 3
	switch {
	case soak:
		operations = 5
	case testing.Short():
		operations = 2
	}
	for _, typ := range append(belowMaps(), types...) {
		t.Run(typ.String(), func(t *testing.T) {
			t.Parallel()
			operations := operations
			if soak && len(few(typ)) > 2 {
				operations-- // a third verb makes eight times as many
			}
			e := &explorer{world: newWorld(t, typ, 3, nil), calls: few(typ), met: map[string]bool{}, operations: operations, named: !soak}
			e.explore()
			if len(e.met) < 50 {
				t.Errorf("only %d states were met", len(e.met))
			}
			t.Logf("%d states, %d steps", len(e.met), e.steps)
		})
	}
}

// belowMaps returns a map of each leaf that may stand below one.
func belowMaps() []Type {
	var maps []Type
	for _, l := range leaves {
		if l.Lattice != "bcounter" && !slices.ContainsFunc(types, func(t Type) bool { return t.String() == of("map", l).String() }) {
			maps = append(maps, of("map", l))
		}
	}
	return maps
}

// few returns two calls that meet, three where a lattice has a third verb.
func few(typ Type) []call {
	switch all := calls(typ, 1); typ.Lattice {
	case "lww", "mv", "max", "min", "gset", "log":
		return calls(typ, 2)
	case "bcounter":
		all[2].arg = argument("bcounter", "transfer", 2)
		return all
	case "map":
		return all[:2] // the removal of a key, and something at it
	case "record", "pair", "lex":
		return []call{all[0], all[len(all)-1]}
	default:
		return all
	}
}

// explorer walks through the histories of a world, and takes back what it did
// by the inverses of Insert and Remove.
type explorer struct {
	*world
	calls      []call
	met        map[string]bool // the states walked from already
	operations int
	named      bool // replicas are told apart by their names, not by who acts first
	steps      int
	log        []sentCall // the parts so far, in the order in which they were made
}

// sentCall is a part and the number of its call.
type sentCall struct {
	*sent
	call int
}

const onlyKey = "\x18" // the int 0

func (e *explorer) explore() {
	name := e.name()
	if e.met[name] {
		return
	}
	e.met[name] = true
	for i, r := range e.replicas {
		if len(e.log) < e.operations && (e.named || i <= e.actors()) {
			for n := range e.calls {
				e.play(r, n)
			}
		}
		for _, p := range e.log {
			if isReady(r, p.sent) {
				e.deliver(r, p.sent)
			}
		}
	}
}

// actors returns how many replicas have acted.
func (e *explorer) actors() int {
	n := 0
	for _, r := range e.replicas {
		if r.state.Context[r.id] > 0 {
			n++
		}
	}
	return n
}

// name writes all that matters for what comes: who has seen what, of which parts.
func (e *explorer) name() string {
	var b []byte
	sees := func(v causal.Vector) {
		for _, r := range e.replicas {
			b = append(b, byte(v[r.id]))
		}
	}
	for _, p := range e.log {
		b = append(b, p.Replica[0], byte(p.call))
		sees(p.seen)
	}
	b = append(b, 0xff)
	for _, r := range e.replicas {
		sees(r.state.Context)
	}
	return string(b)
}

// play lets r make a part of one call, walks on, and takes it back.
func (e *explorer) play(r *replica, n int) {
	c, before := e.cell(r, onlyKey), r.state.Clone()
	p := &causal.Part{Replica: r.id, Seq: r.state.Context[r.id] + 1, Stamp: causal.Stamp(1 + n)}
	seen := r.state.Context.Clone()
	e.do(r, p, seen, onlyKey, e.calls[n])
	if len(e.done) == len(e.log) {
		return // refused
	}
	r.state.Apply(p, nil)
	e.log = append(e.log, sentCall{&sent{p, seen}, n})
	e.look(r)
	e.log, e.done = e.log[:len(e.log)-1], e.done[:len(e.done)-1]
	e.takeBack(c, p, before)
	r.state = before
}

// deliver lets r apply a part, walks on, and takes it back.
func (e *explorer) deliver(r *replica, p *sent) {
	c, before := e.cell(r, onlyKey), r.state.Clone()
	e.receive(r, p)
	e.look(r)
	e.takeBack(c, p.Part, before)
	r.state = before
}

// takeBack plays a part backwards; before is the state it found.
func (e *explorer) takeBack(c *watched, p *causal.Part, before *State) {
	for _, id := range p.Removed {
		if entry, was := before.Entries.Get(id); was {
			_, it := Live{id, entry}.inCell()
			c.Insert(it, c.emit)
		}
	}
	for i, entry := range p.Entries {
		_, it := Live{p.EntryID(i), Entry{entry, p.Stamp}}.inCell()
		c.Remove(it, c.emit)
	}
}

// look checks the replica that something happened at, and walks on.
func (e *explorer) look(r *replica) {
	e.steps++
	e.checkModel(r)
	e.explore()
}
