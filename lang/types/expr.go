package types

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

func constant(t plan.Type, v value.Value) *plan.Expr {
	return &plan.Expr{Op: plan.OpConst, Type: t, Const: v}
}

func text(s string) *plan.Expr { return constant(plan.String, value.String(s)) }

func boolean(op plan.Op, args ...*plan.Expr) *plan.Expr {
	return &plan.Expr{Op: op, Type: plan.Bool, Args: args}
}

// integer is the constant n: a nat where it is one.
func integer(n int64) *plan.Expr {
	t := plan.Int
	if n >= 0 && n < 1<<31 {
		t = plan.Nat
	}
	return constant(t, value.Int(n))
}

// wanted checks x against a type, or infers it where none is asked for.
func (c *checker) wanted(x syntax.Expr, want *plan.Type) *plan.Expr {
	if want == nil {
		return c.infer(x)
	}
	return c.check(x, *want)
}

// check types x where a value of type want is asked for. Literals take the
// type that is asked for; everything else is inferred and then fitted.
func (c *checker) check(x syntax.Expr, want plan.Type) *plan.Expr {
	inner := bare(want)
	switch x := x.(type) {
	case *syntax.Record:
		if inner.Kind == plan.KindRecord {
			return c.recordAs(x, inner)
		}
	case *syntax.List:
		if inner.Kind == plan.KindList {
			return c.listAs(x, inner)
		}
	case *syntax.If:
		return c.ifAs(x, &want)
	}
	return c.fit(c.infer(x), want, x)
}

// fit makes e a value of type want, or writes the letter that it is none.
func (c *checker) fit(e *plan.Expr, want plan.Type, at syntax.Node) *plan.Expr {
	switch {
	case absorbs(e.Type), absorbs(want), e.Type.AssignableTo(want):
		return e
	case isInteger(e.Type) && bare(want).Kind == plan.KindFloat:
		return toFloat(e)
	}
	c.mismatch(e.Type, want, at)
	return bad()
}

func toFloat(e *plan.Expr) *plan.Expr {
	if e.Op == plan.OpConst {
		return constant(plan.Float, value.Float(float64(e.Const.AsInt())))
	}
	return &plan.Expr{Op: plan.OpFloat, Type: plan.Float, Args: []*plan.Expr{e}}
}

func (c *checker) mismatch(got, want plan.Type, at syntax.Node) {
	d := diag.Errorf("E510", at.Where(), "this is `%s` where `%s` is asked for", got.Label(), want.Label())
	c.write(d.Hinting("%s", hintMismatch(got, want)))
}

func hintMismatch(got, want plan.Type) string {
	switch {
	case got.Kind == plan.KindAny:
		return hintUnknown(got)
	case got.Kind == plan.KindMaybe && got.Element().AssignableTo(want):
		return "it may be nil: say what it is then with `.or(x)`"
	case want.Kind == plan.KindNat && isInteger(got):
		return "a nat is checked where it enters, so it comes from a parameter or a literal; declare an int to compute it"
	case want.Kind == plan.KindAny:
		return "give the type of what it goes into, so that its fields keep their names"
	case want.Kind == plan.KindSymbol && isText(got):
		return "a symbol is written `:name`"
	case got.Kind == plan.KindSymbol && isText(want):
		return "a string is written \"name\""
	}
	return ""
}

// hintUnknown says how to make a type known.
func hintUnknown(t plan.Type) string {
	if t.Kind == plan.KindAny {
		return "nothing is known of it: write the type of the parameter or database it comes from, as in `|x: int|`"
	}
	return ""
}

// infer types x by itself.
func (c *checker) infer(x syntax.Expr) *plan.Expr {
	switch x := x.(type) {
	case *syntax.Int:
		return integer(x.Value)
	case *syntax.Float:
		return constant(plan.Float, value.Float(x.Value))
	case *syntax.String:
		return text(x.Value)
	case *syntax.Symbol:
		return constant(plan.Symbol, value.Symbol(x.Name))
	case *syntax.Bool:
		return constant(plan.Bool, value.Bool(x.Value))
	case *syntax.Nil:
		return constant(plan.Type{Kind: plan.KindNil}, value.Nil)
	case *syntax.List:
		return c.list(x)
	case *syntax.Record:
		return c.record(x)
	case *syntax.If:
		return c.ifAs(x, nil)
	case *syntax.Unary:
		return c.unary(x)
	case *syntax.Binary:
		return c.binary(x)
	case *syntax.Ident:
		return c.ident(x)
	case *syntax.Index:
		return c.index(x)
	case *syntax.Member:
		return c.method(x, x, nil)
	case *syntax.Call:
		return c.call(x)
	}
	return bad() // a *syntax.Bad had its letter
}

