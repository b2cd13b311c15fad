package types

import (
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
)

// Tests are typed once the program is: they read its plan and add nothing to it.

// testing is the test that is being typed.
type testing struct {
	out   *trial.Test
	part  string         // given, when, always or then
	user  *resolve.Local // who raises, in the arguments of an event
	roles map[string]*cast
	lets  []letIn
}

// cast is how many nodes of a role take part.
type cast struct {
	nodes   int
	isGiven bool // by `nodes`
	users   []string
}

// letIn is a let that what follows it sees.
type letIn struct {
	slot  int
	value *plan.Expr
}

// tests types all tests.
func (c *checker) tests() []trial.Test {
	var out []trial.Test
	titles := map[string]syntax.Node{}
	for _, t := range c.prog.Tests {
		title := t.Decl.Title
		if first, again := titles[title.Value]; again {
			c.write(diag.Errorf("E102", title.Span, "two tests have the title %q", title.Value).There(first.Where(), "the first"))
			continue
		}
		titles[title.Value] = title
		out = append(out, c.test(t))
	}
	return out
}

func (c *checker) test(t *resolve.Test) trial.Test {
	out := trial.Test{Title: t.Decl.Title.Value, Span: t.Decl.Title.Span}
	in := &testing{out: &out, user: t.User, roles: map[string]*cast{}}
	c.castNodes(in, t.Decl.Given)
	out.Given = c.testSteps(in, "given", t.Decl.Given)
	out.When = c.testSteps(in, "when", t.Decl.When)
	out.Always = c.expects(in, "always", t.Decl.Always)
	out.Then = c.expects(in, "then", t.Decl.Then)
	c.assemble(in)
	return out
}

// castNodes reads the `nodes` of a test before anything names one of them.
func (c *checker) castNodes(in *testing, given *syntax.Block) {
	if given == nil {
		return
	}
	for _, s := range given.Body {
		call, word := testCall(s)
		if word == "nodes" {
			c.nodes(in, call)
		}
	}
}

// testCall returns the call that a step is, and its word if it has one.
func testCall(s syntax.Stmt) (*syntax.Call, string) {
	x, ok := s.(*syntax.ExprStmt)
	if !ok {
		return nil, ""
	}
	call, ok := x.X.(*syntax.Call)
	if !ok {
		return nil, ""
	}
	if f, ok := call.Fun.(*syntax.Ident); ok {
		return call, f.Name
	}
	return call, ""
}

func (c *checker) nodes(in *testing, call *syntax.Call) {
	if len(call.Args) == 2 && call.Block == nil && call.Args[0].Name.Text == "" && call.Args[1].Name.Text == "" {
		role, isRole := call.Args[0].Value.(*syntax.Symbol)
		n, isNumber := call.Args[1].Value.(*syntax.Int)
		if isRole && isNumber {
			r := c.castOf(in, syntax.Name{Span: role.Span, Text: role.Name})
			switch {
			case r == nil:
			case r.isGiven:
				c.write(diag.Errorf("E102", call.Span, "the nodes of `%s` are counted twice", role.Name))
			case n.Value < 1 || n.Value > trial.NodesMax:
				c.write(tooMuch(n, "a test has from 1 to "+strconv.Itoa(trial.NodesMax)+" nodes"))
			default:
				r.nodes, r.isGiven = int(n.Value), true
			}
			return
		}
	}
	c.write(diag.Errorf("E107", call.Span, "`nodes` takes a role and a number, as in `nodes(:client, 16)`"))
}

func tooMuch(at syntax.Node, hint string) diag.Diagnostic {
	return diag.Errorf("E804", at.Where(), "this is more than the simulator runs").Hinting("%s", hint)
}

// castOf returns the cast of a role; a letter and nil where there is none.
func (c *checker) castOf(in *testing, name syntax.Name) *cast {
	if _, ok := c.prog.Topology.Role(name.Text); !ok {
		c.write(resolve.UnknownRole(name, c.prog.Topology))
		return nil
	}
	r := in.roles[name.Text]
	if r == nil {
		r = &cast{}
		in.roles[name.Text] = r
	}
	return r
}

