package flow

import (
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// running is the instances of a run: for each element of the process's source,
// a function of the host that is due again when what it is given has changed,
// or when its cell no longer holds what it gave.
//
// Nothing is evaluated until the caller computes what is due: so a burst of
// changes costs one evaluation, and the function is called once for it. While
// an instance is not due it is tied to what its last evaluation read, its cell
// included.
type running struct {
	tracking
	decl  *plan.Run
	cells []*database // beside decl.Cells
	call  Func        // nil: this node does not have the function
	link  string      // among Config.Funcs
	args  []valueFn
	keys  []valueFn

	instances map[string]*instance // by path of the cell's key
	byElem    map[*tracked]*instance
	dues      map[string]bool // those that became due, or no longer are, since the last Drain
}

// instance is a run for one key.
type instance struct {
	path  string
	key   []value.Value
	elem  *tracked // nil: its key has left the source, and its cell is to be emptied
	isDue bool

	given, result [32]byte // hashes of what it was last given, and gave
	isKnown       bool     // there is a last time
	again         int      // how often it has run since it was given something new
}

// againMax bounds how often a run overwrites what others have put into its
// cell, until it is given something new: functions that differ from replica to
// replica would go on for ever.
const againMax = 8

func (o *running) start(g *graph, n *node) {
	o.elems = map[string]*tracked{}
	o.instances, o.byElem, o.dues = map[string]*instance{}, map[*tracked]*instance{}, map[string]bool{}
	in := n.inputs[0]
	in.op.each(g, in, func(d delta) { o.change(g, d) })
}

func (o *running) process(g *graph, n *node) {
	for _, d := range summed(n.pending[0]) {
		o.change(g, d)
	}
	for _, d := range summed(n.pending[1]) {
		o.filled(d)
	}
	for _, t := range o.dirty {
		t.isDirty = false
		if at := o.byElem[t]; at != nil {
			o.due(at)
		}
	}
	clear(o.dirty)
	o.dirty = o.dirty[:0]
}

// change lets an element come or go.
func (o *running) change(g *graph, d delta) {
	g.steps++
	t, known := o.elems[d.key()]
	switch {
	case !known:
		t = &tracked{item: d.item, weight: d.weight, owner: &o.tracking}
		o.elems[d.bytes] = t
		at := o.at(o.keyOf(g, d.value))
		at.elem, at.isKnown = t, false
		o.byElem[t] = at
		o.due(at)
	case t.weight+d.weight == 0:
		delete(o.elems, d.bytes)
		g.forget(t)
		at := o.byElem[t]
		delete(o.byElem, t)
		at.elem = nil
		o.due(at)
	default:
		t.weight += d.weight
	}
}

// filled notes that a key of a cell has come: one without an element is to be emptied.
func (o *running) filled(d delta) {
	if d.weight < 0 {
		return
	}
	key := []value.Value{d.value}
	if len(o.keys) != 1 {
		key = d.value.Elems()
	}
	if at := o.at(key); at.elem == nil {
		o.due(at)
	}
}

// keyOf computes the key of the cell for an element.
func (o *running) keyOf(g *graph, elem value.Value) []value.Value {
	return evaluate(g.enter(o.params, o.slots, elem), o.keys)
}

// at returns the instance of a key.
func (o *running) at(key []value.Value) *instance {
	path := string(value.AppendPath(nil, key...))
	at := o.instances[path]
	if at == nil {
		at = &instance{path: path, key: slices.Clone(key)}
		o.instances[path] = at
	}
	return at
}

func (o *running) due(at *instance) {
	if !at.isDue {
		at.isDue = true
		o.dues[at.path] = true
	}
}

// done says that an instance is due no more.
func (o *running) done(at *instance) {
	at.isDue = false
	if at.elem == nil {
		delete(o.instances, at.path)
	}
}

// Due is an instance of a process that is to be computed.
type Due struct {
	Process, Run int    // of Program.Processes and its Runs
	Key          string // canonical bytes of the key of what it fills
}

func (e *Engine) dueOf(d Due) (*running, *instance) {
	for _, r := range e.runnings {
		if r.process == d.Process && r.run == d.Run {
			return r.op, r.op.instances[d.Key]
		}
	}
	return nil, nil
}

// runningOf is a run of this role.
type runningOf struct {
	process, run int
	op           *running
}

// startRuns adds the runs of the processes of this role.
func (e *Engine) startRuns() {
	for i := range e.program.Processes {
		p := &e.program.Processes[i]
		if !e.runs(p.At) {
			continue
		}
		for j := range p.Runs {
			if f, _ := e.funcOf(&e.program.Imports[p.Runs[j].Import], e.cellOf(&p.Runs[j])); f != nil {
				e.runnings = append(e.runnings, runningOf{i, j, e.newRunning(p, &p.Runs[j])})
			}
		}
	}
}

// Unlinked names the functions that processes of this role call and nobody has
// linked: their cells are filled by other nodes.
func (e *Engine) Unlinked() []string {
	var names []string
	for i := range e.program.Processes {
		p := &e.program.Processes[i]
		for j := range p.Runs {
			f := &e.program.Imports[p.Runs[j].Import]
			if linked, _ := e.funcOf(f, e.cellOf(&p.Runs[j])); e.runs(p.At) && linked == nil && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// cellOf names the database that a run fills, as the program does.
func (e *Engine) cellOf(r *plan.Run) string {
	name, _, _ := strings.Cut(e.program.Databases[r.Cells[0].Database].Name, "@")
	name, _, _ = strings.Cut(name, ".") // of a record
	return name
}

// funcOf finds the function of an import that fills a database. Where one name
// fills several databases, "name.database" tells them apart.
func (e *Engine) funcOf(f *plan.Import, db string) (linked Func, link string) {
	name := f.Link()
	if special := e.cfg.Funcs[name+"."+db]; special != nil {
		return special, name + "." + db
	}
	return e.cfg.Funcs[name], name
}

func (e *Engine) newRunning(p *plan.Process, r *plan.Run) *running {
	c := compiler{engine: e}
	op := &running{decl: r}
	op.call, op.link = e.funcOf(&e.program.Imports[r.Import], e.cellOf(r))
	op.params, op.slots = p.Params, p.Slots
	op.args, op.keys = c.values(r.Args), c.values(r.Keys)
	op.node = e.graph.add(op, true, []*node{e.graph.instancesOf(p), op.keysOf(e)}, nil)
	e.graph.acquire(op.node)
	return op
}

// keysOf is the collection of the run's keys at which a cell has something. It
// finds the databases of the cells.
func (o *running) keysOf(e *Engine) *node {
	var all *plan.Expr
	for i := range o.decl.Cells {
		c := &o.decl.Cells[i]
		db := e.databases[c.Database]
		o.cells = append(o.cells, db)
		keys := firstKeys(c, db.decl)
		if all != nil {
			keys = &plan.Expr{Op: plan.OpUnion, Type: all.Type, Args: []*plan.Expr{all, keys}}
		}
		all = keys
	}
	return e.graph.setOf(e.graph.collection(all, nil))
}

// firstKeys are the keys of a cell without those that lie below the run's.
func firstKeys(c *plan.Cell, d *plan.Database) *plan.Expr {
	keys := &plan.Expr{Op: plan.OpKeys, Type: plan.SetOf(d.KeyType()), Index: c.Database}
	if c.Below() == 0 {
		return keys
	}
	first := plan.Database{Dims: d.Dims[:len(d.Dims)-c.Below()]}
	var locals []*plan.Expr
	for i, dim := range first.Dims {
		locals = append(locals, &plan.Expr{Op: plan.OpLocal, Type: dim.Type, Index: i})
	}
	key := &plan.Expr{Op: plan.OpTuple, Type: first.KeyType(), Args: locals}
	if len(locals) == 1 {
		key = locals[0]
	}
	return &plan.Expr{Op: plan.OpMap, Type: plan.SetOf(key.Type), Args: []*plan.Expr{keys}, Block: &plan.Block{Params: upTo(len(d.Dims)), Expr: key}}
}

// instancesOf is the collection a process has an instance for each element of.
func (g *graph) instancesOf(p *plan.Process) *node {
	if p.Source != nil {
		return g.setOf(g.collection(p.Source, nil))
	}
	one := &plan.Expr{Op: plan.OpList, Type: plan.SetOf(plan.Any), Args: []*plan.Expr{{Op: plan.OpConst}}}
	return g.setOf(g.collection(one, nil))
}

// drainDues appends what became due.
func (e *Engine) drainDues(out []Due) []Due {
	for _, r := range e.runnings {
		for _, path := range sortedKeys(r.op.dues) {
			if at := r.op.instances[path]; at != nil && at.isDue {
				out = append(out, Due{r.process, r.run, path})
			}
		}
		clear(r.op.dues)
	}
	return out
}

// IsDue reports whether an instance is still to be computed.
func (e *Engine) IsDue(d Due) bool {
	_, at := e.dueOf(d)
	return at != nil && at.isDue
}

// FuncOf returns by which of Config.Funcs the function of an instance is linked.
func (e *Engine) FuncOf(d Due) string {
	if o, _ := e.dueOf(d); o != nil {
		return o.link
	}
	return ""
}

// Compute runs the function of an instance that is due and puts its result
// into its cell, as one commit: it adds and removes where the result differs
// from what the cell holds, and nothing where it does not. It does nothing
// where not all that it is given is held here, as env.Holds has it, where the
// user may not write the cell, and where it has nothing new to say. With an
// Abort it stays due.
func (e *Engine) Compute(d Due, env Env) Outcome {
	o, at := e.dueOf(d)
	if at == nil || !at.isDue {
		return Outcome{}
	}
	m, r := &e.machine, &e.run
	m.begin(o.slots, e.cfg.FuelMax)
	r.begin(env)
	r.isOwn = true
	if cell := o.cells[0]; !r.may(cell, at.key, "add", value.Nil) || !env.holds(cell.decl.SpaceName(at.key)) {
		o.done(at)
		return Outcome{}
	}
	if at.elem == nil {
		return e.empty(o, at)
	}
	given := e.gather(o, at)
	if m.abort != "" {
		return Outcome{Abort: m.abort, Detail: m.detail}
	}
	if slices.ContainsFunc(r.reads, func(space string) bool { return !env.holds(space) }) {
		o.done(at)
		return Outcome{}
	}
	return e.fill(o, at, given)
}

// holds reports whether a space is held here.
func (env *Env) holds(space string) bool { return env.Holds == nil || env.Holds(space) }

// gather evaluates what an instance is given, and ties the instance to it and to its cell.
func (e *Engine) gather(o *running, at *instance) []value.Value {
	m, g := &e.machine, e.graph
	m.bind(o.params, at.elem.value)
	g.noted = g.noted[:0]
	m.run, m.env, m.reads, m.deps = &e.run, &e.run.env, &e.run.reads, &g.noted
	given := evaluate(m, o.args)
	for i, cell := range o.cells {
		if o.decl.Cells[i].Below() == 0 {
			m.note(grainCell, cell.index, []byte(at.path), "")
		} else {
			m.note(grainRows, cell.index, nil, "")
		}
	}
	m.deps = nil
	g.retie(at.elem, g.noted)
	return given
}

// fill calls the function and writes what differs.
func (e *Engine) fill(o *running, at *instance, given []value.Value) Outcome {
	hash := blake2b.Sum256([]byte(value.Encode(value.List(given...))))
	held := o.held(at)
	again := 0
	if at.isKnown && hash == at.given {
		if again = at.again + 1; hashOf(held) == at.result || again > againMax {
			o.done(at)
			return Outcome{}
		}
	}
	imp := &e.program.Imports[o.decl.Import]
	m := &e.machine
	m.asks = m.env.Returned != nil
	v := m.link(imp.Name, o.link, o.call, given)
	m.asks = false
	if m.abort == "" && !imp.Result.Takes(v) && !(v.IsNil() && o.isRegister()) {
		m.stop(AbortImport, imp.Name+" did not return a value of its type "+imp.Result.Label())
	}
	if m.abort != "" {
		return m.stopped()
	}
	result := o.spread(at, v)
	out := e.execute(func(m *machine) bool {
		for i, cell := range o.cells {
			if !e.run.replace(m, cell, held[i], result[i]) {
				return false
			}
		}
		return true
	})
	if out.Abort == "" {
		at.isKnown, at.given, at.result, at.again = true, hash, hashOf(result), again
		o.done(at)
	}
	return out
}

// isRegister reports whether the result is one value, or nil for none.
func (o *running) isRegister() bool {
	return len(o.cells) == 1 && len(o.decl.Cells[0].Path) == 0 && o.cells[0].decl.Scalar()
}

// empty takes back what is in the cells of a key that has left the source. A
// trusted role does it.
func (e *Engine) empty(o *running, at *instance) Outcome {
	held := o.held(at)
	if e.role.Ambient != "" || !slices.ContainsFunc(held, func(c content) bool { return len(c) > 0 }) {
		o.done(at)
		return Outcome{}
	}
	m := &e.machine
	m.run, m.env, m.reads = &e.run, &e.run.env, &e.run.reads
	out := e.execute(func(m *machine) bool {
		for _, cell := range o.cells {
			if !e.run.clear(m, cell, at.key) {
				return false
			}
		}
		return true
	})
	if out.Abort == "" {
		o.done(at)
	}
	return out
}
