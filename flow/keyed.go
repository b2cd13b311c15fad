package flow

import (
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// keyed keeps a view with a value per key by its keys, for those who read it
// at one: a change at one key is told to those who read that key alone.
type keyed struct {
	node  *node
	view  *plan.View
	parts map[string]*keyPart // by path of the key
	reads []*database         // what the view is computed from; set where a run reads it
}

// keyPart is what the view has at one key.
type keyPart struct {
	key     []value.Value
	members map[string]*member // by canonical bytes of the element
	sorted  []value.Value      // nil when members have changed since
}

// member is an element at a key, or the value there.
type member struct {
	value  value.Value
	weight int
}

func (o *keyed) start(g *graph, n *node) {
	o.parts = map[string]*keyPart{}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) { o.update(g, d) })
}

func (o *keyed) stop(*graph, *node) { o.parts = nil }

func (o *keyed) process(g *graph, n *node) {
	for _, d := range summed(n.pending[0]) {
		if path := o.update(g, d); n.links > 0 {
			g.touch(dependency{grain: grainPart, source: n.rank, key: path})
		}
	}
}

func (o *keyed) each(*graph, *node, func(delta)) {}

// update changes the weight of a row and returns the path of its key.
func (o *keyed) update(g *graph, d delta) (path string) {
	g.steps++
	n := len(o.view.Keys)
	elems := d.value.Elems()
	path = string(value.AppendPath(nil, elems[:n]...))
	at := o.parts[path]
	if at == nil {
		at = &keyPart{key: elems[:n], members: map[string]*member{}}
		o.parts[path] = at
	}
	v := rowValue(elems[n:])
	bytes := value.Encode(v)
	m := at.members[bytes]
	if m == nil {
		m = &member{value: v}
		at.members[bytes] = m
	}
	at.sorted = nil
	if m.weight += d.weight; m.weight == 0 {
		delete(at.members, bytes)
	}
	if len(at.members) == 0 {
		delete(o.parts, path)
	}
	return path
}

// rowValue is what stands behind the key in a row.
func rowValue(parts []value.Value) value.Value {
	if len(parts) == 1 {
		return parts[0]
	}
	return value.Tuple(parts...)
}

// list returns the elements in order.
func (at *keyPart) list() []value.Value {
	if at == nil {
		return nil
	}
	if at.sorted == nil {
		for _, key := range sortedKeys(at.members) {
			at.sorted = append(at.sorted, at.members[key].value)
		}
	}
	return at.sorted
}

// value reads the view at a key: a list of elements, or the value or nil.
func (o *keyed) value(at *keyPart) value.Value {
	switch list := at.list(); {
	case o.view.Value.Kind == plan.KindSet:
		return value.List(list...)
	case len(list) == 0 && o.view.Value.Kind == plan.KindBool: // the rows are those that are true
		return value.Bool(false)
	case len(list) == 0:
		return value.Nil
	default:
		return list[0]
	}
}

// read reads the view at the path in the machine's buffer.
func (o *keyed) read(m *machine) *keyPart {
	m.readDatabases(o.reads)
	m.note(grainPart, o.node.rank, m.buf, "")
	at := o.parts[string(m.buf)]
	if at != nil {
		m.spend(int64(len(at.members)))
	}
	return at
}

// keyedOf builds the node that keeps a view by key.
func (g *graph) keyedOf(v *plan.View) *keyed {
	in := g.setOf(g.collection(v.Expr, nil))
	n := g.share(named("keyed "+v.Name, in), func() *node {
		op := &keyed{view: v}
		op.node = g.add(op, true, []*node{in}, nil)
		return op.node
	})
	return n.op.(*keyed)
}

// keyedView returns the node that keeps a view by key for the code that is
// compiled: a body needs it, and for runs it is always up to date.
func (c *compiler) keyedView(view int) *keyed {
	v := &c.engine.program.Views[view]
	o := c.engine.graph.keyedOf(v)
	if c.graph != nil {
		c.graph.need(o.node)
		return o
	}
	if o.reads == nil {
		o.reads = c.engine.databasesOf(v.Expr)
		c.engine.graph.acquire(o.node)
	}
	return o
}

// viewAt compiles the reading of a view at a key.
func (c *compiler) viewAt(e *plan.Expr) valueFn {
	o, at := c.keyedView(e.Index), c.keyPart(e)
	return func(m *machine) value.Value { return o.value(at(m)) }
}

// keyPart compiles where a view is read.
func (c *compiler) keyPart(e *plan.Expr) func(m *machine) *keyPart {
	o, keys := c.keyedView(e.Index), c.values(e.Args)
	return func(m *machine) *keyPart {
		key := evaluate(m, keys)
		m.buf = value.AppendPath(m.buf[:0], key...)
		return o.read(m)
	}
}

// inView compiles "x in view[k]".
func (c *compiler) inView(x valueFn, xs *plan.Expr) boolFn {
	at := c.keyPart(xs)
	return func(m *machine) bool {
		elem := value.Encode(x(m))
		p := at(m)
		return p != nil && p.members[elem] != nil
	}
}

// readKeyed reads a view with keys: at one, or all that begin with key.
func (e *Engine) readKeyed(v *plan.View, key []value.Value) (Reading, error) {
	if !isKeyOf(key, v.Keys) {
		return Reading{}, ErrKey
	}
	o := e.graph.keyedOf(v)
	e.graph.acquire(o.node)
	defer e.graph.release(o.node)
	out := Reading{Type: v.Value}
	m := machine{engine: e, reads: &out.Spaces}
	m.readDatabases(e.databasesOf(v.Expr))
	path := string(value.AppendPath(nil, key...))
	if len(key) == len(v.Keys) {
		out.Value = o.value(o.parts[path])
		return out, nil
	}
	out.Keyed = true
	for _, p := range sortedKeys(o.parts) {
		if strings.HasPrefix(p, path) {
			out.Pairs = append(out.Pairs, Pair{o.parts[p].key, o.value(o.parts[p])})
		}
	}
	return out, nil
}