func (c *checker) list(x *syntax.List) *plan.Expr {
	e := &plan.Expr{Op: plan.OpList}
	for _, el := range x.Elems {
		e.Args = append(e.Args, c.plain(el))
	}
	elem := plan.Any
	if len(e.Args) > 0 {
		elem = c.unified(e.Args, func(i int) syntax.Node { return x.Elems[i] })
	}
	e.Type = c.sized(x, plan.Type{Kind: plan.KindList, Args: []plan.Type{elem}})
	return e
}

// plain infers an expression that must be a plain value.
func (c *checker) plain(x syntax.Expr) *plan.Expr {
	e := c.infer(x)
	if isPlain(e.Type) || absorbs(e.Type) {
		return e
	}
	c.write(diag.Errorf("E510", x.Where(), "this is a collection, and a plain value is asked for"))
	return bad()
}

// unified finds the type that all of es have, and fits them to it.
func (c *checker) unified(es []*plan.Expr, at func(i int) syntax.Node) plan.Type {
	t := es[0].Type
	for i, e := range es {
		u, ok := unify(t, e.Type)
		if !ok {
			c.mismatch(e.Type, t, at(i))
			return absorbing
		}
		t = u
	}
	for i, e := range es {
		es[i] = c.fit(e, t, at(i))
	}
	return t
}

// unify is Type.Unify, where an int and a float meet as floats.
func unify(a, b plan.Type) (plan.Type, bool) {
	switch {
	case absorbs(a) || absorbs(b):
		return absorbing, true
	case isInteger(a) && b.Kind == plan.KindFloat || isInteger(b) && a.Kind == plan.KindFloat:
		return plan.Float, true
	}
	return a.Unify(b)
}

func (c *checker) listAs(x *syntax.List, want plan.Type) *plan.Expr {
	e := &plan.Expr{Op: plan.OpList, Type: want}
	for _, el := range x.Elems {
		e.Args = append(e.Args, c.check(el, want.Element()))
	}
	return e
}

// record types a record literal by itself: its fields, ordered by name.
func (c *checker) record(x *syntax.Record) *plan.Expr {
	e := &plan.Expr{Op: plan.OpRecord}
	written := slices.Clone(x.Fields)
	slices.SortFunc(written, func(a, b syntax.Field) int { return strings.Compare(a.Name.Text, b.Name.Text) })
	var fields []plan.Field
	for _, f := range written {
		v := c.plain(f.Value)
		e.Args = append(e.Args, v)
		fields = append(fields, plan.Field{Name: f.Name.Text, Type: v.Type})
	}
	e.Type = c.sized(x, plan.Type{Kind: plan.KindRecord, Fields: fields})
	return e
}

// recordAs types a record literal as a record whose fields are known.
func (c *checker) recordAs(x *syntax.Record, want plan.Type) *plan.Expr {
	e := &plan.Expr{Op: plan.OpRecord, Type: want, Args: make([]*plan.Expr, len(want.Fields))}
	ok := true
	for _, f := range x.Fields {
		i := slices.IndexFunc(want.Fields, func(w plan.Field) bool { return w.Name == f.Name.Text })
		if i < 0 {
			c.noField(f.Name, want)
			c.infer(f.Value)
			ok = false
			continue
		}
		e.Args[i] = c.check(f.Value, want.Fields[i].Type)
	}
	for i, f := range want.Fields {
		if e.Args[i] != nil {
			continue
		}
		if f.Type.Kind != plan.KindMaybe && ok {
			c.write(diag.Errorf("E513", x.Span, "the field `%s` of `%s` is missing", f.Name, want.Label()).
				Hinting("it is a `%s`", f.Type.Label()))
		}
		e.Args[i] = constant(f.Type, value.Nil)
	}
	return e
}

func (c *checker) noField(name syntax.Name, t plan.Type) {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	d := diag.Errorf("E513", name.Span, "`%s` has no field `%s`", t.Label(), name.Text)
	hint := resolve.DidYouMean(name.Text, names)
	if hint == "" && len(names) > 0 {
		hint = "it has " + resolve.Quoted(names)
	}
	c.write(d.Hinting("%s", hint))
}