// testSteps types the steps of given or when.
func (c *checker) testSteps(in *testing, part string, b *syntax.Block) []trial.Step {
	if b == nil {
		return nil
	}
	in.part, in.lets = part, nil
	defer c.enter(inTest)()
	c.body.locals[in.user] = &variable{0, plan.ID}
	c.body.slots = 1
	c.noTestParams(b)
	return c.stepsOf(in, b.Body)
}

func (c *checker) noTestParams(b *syntax.Block) {
	if len(b.Params) > 0 {
		c.write(diag.Errorf("E107", b.Params[0].Span, "a part of a test takes no parameters"))
	}
}

func (c *checker) stepsOf(in *testing, ss []syntax.Stmt) []trial.Step {
	n := len(in.lets)
	var steps []trial.Step
	for _, s := range ss {
		if l, ok := s.(*syntax.Let); ok {
			c.testLet(in, l)
			continue
		}
		if step, ok := c.testStep(in, s); ok {
			step.Span = s.Where()
			steps = append(steps, step)
		}
	}
	in.lets = in.lets[:n]
	return steps
}

func (c *checker) testLet(in *testing, s *syntax.Let) {
	if in.part == "given" || in.part == "when" {
		c.body.kind = inRaise
		defer func() { c.body.kind = inTest }()
	}
	x := c.let(s)
	in.lets = append(in.lets, letIn{c.body.bind(c.prog.Lets[s], x.Type), x})
}

// within puts the lets before e around it, so that it stands by itself.
func (in *testing) within(e *plan.Expr) *plan.Expr {
	for _, l := range slices.Backward(in.lets) {
		e = &plan.Expr{Op: plan.OpLet, Type: e.Type, Index: l.slot, Args: []*plan.Expr{l.value, e}}
	}
	return e
}

func (c *checker) testStep(in *testing, s syntax.Stmt) (trial.Step, bool) {
	if cmd, ok := s.(*syntax.Command); ok && cmd.Word.Text == "together" && len(cmd.Args)+len(cmd.Options) == 0 && cmd.Block != nil {
		return trial.Step{Kind: trial.Together, Steps: c.stepsTogether(in, cmd)}, true
	}
	call, word := testCall(s)
	if call != nil && word == "" {
		return c.raiseStep(in, call)
	}
	switch word {
	case "nodes", "faults":
		if in.part != "given" {
			c.write(diag.Errorf("E801", s.Where(), "`%s` stands in `given`", word))
		} else if word == "faults" {
			c.faults(in, call)
		}
		return trial.Step{}, false
	case "settle", "heal":
		if len(call.Args) > 0 || call.Block != nil {
			c.write(diag.Errorf("E107", call.Span, "`%s` takes no argument", word))
		}
		return trial.Step{Kind: map[string]trial.Kind{"settle": trial.Settle, "heal": trial.Heal}[word]}, true
	case "wait":
		return c.waitStep(call)
	case "cut":
		return c.nodesStep(in, trial.Cut, call, 2, "`cut` takes a role or node, or two, as in `cut(server, client(\"ann\"))`")
	case "crash":
		return c.nodesStep(in, trial.Crash, call, 1, "`crash` takes a role or node, as in `crash(server(1))`")
	case "expect":
		x := c.expectation(in, call)
		return trial.Step{Kind: trial.Check, Expect: x}, x != nil
	}
	c.write(diag.Errorf("E801", s.Where(), "this is no step of a test").
		Hinting("a step raises an event, as `client.on_shown(\"a1\", times: 10)`, or it is one of nodes, faults, cut, heal, crash, settle, wait, together and expect"))
	return trial.Step{}, false
}

// stepsTogether types the steps that happen at once.
func (c *checker) stepsTogether(in *testing, cmd *syntax.Command) []trial.Step {
	steps := c.stepsOf(in, cmd.Block.Body)
	for _, s := range steps {
		if s.Kind == trial.Settle || s.Kind == trial.Wait || s.Kind == trial.Check || s.Kind == trial.Together {
			c.write(diag.Errorf("E801", s.Span, "this does not happen together with something else").
				Hinting("`together` holds events, cut, heal and crash"))
		}
	}
	return steps
}

