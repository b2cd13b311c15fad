package flow

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Func is a function of the host that an import is linked to. It must not
// keep or change args. An error or a panic aborts the run with AbortImport.
type Func func(args []value.Value) (value.Value, error)

// FuelMax is the default bound of Config.FuelMax.
const FuelMax = 10_000_000

// Config is what an Engine runs, and where.
type Config struct {
	Program *plan.Program
	Role    string          // whose handlers, processes and invariants run here; "" runs all
	User    string          // what an ambient role binds: who raises events where Env does not say
	Funcs   map[string]Func // what imports are linked to, by plan.Import.Link
	FuelMax int64           // steps one run may take; 0 takes FuelMax
	Planted Planted
}

// Planted are mistakes on purpose, for tests that show that a judge of what is
// shown sees them. All are false but in such tests.
type Planted struct {
	KeepsImages bool // what map made of an element stays when the element goes
}

// Engine runs one program at one replica. New is its only door.
type Engine struct {
	cfg     Config
	program *plan.Program
	role    plan.Role // cfg.Role in the program's topology; trusted where there is none

	databases []*database
	byName    map[string]*database
	imports   []Func
	defs      []valueFn // compiled when first called
	handlers  []*handler
	byEvent   map[string]int
	atomics   map[plan.BlockHash]*atomic
	ending    []*atomic        // by the handlers that end with them, in order
	sealed    *database        // which keys are sealed
	kept      []*watch         // of the invariants that serial blocks keep
	isKept    bool             // they have been started
	watches   []*watch         // by invariant; nil for those of other roles
	shows     []*show          // renders first
	userViews map[userView]int // where views of users stand in program.Views
	runnings  []runningOf      // of the processes of this role

	modes   plan.Modes
	graph   *graph
	machine machine // runs handlers
	run     run
	judge   machine  // decides rules of access, between the steps of a run
	rules   []boolFn // beside Program.Allows; compiled when first asked
	applied []*cell  // scratch of Apply
	aging   []Aging  // since the last Drain
	millis  int64    // how far the clock has come
	told    int64    // the latest moment that was found past
}

// handler is a compiled handler of this role.
type handler struct {
	decl  *plan.Handler
	body  stepFn
	isOwn bool // it runs at trusted roles alone, so what it does is the program's word
}

// New compiles cfg.Program. It fails where a function that this role calls is
// not linked, and where a database has a type this version does not run.
func New(cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg, program: cfg.Program, byName: map[string]*database{}, byEvent: map[string]int{}, userViews: map[userView]int{}}
	if e.cfg.FuelMax == 0 {
		e.cfg.FuelMax = FuelMax
	}
	e.role, _ = e.program.Role(cfg.Role)
	e.program = bind(e.program, e.role, cfg.User)
	e.modes = plan.ModesOf(e.program)
	e.pullViews()
	e.graph = newGraph(e)
	e.machine.engine, e.run.engine, e.judge.engine = e, e, e
	e.rules = make([]boolFn, len(e.program.Allows))
	e.defs = make([]valueFn, len(e.program.Funcs))
	if err := e.mayRun(); err != nil {
		return nil, err
	}
	e.openAtomics()
	if err := e.openDatabases(); err != nil {
		return nil, err
	}
	if err := e.linkImports(); err != nil {
		return nil, err
	}
	e.compileHandlers()
	e.startWatches()
	e.startRenders()
	e.startRuns()
	return e, nil
}

// runs reports whether what is placed at the given roles runs here.
func (e *Engine) runs(at []string) bool { return e.cfg.Role == "" || plan.Runs(at, e.cfg.Role) }

func (e *Engine) openDatabases() error {
	for i := range e.program.Databases {
		db, err := newDatabase(i, &e.program.Databases[i])
		if err != nil {
			return err
		}
		e.databases = append(e.databases, db)
		e.byName[db.decl.Name] = db
	}
	e.inherit()
	e.mate()
	return e.openSealed()
}

func (e *Engine) linkImports() error {
	for i := range e.program.Imports {
		imp := &e.program.Imports[i]
		f := e.cfg.Funcs[imp.Link()]
		if f == nil && e.calls(i) {
			return Error("the program calls " + imp.Name + " from " + imp.From + ", which is not linked: a Go program that embeds Martinelli registers it, with martinelli.Open and martinelli.Func, and plays the tests with Program.Try; a \"wasm:path\" needs no such program")
		}
		e.imports = append(e.imports, f)
	}
	return nil
}

// calls reports whether something of this role calls an import.
func (e *Engine) calls(imported int) bool {
	called := false
	e.walkHere(func(x *plan.Expr) bool {
		called = called || x.Op == plan.OpImport && x.Index == imported
		return !called
	})
	return called
}