// ifAs types an if as an expression: every arm has a value, and there is an else.
func (c *checker) ifAs(x *syntax.If, want *plan.Type) *plan.Expr {
	if !x.HasElse {
		c.write(diag.Errorf("E518", x.Span, "an `if` that is a value needs an `else`"))
		return bad()
	}
	conds := make([]*plan.Expr, len(x.Arms))
	values := make([]*plan.Expr, len(x.Arms)+1)
	for i, arm := range x.Arms {
		conds[i] = c.check(arm.Cond, plan.Bool)
		values[i] = c.value(arm.Body, arm, want)
	}
	values[len(x.Arms)] = c.value(x.Else, x, want)
	var t plan.Type
	if want != nil {
		t = *want
	} else {
		t = c.unified(values, func(i int) syntax.Node {
			if i < len(x.Arms) {
				return x.Arms[i]
			}
			return x
		})
	}
	e := values[len(x.Arms)]
	for i := len(x.Arms) - 1; i >= 0; i-- {
		e = &plan.Expr{Op: plan.OpIf, Type: t, Args: []*plan.Expr{conds[i], values[i], e}}
	}
	return e
}

func (c *checker) unary(x *syntax.Unary) *plan.Expr {
	if x.Op == token.Not {
		return boolean(plan.OpNot, c.check(x.X, plan.Bool))
	}
	e := c.infer(x.X)
	switch {
	case absorbs(e.Type):
		return e
	case !isNumber(e.Type):
		c.operand(e.Type, "-", x.X)
		return bad()
	case e.Op == plan.OpConst && isInteger(e.Type):
		return integer(-e.Const.AsInt())
	}
	t := e.Type
	if isInteger(t) {
		t = plan.Int
	}
	return &plan.Expr{Op: plan.OpNeg, Type: t, Args: []*plan.Expr{e}}
}

// operand is the letter about a value an operator does not take.
func (c *checker) operand(t plan.Type, op string, at syntax.Node) {
	d := diag.Errorf("E514", at.Where(), "`%s` does not take `%s`", op, t.Label())
	switch {
	case t.Kind == plan.KindMaybe:
		d = d.Hinting("it may be nil: say what it is then with `.or(x)`")
	case t.Kind == plan.KindAny:
		d = d.Hinting("%s", hintUnknown(t))
	case isCollection(t):
		d = d.Hinting("this is a collection; `.count` is how many elements it has")
	}
	c.write(d)
}

var binaryOps = map[token.Kind]struct {
	op   plan.Op
	text string
}{
	token.Or: {plan.OpEither, "or"}, token.And: {plan.OpAnd, "and"},
	token.Equal: {plan.OpEq, "=="}, token.NotEqual: {plan.OpNe, "!="},
	token.Less: {plan.OpLt, "<"}, token.LessEqual: {plan.OpLe, "<="},
	token.Greater: {plan.OpGt, ">"}, token.GreaterEqual: {plan.OpGe, ">="},
	token.Plus: {plan.OpAdd, "+"}, token.Minus: {plan.OpSub, "-"}, token.Star: {plan.OpMul, "*"},
	token.Slash: {plan.OpDiv, "/"}, token.Percent: {plan.OpMod, "%"},
}

func (c *checker) binary(x *syntax.Binary) *plan.Expr {
	switch x.Op {
	case token.Or, token.And:
		return boolean(binaryOps[x.Op].op, c.check(x.X, plan.Bool), c.check(x.Y, plan.Bool))
	case token.Equal, token.NotEqual:
		return c.equality(x)
	case token.In:
		return c.in(x)
	case token.Less, token.LessEqual, token.Greater, token.GreaterEqual:
		return c.order(x)
	}
	return c.arithmetic(x)
}

// equality types == and !=. A literal takes the type of the other side.
func (c *checker) equality(x *syntax.Binary) *plan.Expr {
	a, b := c.pair(x)
	if absorbs(a.Type) || absorbs(b.Type) {
		return boolean(binaryOps[x.Op].op, a, b)
	}
	t, ok := unify(a.Type, b.Type)
	if !ok || !isPlain(t) {
		c.write(diag.Errorf("E514", x.OpSpan, "`%s` and `%s` are never compared", a.Type.Label(), b.Type.Label()).
			Hinting("%s", hintMismatch(a.Type, b.Type)))
		return boolean(binaryOps[x.Op].op, bad(), bad())
	}
	return boolean(binaryOps[x.Op].op, c.fit(a, t, x.X), c.fit(b, t, x.Y))
}

func (c *checker) pair(x *syntax.Binary) (a, b *plan.Expr) {
	if isLiteral(x.X) && !isLiteral(x.Y) {
		b = c.infer(x.Y)
		return c.check(x.X, b.Type), b
	}
	a = c.infer(x.X)
	if isLiteral(x.Y) && !absorbs(a.Type) {
		return a, c.check(x.Y, a.Type)
	}
	return a, c.infer(x.Y)
}

