package types

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
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
			return c.written(c.recordAs(x, inner), x)
		}
	case *syntax.List:
		if inner.Kind == plan.KindList {
			return c.written(c.listAs(x, inner), x)
		}
	case *syntax.If:
		return c.written(c.ifAs(x, &want), x)
	}
	return c.fit(c.infer(x), want, x)
}

// fit makes e a value of type want, or writes the letter that it is none.
func (c *checker) fit(e *plan.Expr, want plan.Type, at syntax.Node) *plan.Expr {
	switch {
	case absorbs(e.Type), absorbs(want), e.Type.AssignableTo(want):
		return e
	case isInteger(e.Type) && bare(want).Kind == plan.KindFloat:
		return c.written(toFloat(e), at)
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
func (c *checker) infer(x syntax.Expr) *plan.Expr { return c.written(c.inferred(x), x) }

func (c *checker) inferred(x syntax.Expr) *plan.Expr {
	switch x := x.(type) {
	case *syntax.Int:
		return integer(x.Value)
	case *syntax.Float:
		return constant(plan.Float, value.Float(x.Value))
	case *syntax.String:
		if len(x.Value) > value.SizeMax/2 {
			c.write(diag.Errorf("E191", x.Span, "this string is too large").Hinting("a value has at most %d KiB", value.SizeMax>>10))
			return bad()
		}
		if strings.Contains(x.Value, "#{") {
			c.write(diag.Warnf("W012", x.Span, "values are not put into strings by `#{ }`").
				Hinting("join strings with `+`; a brace that is meant is written \\u{7b}"))
		}
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
	var missing []string
	for i, f := range want.Fields {
		if e.Args[i] != nil {
			continue
		}
		if f.Type.Kind != plan.KindMaybe && ok {
			missing = append(missing, f.Name)
		}
		e.Args[i] = constant(f.Type, value.Nil)
	}
	if len(missing) > 0 {
		c.write(diag.Errorf("E513", x.Span, "this `%s` has no %s", want.Label(), resolve.Quoted(missing)).
			Hinting("every field is given: %s", strings.Join(fieldTexts(want), ", ")))
	}
	return e
}

// fieldTexts lists the fields of a record as a declaration does.
func fieldTexts(t plan.Type) []string {
	texts := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		texts[i] = f.Name + ": " + f.Type.Label()
	}
	return texts
}

func (c *checker) noField(name syntax.Name, t plan.Type) {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	d := diag.Errorf("E513", name.Span, "`%s` has no field `%s`", t.Label(), name.Text)
	if len(names) > 0 {
		d = d.Hinting("it has %s", resolve.Quoted(names))
	}
	c.write(resolve.Meant(d, name.Span, name.Text, names))
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
			body := x.Else
			if i < len(x.Arms) {
				body = x.Arms[i].Body
			}
			if len(body) == 0 {
				return x
			}
			return body[len(body)-1]
		})
	}
	e := values[len(x.Arms)]
	for i := len(x.Arms) - 1; i >= 0; i-- {
		e = &plan.Expr{Op: plan.OpIf, Type: t, Args: []*plan.Expr{conds[i], values[i], e}}
	}
	return e
}