func (c *checker) nodesStep(in *testing, kind trial.Kind, call *syntax.Call, most int, usage string) (trial.Step, bool) {
	if len(call.Args) == 0 || len(call.Args) > most || call.Block != nil {
		c.write(diag.Errorf("E107", call.Span, "%s", usage))
		return trial.Step{}, false
	}
	step := trial.Step{Kind: kind}
	for _, a := range call.Args {
		n, ok := c.testNode(in, a.Value)
		if !ok {
			return trial.Step{}, false
		}
		step.Nodes = append(step.Nodes, n)
	}
	return step, true
}

// waitStep reads `wait("10s")`.
func (c *checker) waitStep(call *syntax.Call) (trial.Step, bool) {
	if len(call.Args) == 1 && call.Block == nil {
		if text, ok := call.Args[0].Value.(*syntax.String); ok {
			if span, ok := resolve.Duration(text.Value); ok && span > 0 && span <= trial.WaitMax {
				return trial.Step{Kind: trial.Wait, For: span}, true
			}
		}
	}
	c.write(diag.Errorf("E107", call.Span, "`wait` takes how long, at most a day, as in `wait(\"10s\")`"))
	return trial.Step{}, false
}

// testNode reads `client`, `client(2)` or `client("ann")`.
func (c *checker) testNode(in *testing, x syntax.Expr) (trial.Node, bool) {
	switch x := x.(type) {
	case *syntax.Ident:
		r := c.castOf(in, syntax.Name{Span: x.Span, Text: x.Name})
		if r == nil {
			return trial.Node{}, false
		}
		r.nodes = max(r.nodes, 1)
		return trial.Node{Role: x.Name, Index: trial.Each}, true
	case *syntax.Call:
		role, ok := x.Fun.(*syntax.Ident)
		if ok && len(x.Args) == 1 && x.Args[0].Name.Text == "" && x.Block == nil {
			return c.oneNode(in, role, x.Args[0].Value)
		}
	}
	c.write(diag.Errorf("E801", x.Where(), "this is no node of the test").
		Hinting("`client` is each node of a role, `client(1)` the first, `client(\"ann\")` that of a user"))
	return trial.Node{}, false
}

func (c *checker) oneNode(in *testing, role *syntax.Ident, which syntax.Expr) (trial.Node, bool) {
	r := c.castOf(in, syntax.Name{Span: role.Span, Text: role.Name})
	if r == nil {
		return trial.Node{}, false
	}
	switch which := which.(type) {
	case *syntax.Int:
		switch {
		case which.Value < 1 || r.isGiven && which.Value > int64(r.nodes):
			c.write(diag.Errorf("E802", which.Span, "there is no such `%s`: they are numbered from 1 to %d", role.Name, max(r.nodes, 1)))
		case which.Value > trial.NodesMax:
			c.write(tooMuch(which, "a test has from 1 to "+strconv.Itoa(trial.NodesMax)+" nodes"))
		default:
			r.nodes = max(r.nodes, int(which.Value))
			return trial.Node{Role: role.Name, Index: int(which.Value) - 1}, true
		}
	case *syntax.String:
		return c.userNode(in, r, role, which)
	default:
		c.write(diag.Errorf("E802", which.Where(), "a node is named by its number, as `%s(1)`, or by its user, as `%s(\"ann\")`", role.Name, role.Name))
	}
	return trial.Node{}, false
}

// userNode finds the node of a user. The first nodes of a role are those of
// the users that the test names.
func (c *checker) userNode(in *testing, r *cast, role *syntax.Ident, name *syntax.String) (trial.Node, bool) {
	topology, _ := c.prog.Topology.Role(role.Name)
	i := slices.Index(r.users, name.Value)
	switch {
	case topology.Ambient == "":
		c.write(diag.Errorf("E802", name.Span, "a `%s` has no user", role.Name).Hinting("its nodes are numbered: `%s(1)`", role.Name))
		return trial.Node{}, false
	case c.isNodeName(name.Value):
		c.write(diag.Errorf("E802", name.Span, "%q is no name for a user in a test", name.Value).
			Hinting("a node without a user of its own is named by its role and number, as client2; other names are free, up to %d bytes", userMax))
		return trial.Node{}, false
	case i < 0 && r.isGiven && len(r.users) == r.nodes:
		c.write(diag.Errorf("E802", name.Span, "there is no `%s` left to be that of %q", role.Name, name.Value).
			Hinting("the test names more users than it has nodes: `nodes(:%s, %d)`", role.Name, r.nodes+1))
		return trial.Node{}, false
	case i < 0:
		i = len(r.users)
		r.users = append(r.users, name.Value)
		r.nodes = max(r.nodes, len(r.users))
	}
	return trial.Node{Role: role.Name, Index: i}, true
}