// walkHere visits every expression that this role may run.
func (e *Engine) walkHere(visit func(*plan.Expr) bool) {
	for _, f := range e.program.Funcs {
		walk(f.Expr, visit)
	}
	for _, v := range e.program.Views {
		if e.runs(v.At) {
			walk(v.Expr, visit)
		}
	}
	for _, h := range e.program.Handlers {
		e.walkHandler(&h, visit)
	}
	for _, inv := range e.program.Invariants {
		if e.runs(inv.At) {
			walk(inv.Source, visit)
			walk(inv.Cond, visit)
			walkStatements(inv.Repair, visit)
		}
	}
	for _, p := range e.program.Processes {
		if e.runs(p.At) {
			walk(p.Source, visit)
			for _, r := range p.Renders {
				walk(r.Expr, visit)
			}
			for _, r := range p.Runs {
				for _, arg := range r.Args {
					walk(arg, visit)
				}
			}
		}
	}
}

// walkHandler visits what this role may run of a handler: a block at its end
// runs at trusted roles, wherever the handler stands.
func (e *Engine) walkHandler(h *plan.Handler, visit func(*plan.Expr) bool) {
	body, isHere := h.Body, e.runs(h.At)
	if s, ok := h.Atomic(); ok {
		body = body[:len(body)-1]
		if e.role.Trusted() {
			walkStatements(s.Body, visit)
		}
		if isHere {
			walkStatements([]*plan.Stmt{{Args: s.Args, Else: s.Else}}, visit)
		}
	}
	if isHere {
		walkStatements(body, visit)
	}
}

func walkStatements(stmts []*plan.Stmt, visit func(*plan.Expr) bool) {
	for _, s := range stmts {
		for _, arg := range s.Args {
			walk(arg, visit)
		}
		walkStatements(s.Body, visit)
		walkStatements(s.Else, visit)
	}
}

// def returns the code of a def. Defs do not call themselves, not even through others.
func (e *Engine) def(index int) valueFn {
	if e.defs[index] == nil {
		c := compiler{engine: e}
		e.defs[index] = c.value(e.program.Funcs[index].Expr)
	}
	return e.defs[index]
}

func (e *Engine) compileHandlers() {
	c := compiler{engine: e}
	e.handlers = make([]*handler, len(e.program.Handlers))
	for i := range e.program.Handlers {
		decl := &e.program.Handlers[i]
		if !e.runs(decl.At) {
			continue
		}
		e.handlers[i] = &handler{decl, c.handler(decl, i), e.isOwn(decl)}
		if _, taken := e.byEvent[decl.Event]; !taken {
			e.byEvent[decl.Event] = i
		}
	}
}

// handler compiles the body of a handler of this role.
func (c *compiler) handler(h *plan.Handler, index int) stepFn {
	for _, b := range c.engine.ending {
		if b.Handler == index {
			return c.handing(b)
		}
	}
	return c.statements(h.Body)
}

func (e *Engine) startWatches() {
	e.watches = make([]*watch, len(e.program.Invariants))
	for i := range e.program.Invariants {
		if inv := &e.program.Invariants[i]; e.runs(inv.At) && len(inv.Repair) > 0 { // what its verbs keep needs no watch
			e.watches[i] = e.graph.newWatch(i, inv)
		}
	}
}

func (e *Engine) startRenders() {
	for _, p := range e.program.Processes {
		if !e.runs(p.At) {
			continue
		}
		for _, r := range p.Renders {
			s := e.graph.newShow(r.Name, r.Expr)
			s.isRender, s.isNotice = true, r.Notice
			e.graph.acquire(s.node)
			e.shows = append(e.shows, s)
		}
	}
}

// keepView returns the node that keeps a collection view for handlers, always up to date.
func (e *Engine) keepView(view int) *distinct {
	x := e.program.Views[view].Expr
	d := e.graph.distinctOf(e.graph.collection(x, nil))
	d.reads = e.databasesOf(x)
	e.graph.acquire(d.node)
	return d
}

// keepScalar is keepView for a scalar view.
func (e *Engine) keepScalar(view int) *tracking {
	x := e.program.Views[view].Expr
	s := e.graph.scalarOf(x)
	s.reads = e.databasesOf(x)
	e.graph.acquire(s.node)
	return s
}

// Change is one entry that entered or left a database.
type Change struct {
	Database string
	Key      string // canonical bytes of the key values, one after another
	Item     crdt.Item
	Removed  bool
}