func isLiteral(x syntax.Expr) bool {
	switch x.(type) {
	case *syntax.Record, *syntax.List:
		return true
	}
	return false
}

func (c *checker) order(x *syntax.Binary) *plan.Expr {
	op := binaryOps[x.Op]
	a, b, ok := c.operands(x, func(t plan.Type) bool { return isNumber(t) || isText(t) })
	if !ok {
		return boolean(op.op, bad(), bad())
	}
	return boolean(op.op, a, b)
}

func (c *checker) arithmetic(x *syntax.Binary) *plan.Expr {
	op := binaryOps[x.Op]
	a, b, ok := c.operands(x, func(t plan.Type) bool {
		return isInteger(t) || t.Kind == plan.KindFloat && op.op != plan.OpMod || isText(t) && op.op == plan.OpAdd
	})
	if !ok {
		return bad()
	}
	t := plan.Int
	switch {
	case isText(a.Type):
		t = plan.String
	case a.Type.Kind == plan.KindFloat:
		t = plan.Float
	case a.Type.Kind == plan.KindTime || b.Type.Kind == plan.KindTime:
		t = plan.Time
	}
	return &plan.Expr{Op: op.op, Type: t, Args: []*plan.Expr{a, b}}
}

// operands infers both sides of an operator that takes two of a kind: numbers
// or texts. An int beside a float becomes one.
func (c *checker) operands(x *syntax.Binary, takes func(plan.Type) bool) (a, b *plan.Expr, ok bool) {
	a, b = c.infer(x.X), c.infer(x.Y)
	if absorbs(a.Type) || absorbs(b.Type) {
		return nil, nil, false
	}
	for i, e := range []*plan.Expr{a, b} {
		if !takes(e.Type) {
			c.operand(e.Type, binaryOps[x.Op].text, []syntax.Node{x.X, x.Y}[i])
			return nil, nil, false
		}
	}
	t, ok := unify(a.Type, b.Type)
	if !ok {
		c.write(diag.Errorf("E514", x.OpSpan, "`%s` does not take `%s` and `%s` together", binaryOps[x.Op].text, a.Type.Label(), b.Type.Label()))
		return nil, nil, false
	}
	if t.Kind == plan.KindFloat {
		return c.fit(a, t, x.X), c.fit(b, t, x.Y), true
	}
	return a, b, true
}

func (c *checker) in(x *syntax.Binary) *plan.Expr {
	xs := c.infer(x.Y)
	if !isCollection(xs.Type) && xs.Type.Kind != plan.KindList {
		if !absorbs(xs.Type) {
			c.write(diag.Errorf("E514", x.Y.Where(), "`in` looks into a collection or a list, and this is `%s`", xs.Type.Label()).
				Hinting("%s", hintUnknown(xs.Type)))
		}
		c.infer(x.X)
		return boolean(plan.OpIn, bad(), xs)
	}
	return boolean(plan.OpIn, c.check(x.X, xs.Type.Element()), xs)
}

func (c *checker) ident(x *syntax.Ident) *plan.Expr {
	switch o := c.prog.Uses[x].(type) {
	case *resolve.Local:
		return c.local(o)
	case *resolve.Ambient:
		c.notYet(x, "`"+o.Name+"`, the role's own, outside a handler", "render a view of all keys")
	case *resolve.Database:
		return c.whole(o, x)
	case *resolve.View:
		return c.readView(o, x)
	case *resolve.Def:
		return c.callDef(o, x, nil)
	case *resolve.Import:
		c.write(diag.Errorf("E107", x.Span, "`%s` is a function: call it, as `%s(...)`", x.Name, x.Name))
	case resolve.Prelude:
		return c.preludeValue(string(o), x)
	}
	return bad()
}

// local reads a local name. The user of a handler gets its slot now.
func (c *checker) local(l *resolve.Local) *plan.Expr {
	v, ok := c.body.locals[l]
	switch {
	case ok:
		return &plan.Expr{Op: plan.OpLocal, Type: v.typ, Index: v.slot}
	case c.body.kind == inHandler && l.Name.File == nil:
		return c.user(l)
	}
	return bad() // its declaration had a letter
}