// userMax bounds the name of a user in a test, in bytes.
const userMax = 64

// isNodeName reports whether a name is that of a node without a name, or none.
func (c *checker) isNodeName(name string) bool {
	if name == "" || len(name) > userMax {
		return true
	}
	return slices.ContainsFunc(c.prog.Topology.Roles, func(r resolve.Role) bool {
		if len(name) <= len(r.Name) || name[:len(r.Name)] != r.Name {
			return false
		}
		_, err := strconv.Atoi(name[len(r.Name):])
		return err == nil
	})
}

// raiseStep types `client("ann").on_x(args, times: n)`.
func (c *checker) raiseStep(in *testing, call *syntax.Call) (trial.Step, bool) {
	f, ok := call.Fun.(*syntax.Member)
	if !ok || len(f.Name.Text) <= len("on_") || f.Name.Text[:len("on_")] != "on_" {
		c.write(diag.Errorf("E801", call.Span, "a node of a test only raises events").Hinting("as in `client.on_shown(\"a1\")`"))
		return trial.Step{}, false
	}
	who, ok := c.testNode(in, f.X)
	if !ok {
		return trial.Step{}, false
	}
	step := trial.Step{Kind: trial.Raise, Nodes: []trial.Node{who}, Event: f.Name.Text[len("on_"):], Times: 1}
	h := c.handlerAt(step.Event, who.Role)
	if h < 0 {
		c.write(c.noHandler(f.Name, step.Event, who.Role))
		return trial.Step{}, false
	}
	c.body.kind = inRaise
	args, ok := c.arguments(f.Name.Text, c.out.Handlers[h].Params, c.times(&step, call), call)
	c.body.kind = inTest
	for _, a := range args {
		a = in.within(a)
		step.Args = append(step.Args, a)
		step.ByUser = step.ByUser || isOpen(a, nil)
	}
	step.Slots = c.body.slots
	return step, ok
}

// times takes `times:` out of the arguments of an event.
func (c *checker) times(step *trial.Step, call *syntax.Call) []syntax.Arg {
	var rest []syntax.Arg
	for _, a := range call.Args {
		if a.Name.Text != "times" {
			rest = append(rest, a)
			continue
		}
		n, ok := a.Value.(*syntax.Int)
		switch {
		case !ok || n.Value < 1:
			c.write(diag.Errorf("E107", a.Span, "`times` is a number from 1 on, written out"))
		case n.Value > trial.RaisesMax:
			c.write(tooMuch(n, "a test raises at most "+strconv.Itoa(trial.RaisesMax)+" events"))
		default:
			step.Times = int(n.Value)
		}
	}
	return rest
}

// handlerAt returns the handler of an event at a role, or -1.
func (c *checker) handlerAt(event, role string) int {
	return slices.IndexFunc(c.prog.Handlers, func(h *resolve.Handler) bool {
		return h.Decl.Event.Text == event && (len(h.At) == 0 || slices.Contains(h.At, role))
	})
}

func (c *checker) noHandler(at syntax.Name, event, role string) diag.Diagnostic {
	var all []string
	for _, h := range c.prog.Handlers {
		if h.Decl.Event.Text == event {
			return diag.Errorf("E803", at.Span, "`%s` has no handler at `%s`", at.Text, role).
				There(h.Decl.Event.Span, "it stands at %s", resolve.Quoted(h.At)).
				Hinting("raise it at %s", resolve.Quoted(h.At))
		}
		all = append(all, "on_"+h.Decl.Event.Text)
	}
	return resolve.Meant(diag.Errorf("E803", at.Span, "there is no handler `%s`", at.Text), at.Span, at.Text, all)
}