// Apply makes the changes visible together: all cells first, then every view
// once. Changes of databases the program does not know are ignored.
func (e *Engine) Apply(changes []Change) {
	e.applied = e.applied[:0]
	for i := range changes {
		ch := &changes[i]
		db := e.byName[ch.Database]
		if db == nil {
			continue
		}
		it, path := ch.Item, ch.Key
		if key, isMark := db.cutMark(path); isMark {
			it.Path, path = placeMark, key
		} else if !db.accepts(it.Value) {
			continue
		}
		e.apply(db, path, it, ch.Removed)
		if db.heir != nil {
			it.Path = placeOld
			e.apply(db.heir, path, it, ch.Removed)
		}
	}
	e.settle(e.applied)
}

// apply brings one change into its cell, if the database has such a key.
func (e *Engine) apply(db *database, path string, it crdt.Item, removed bool) {
	c := db.cells[path]
	if c == nil {
		key, ok := db.decodeKey(path)
		if !ok {
			return
		}
		c = db.open(path, key)
	}
	if removed {
		c.remove(it)
	} else {
		c.insert(it)
		c.newest = max(c.newest, it.Stamp)
	}
	if !c.touched {
		c.touched = true
		e.applied = append(e.applied, c)
	}
}

// Env is what one run may see of the world.
type Env struct {
	Stamp causal.Stamp
	User  string                        // who raised the event; "" takes Config.User
	Self  causal.ReplicaID              // under whose name entries are written
	Next  func(space string) causal.Dot // the dot the run's part in space will have
	NewID func() string

	// Granted reports whether the user has been granted the right to write a
	// key, given by its canonical bytes; nil: nothing was granted.
	Granted func(database, key string) bool
	Holds   func(space string) bool // which spaces are held here; nil: all
	Lapsed  bool                    // the lease of this replica's rights has ended: it spends none
	Uploads int                     // how many events the run may upload

	// Returned, if not nil, has the results of calls that processes, steps of
	// sagas and serial blocks make. What it does not have is an Outcome.Calls.
	// Nil: functions are called in place.
	Returned func(c *Call) (Returned, bool)

	// Run names the run for the calls that it makes, the same name when it is run
	// again; "": what it calls only computes, and equal calls are one.
	Run string

	// Hands, if not nil, says how many bytes a block that the run hands on takes
	// in its commit, or why it can't be taken.
	Hands func(h *Handed) (size int, abort, detail string)
}

// Words with which a run aborts, besides those of the program.
const (
	AbortFuel      = "fuel"         // the run took more than FuelMax steps
	AbortForbidden = "forbidden"    // the user may not write this
	AbortRange     = "range"        // a number is out of the range its verb or type takes
	AbortArgument  = "bad_argument" // an argument has not its parameter's type
	AbortImport    = "import"       // a function of the host failed
	AbortNotHeld   = "not_held"     // this node does not keep what the run writes
	AbortSize      = "size"         // a value or a run's writes are too large
	AbortBusy      = "busy"         // as many events as may wait for the home do
	AbortRights    = "no_rights"    // escrow keeps what the run moves, and this replica holds too few rights
)

// Outcome is what a run did. With Abort set it did nothing.
type Outcome struct {
	Abort  string // why the run has no effect, a word without colon; "" where it has
	Detail string // a sentence more
	Writes []SpaceWrite
	Reads  []string // names of the spaces read, ascending, each once
	Wanted *Wanted  // with AbortForbidden: what the run wrote and had no right to, if a rule could give it
	Short  *Short   // with AbortRights: what the run lacked

	// Calls, with nothing beside them, are what the run needs the results of:
	// it is to be run again once Env.Returned has them.
	Calls []Call

	Handed  *Handed  // the block at the handler's end, for its home; nil: it has none
	Notices []Notice // what it tells who listens now
	Uploads []Upload // the events it raises at the home, which belong to its commit
}

// SpaceWrite is a run's share in one space: the next part there. Entry i has
// the id (Env.Next(Space), i).
type SpaceWrite struct {
	Space   string
	Entries []causal.Entry
	Removed []causal.EntryID
}

// Handler returns the number of the handler of event at this role.
func (e *Engine) Handler(event string) (int, bool) {
	i, ok := e.byEvent[event]
	return i, ok
}

// Params returns the parameters of event's handler at this role.
func (e *Engine) Params(event string) ([]plan.Param, bool) {
	i, ok := e.byEvent[event]
	if !ok {
		return nil, false
	}
	return e.program.Handlers[i].Params, true
}

// Errors of Read and Watch.
type Error string

func (err Error) Error() string { return "flow: " + string(err) }

const (
	ErrName = Error("no database or view of this name")
	ErrKey  = Error("the key has not the dimensions of the database")
)