// whole reads a database without an index: all of it.
func (c *checker) whole(db *resolve.Database, x syntax.Node) *plan.Expr {
	if !c.mayRead(x) {
		return bad()
	}
	i := c.databases[db]
	stored := &c.stored[i]
	if stored.Lattice.Kind == absorbing.Kind {
		return bad()
	}
	if dim := c.boundDim(db); dim != "" {
		c.notYet(x, "a slice: where `"+dim+"` is bound, `"+db.Name+"` alone means its value at that key",
			"write `"+db.Name+"[:"+dim+"]`; to read the whole map, write a view under `at` a role that binds nothing")
		return bad()
	}
	if len(stored.Dims) > 0 {
		return &plan.Expr{Op: plan.OpDatabase, Type: plan.SetOf(stored.Rows()), Index: i}
	}
	t := stored.Lattice.Reading()
	if isCollection(t) && c.body.kind != inHandler {
		return &plan.Expr{Op: plan.OpDatabase, Type: t, Index: i}
	}
	return &plan.Expr{Op: plan.OpCell, Type: t, Index: i}
}

// boundDim returns the first dimension of the database that has a value in
// scope, under its own name.
func (c *checker) boundDim(db *resolve.Database) string {
	for _, dim := range db.Dims {
		if slices.Contains(c.body.names, dim.Text) {
			return dim.Text
		}
	}
	return ""
}

// mayRead refuses databases and views in functions.
func (c *checker) mayRead(x syntax.Node) bool {
	if c.body.kind != inDef {
		return true
	}
	c.write(diag.Errorf("E203", x.Where(), "a def is a pure function: it sees its parameters alone").
		Hinting("write a view, or take the value as a parameter"))
	return false
}

func (c *checker) readView(v *resolve.View, x syntax.Node) *plan.Expr {
	if !c.mayRead(x) {
		return bad()
	}
	e := c.view(v)
	if e.state == underway || absorbs(e.result) {
		return bad()
	}
	return &plan.Expr{Op: plan.OpView, Type: e.result, Index: e.index}
}

func (c *checker) index(x *syntax.Index) *plan.Expr {
	db, _, isDB := c.target(x)
	if !isDB {
		return c.element(x)
	}
	if c.prog.Faulty[x] || !c.mayRead(x) {
		return bad()
	}
	i := c.databases[db]
	keys := c.key(db, x)
	if c.stored[i].Lattice.Kind == absorbing.Kind {
		return bad()
	}
	return &plan.Expr{Op: plan.OpCell, Type: c.stored[i].Lattice.Reading(), Index: i, Args: keys}
}

// key types the keys of an index, and learns from them.
func (c *checker) key(db *resolve.Database, x *syntax.Index) []*plan.Expr {
	i := c.databases[db]
	keys := make([]*plan.Expr, len(x.Keys))
	for j, k := range x.Keys {
		e := c.keyValue(k)
		if c.learning {
			c.learnDim(i, j, e.Type)
			keys[j] = e
			continue
		}
		keys[j] = c.fit(e, c.stored[i].Dims[j].Type, k)
	}
	return keys
}

// keyValue types one key: a symbol is the value of the dimension in scope.
func (c *checker) keyValue(k syntax.Expr) *plan.Expr {
	var e *plan.Expr
	if s, ok := k.(*syntax.Symbol); ok {
		switch o := c.prog.Uses[s].(type) {
		case *resolve.Local:
			e = c.local(o)
		case *resolve.Ambient:
			c.notYet(s, "`"+o.Name+"`, the role's own, outside a handler", "render a view of all keys")
			return bad()
		default:
			return bad()
		}
	} else {
		e = c.plain(k)
	}
	switch e.Type.Kind {
	case plan.KindMaybe, plan.KindNil:
		c.write(diag.Errorf("E519", k.Where(), "a key is never nil").Hinting("say what it is then with `.or(x)`"))
		return bad()
	case plan.KindSymbol:
		c.write(diag.Errorf("E519", k.Where(), "a key is never a symbol").Hinting("inside `[ ]`, `:name` is the value of the dimension; a key of text is a string"))
		return bad()
	}
	return e
}

// element types an index into a list.
func (c *checker) element(x *syntax.Index) *plan.Expr {
	if id, ok := x.X.(*syntax.Ident); ok {
		if v, isView := c.prog.Uses[id].(*resolve.View); isView && len(v.Decl.Block.Params) > 0 {
			return c.readView(v, x)
		}
	}
	xs := c.infer(x.X)
	if absorbs(xs.Type) {
		return bad()
	}
	if xs.Type.Kind != plan.KindList || len(x.Keys) != 1 {
		c.write(diag.Errorf("E104", x.Span, "`%s` has no keys: databases and lists have", xs.Type.Label()))
		return bad()
	}
	return &plan.Expr{Op: plan.OpAt, Type: plan.Maybe(xs.Type.Element()), Args: []*plan.Expr{xs, c.check(x.Keys[0], plan.Int)}}
}