// faults reads `faults(drop: 0.2, duplicate: 0.2, reorder: true, cuts: 4)`.
func (c *checker) faults(in *testing, call *syntax.Call) {
	f := &in.out.Faults
	rates := map[string]*trial.Rate{"drop": &f.Drop, "duplicate": &f.Duplicate, "reorder": &f.Reorder, "corrupt": &f.Corrupt}
	counts := map[string]*int{"cuts": &f.Cuts, "crashes": &f.Crashes}
	for _, a := range call.Args {
		name := a.Name.Text
		isRead := false
		switch {
		case rates[name] != nil:
			isRead = readRate(rates[name], a.Value, name)
		case counts[name] != nil:
			n, ok := a.Value.(*syntax.Int)
			if ok && n.Value > trial.FaultsMax {
				c.write(tooMuch(n, "there are at most "+strconv.Itoa(trial.FaultsMax)))
				continue
			}
			if isRead = ok && n.Value >= 0; isRead {
				*counts[name] = int(n.Value)
			}
		case name == "skew":
			b, ok := a.Value.(*syntax.Bool)
			if isRead = ok; ok {
				f.Skew = b.Value
			}
		}
		if !isRead {
			c.write(diag.Errorf("E107", a.Span, "`faults` does not take this").
				Hinting("drop, duplicate, reorder and corrupt are shares of the messages from 0 to 1, or true; cuts and crashes are numbers; skew is true"))
		}
	}
}

// readRate reads a share, or true for the customary one.
func readRate(to *trial.Rate, x syntax.Expr, name string) bool {
	share := 0.2
	if name == "corrupt" {
		share = 0.002
	}
	switch x := x.(type) {
	case *syntax.Bool:
		if !x.Value {
			share = 0
		}
	case *syntax.Int:
		share = float64(x.Value)
	case *syntax.Float:
		share = x.Value
	default:
		return false
	}
	*to = trial.Rate(min(max(share, 0), 1)*1e6 + 0.5)
	return share >= 0 && share <= 1
}

// expects types what always or then holds.
func (c *checker) expects(in *testing, part string, b *syntax.Block) []*trial.Expect {
	if b == nil {
		return nil
	}
	in.part, in.lets = part, nil
	defer c.enter(inTest)()
	c.noTestParams(b)
	var out []*trial.Expect
	for _, s := range b.Body {
		if l, ok := s.(*syntax.Let); ok {
			c.testLet(in, l)
			continue
		}
		call, word := testCall(s)
		if word != "expect" {
			c.write(diag.Errorf("E801", s.Where(), "`%s` only expects", part).Hinting("steps stand in `when`; here stands `expect(condition)`"))
			continue
		}
		if x := c.expectation(in, call); x != nil {
			out = append(out, x)
		}
	}
	return out
}

func (c *checker) expectation(in *testing, call *syntax.Call) *trial.Expect {
	if len(call.Args) != 1 || call.Args[0].Name.Text != "" || call.Block != nil {
		c.write(diag.Errorf("E107", call.Span, "`expect` takes one condition"))
		return nil
	}
	c.body.test = in
	cond := c.check(call.Args[0].Value, plan.Bool)
	c.body.test = nil
	x := &trial.Expect{Span: call.Args[0].Value.Where(), Cond: in.within(cond), Slots: c.body.slots}
	c.partsOf(in, x, cond)
	return x
}

// partsOf finds the sides of the comparisons that a condition is made of.
func (c *checker) partsOf(in *testing, x *trial.Expect, e *plan.Expr) {
	switch e.Op {
	case plan.OpAnd, plan.OpEither, plan.OpNot:
		for _, a := range e.Args {
			c.partsOf(in, x, a)
		}
	case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe, plan.OpIn:
		for _, a := range e.Args {
			c.partOf(in, x, a)
		}
	default:
		c.partOf(in, x, e)
	}
}

func (c *checker) partOf(in *testing, x *trial.Expect, e *plan.Expr) {
	span, known := c.spans.Exprs[e]
	isTruth := slices.ContainsFunc(in.out.Truths, func(t trial.Truth) bool { return t.Value == e })
	if !known || c.isKnown(e) && !isTruth {
		return
	}
	text := span.Text()
	if !slices.ContainsFunc(x.Parts, func(p trial.Part) bool { return p.Text == text }) {
		x.Parts = append(x.Parts, trial.Part{Text: text, Expr: in.within(e)})
	}
}