// Watch makes changes of a database or view appear in Output.Shown, from now
// on. Watches of one name are counted. An unknown name is ErrName.
func (e *Engine) Watch(name string) error { return e.WatchFor(name, "") }

// WatchFor is Watch on behalf of a user, as ReadFor is Read.
func (e *Engine) WatchFor(name, user string) error {
	s := e.watched(name, user)
	if s == nil {
		x, ok, err := e.named(name, user)
		if err != nil {
			return err
		}
		if !ok {
			return ErrName
		}
		s = e.newWatched(name, user, x)
	}
	if s.watches++; s.watches == 1 {
		e.graph.acquire(s.node)
	}
	return nil
}

// Unwatch takes one Watch back.
func (e *Engine) Unwatch(name string) { e.UnwatchFor(name, "") }

// UnwatchFor takes one WatchFor back.
func (e *Engine) UnwatchFor(name, user string) {
	s := e.watched(name, user)
	if s == nil || s.watches == 0 {
		return
	}
	if s.watches--; s.watches == 0 {
		e.graph.release(s.node)
	}
}

// watched returns the show that serves the Watches of name. It stays when the
// last of them ends, so watching again adds no node.
func (e *Engine) watched(name, user string) *show {
	if !e.isOfUser(name) {
		user = ""
	}
	for _, s := range e.shows {
		if s.name == name && s.user == user && !s.isRender {
			return s
		}
	}
	return nil
}

// named returns the expression that a name stands for: of a database with
// dimensions, its rows.
func (e *Engine) named(name, user string) (x *plan.Expr, ok bool, err error) {
	if i, ok := e.program.View(name); ok {
		i, err := e.viewFor(i, user)
		if err != nil {
			return nil, true, err
		}
		return &plan.Expr{Op: plan.OpView, Index: i, Type: e.program.Views[i].Expr.Type}, true, nil
	}
	i, ok := e.program.Database(name)
	if !ok {
		return e.record(name)
	}
	decl := &e.program.Databases[i]
	if len(decl.Dims) > 0 {
		return &plan.Expr{Op: plan.OpDatabase, Index: i, Type: plan.SetOf(decl.Rows())}, true, nil
	}
	return &plan.Expr{Op: plan.OpCell, Index: i, Type: decl.Lattice.Reading()}, true, nil
}

// Output is what changed since the last Drain.
type Output struct {
	Shown      []Shown
	Violations []Violation
	Dues       []Due
	Aging      []Aging
}

// Shown is a change of a rendered or watched value. Of a collection it holds
// the elements that came and went; of a scalar, Added holds its new value. Of
// a database with dimensions an element is the tuple of key values and value,
// or of key values and element.
type Shown struct {
	Name    string
	Type    plan.Type
	Added   []value.Value
	Removed []value.Value
	Settled bool   // nothing shown of it is ever taken back
	Render  bool   // a process renders it; otherwise it is watched
	Copied  bool   // it shows what was pulled from a home: it may have changed there since
	Notice  bool   // of what a process tells: the elements are pairs of key and value
	User    string // of a view that is watched on behalf of a user, that one
}

// Violation is an element for which an invariant does not hold.
type Violation struct {
	Invariant int         // of Program.Invariants
	Elem      value.Value // of its source; nil where it has none
	Key       string      // canonical bytes of Elem; with Invariant it names the violation
	Standing  bool        // it began; otherwise it ended
}

// Standing reports whether the violation stands now.
func (e *Engine) Standing(v Violation) bool {
	if v.Invariant < 0 || v.Invariant >= len(e.watches) || e.watches[v.Invariant] == nil {
		return false
	}
	_, ok := e.watches[v.Invariant].standing[v.Key]
	return ok
}

// Drain returns what changed since the last Drain: renders in the order of the
// program and then watches in the order in which a name was first watched; elements and violations in
// the order of values.
func (e *Engine) Drain() Output {
	var out Output
	for _, s := range e.shows {
		if shown, ok := s.drain(); ok {
			out.Shown = append(out.Shown, shown)
		}
	}
	for _, w := range e.watches {
		if w != nil {
			out.Violations = w.drain(out.Violations)
		}
	}
	out.Dues = e.drainDues(nil)
	out.Aging = e.drainAging()
	return out
}

// Steps returns how many operator steps have been taken: elements that went
// through an operator, and pairs that met in a product or join.
func (e *Engine) Steps() uint64 { return e.graph.steps }

// Skipped returns how many evaluations of a view or invariant had no result,
// because they ran out of fuel or a function of the host failed. Their
// elements are left out until something they read changes.
func (e *Engine) Skipped() uint64 { return e.graph.skipped }
