package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// show gathers the changes of a collection or a scalar between two Drains.
type show struct {
	name     string
	user     string // on whose behalf; "" for the node itself
	typ      plan.Type
	settled  bool
	isRender bool
	isNotice bool
	isCopied bool
	isScalar bool
	scalar   *tracking // of a scalar, for its value
	watches  int       // how many Watches it serves
	node     *node
	net      map[string]*delta // what changed since the last Drain, summed up
}

func (o *show) start(*graph, *node) { o.net = map[string]*delta{} }
func (o *show) stop(*graph, *node)  { o.net = nil }

func (o *show) process(g *graph, n *node) {
	for _, d := range n.pending[0] {
		g.steps++
		sum, known := o.net[d.key()]
		if !known {
			o.net[d.bytes] = &d
			continue
		}
		if sum.weight += d.weight; sum.weight == 0 {
			delete(o.net, d.bytes)
		}
	}
}

func (o *show) each(*graph, *node, func(delta)) {}

// drain returns what changed, if anything did.
func (o *show) drain() (Shown, bool) {
	if len(o.net) == 0 {
		return Shown{}, false
	}
	out := Shown{Name: o.name, Type: o.typ, Settled: o.settled, Render: o.isRender, Notice: o.isNotice, Copied: o.isCopied, User: o.user}
	for _, key := range sortedKeys(o.net) {
		d := o.net[key]
		switch {
		case o.isScalar:
		case d.weight > 0:
			out.Added = append(out.Added, d.value)
		default:
			out.Removed = append(out.Removed, d.value)
		}
	}
	if o.isScalar {
		out.Added = []value.Value{o.scalar.value()}
	}
	clear(o.net)
	return out, true
}

// watch is an invariant's standing watch: a sink behind a filter that lets
// through the elements for which the invariant does not hold.
type watch struct {
	index    int
	decl     *plan.Invariant
	repair   stepFn
	standing map[string]value.Value // violations that stand now
	net      map[string]*delta      // those that began or ended since the last Drain
}

// start takes over violations that are there already, as of an invariant that
// does not hold over empty databases.
func (o *watch) start(g *graph, n *node) {
	o.standing, o.net = map[string]value.Value{}, map[string]*delta{}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) { o.change(d) })
}

func (o *watch) stop(*graph, *node) { o.standing, o.net = nil, nil }

func (o *watch) process(g *graph, n *node) {
	for _, d := range summed(n.pending[0]) {
		g.steps++
		o.change(d)
	}
}

func (o *watch) change(d delta) {
	if d.weight > 0 {
		o.standing[d.key()] = d.value
	} else {
		delete(o.standing, d.key())
	}
	sum, known := o.net[d.key()]
	if !known {
		o.net[d.bytes] = &d
		return
	}
	if sum.weight += d.weight; sum.weight == 0 {
		delete(o.net, d.bytes)
	}
}

func (o *watch) each(*graph, *node, func(delta)) {}

// drain appends what began or ended.
func (o *watch) drain(out []Violation) []Violation {
	for _, key := range sortedKeys(o.net) {
		d := o.net[key]
		out = append(out, Violation{Invariant: o.index, Elem: d.value, Key: key, Standing: d.weight > 0})
	}
	clear(o.net)
	return out
}

// newShow adds a show of an expression without free locals, not yet active.
func (g *graph) newShow(name string, e *plan.Expr) *show {
	op := &show{name: name, typ: e.Type, settled: g.engine.modes.Of(e) <= plan.Grows}
	if op.isCopied = g.engine.readsCopies(e); op.isCopied {
		op.settled = false
	}
	var in *node
	if formOf(e.Type) == formSet {
		in = g.setOf(g.collection(e, nil))
	} else {
		op.isScalar, op.scalar = true, g.scalarOf(e)
		in = op.scalar.node
	}
	op.node = g.add(op, true, []*node{in}, nil)
	return op
}

// newWatch adds the standing watch of an invariant.
func (g *graph) newWatch(index int, inv *plan.Invariant) *watch {
	c := compiler{engine: g.engine}
	op := &watch{index: index, decl: inv, repair: c.statements(inv.Repair)}
	g.acquire(g.add(op, true, []*node{g.violations(inv)}, nil))
	return op
}

// violations builds the collection of the elements for which inv does not
// hold. Without a source there is one element, nil.
func (g *graph) violations(inv *plan.Invariant) *node {
	broken := &plan.Expr{Op: plan.OpNot, Type: plan.Bool, Args: []*plan.Expr{inv.Cond}}
	if inv.Source == nil {
		none := &plan.Expr{Op: plan.OpList, Type: plan.SetOf(plan.Any)}
		one := &plan.Expr{Op: plan.OpList, Type: plan.SetOf(plan.Any), Args: []*plan.Expr{{Op: plan.OpConst}}}
		return g.collection(&plan.Expr{Op: plan.OpIf, Type: plan.SetOf(plan.Any), Args: []*plan.Expr{broken, one, none}}, nil)
	}
	filter := &plan.Expr{
		Op: plan.OpFilter, Type: inv.Source.Type, Args: []*plan.Expr{inv.Source},
		Block: &plan.Block{Params: inv.Params, Expr: broken},
	}
	return g.setOf(g.collection(filter, nil))
}