// isKnown reports whether the text of an expression says its value.
func (c *checker) isKnown(e *plan.Expr) bool {
	switch e.Op {
	case plan.OpConst:
		return true
	case plan.OpCall, plan.OpRecord, plan.OpList, plan.OpTuple, plan.OpNeg:
		return !slices.ContainsFunc(e.Args, func(a *plan.Expr) bool { return !c.isKnown(a) })
	}
	return false
}

// testWord types a function of tests.
func (c *checker) testWord(name string, x *syntax.Call) *plan.Expr {
	in := c.body.test
	if in == nil || in.part != "then" {
		c.write(diag.Errorf("E805", x.Span, "`%s` stands in the `expect` of a `then`", name).
			Hinting("it is the value of an expression once every commit has come everywhere, which is known at the end alone"))
		return bad()
	}
	if len(x.Args) != 1 || x.Args[0].Name.Text != "" {
		c.write(diag.Errorf("E107", x.Span, "`%s` takes one value, as in `%s(counters[\"a\"])`", name, name))
		return bad()
	}
	of := c.infer(x.Args[0].Value)
	switch {
	case absorbs(of.Type):
		return bad()
	case !isPlain(of.Type):
		c.write(diag.Errorf("E805", x.Args[0].Span, "`%s` takes one plain value, and this is a collection", name).
			Hinting("compare how many it has: `xs.count == %s(xs.count)`", name))
		return bad()
	}
	closed := in.within(of)
	if isOpen(closed, nil) {
		c.write(diag.Errorf("E805", x.Span, "`%s` does not see the parameters of a block", name).
			Hinting("take it out of the block, and name it with `let` before"))
		return bad()
	}
	value := &plan.Expr{Op: plan.OpConst, Type: of.Type}
	in.out.Truths = append(in.out.Truths, trial.Truth{Value: value, Of: closed, Slots: c.body.slots})
	return value
}

// isOpen reports whether e reads a slot that neither it nor bound sets.
func isOpen(e *plan.Expr, bound []int) bool {
	switch e.Op {
	case plan.OpLocal:
		return !slices.Contains(bound, e.Index)
	case plan.OpLet:
		return isOpen(e.Args[0], bound) || isOpen(e.Args[1], append(slices.Clip(bound), e.Index))
	}
	if slices.ContainsFunc(e.Args, func(a *plan.Expr) bool { return isOpen(a, bound) }) {
		return true
	}
	return e.Block != nil && isOpen(e.Block.Expr, append(slices.Clip(bound), e.Block.Params...))
}

// assemble gives the test its roles: that of the home first, then those
// without users.
func (c *checker) assemble(in *testing) {
	order := slices.Clone(c.prog.Topology.Roles)
	home := resolve.HomeRole
	for _, db := range c.prog.Databases {
		if db.Sharing == resolve.AtHome && len(db.At) == 1 {
			home = db.At[0]
			break
		}
	}
	rank := func(r resolve.Role) int {
		switch {
		case r.Name == home:
			return 0
		case r.Ambient == "":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b resolve.Role) int { return rank(a) - rank(b) })
	total := 0
	for i, r := range order {
		n := in.roles[r.Name]
		if n == nil && i == 0 {
			n = &cast{}
		}
		if n == nil || n.nodes == 0 && i > 0 {
			continue
		}
		n.nodes = max(n.nodes, 1)
		total += n.nodes
		in.out.Nodes = append(in.out.Nodes, trial.Role{Name: r.Name, Nodes: n.nodes, Users: n.users})
	}
	nodes := func(role string) int {
		if r := in.roles[role]; r != nil {
			return r.nodes
		}
		return 0
	}
	if total > trial.NodesMax {
		c.write(tooMuch(in.out.Span, "a test has at most "+strconv.Itoa(trial.NodesMax)+" nodes, and this one has "+strconv.Itoa(total)))
	}
	if trial.Raises(in.out.Given, nodes)+trial.Raises(in.out.When, nodes) > trial.RaisesMax {
		c.write(tooMuch(in.out.Span, "a test raises at most "+strconv.Itoa(trial.RaisesMax)+" events, counted at each node"))
	}
}
