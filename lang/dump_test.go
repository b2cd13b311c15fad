package lang

import (
	"fmt"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// cells names the databases that a run fills, with the way to each in its result.
func (d *dumper) cells(cells []plan.Cell) string {
	var names []string
	for _, c := range cells {
		name := d.p.Databases[c.Database].Name
		if len(c.Path) > 0 {
			name += fmt.Sprint(c.Path)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// dump writes a plan as text, one line for each declaration and statement.
func dump(p *plan.Program) string {
	var d dumper
	d.p = p
	for i := range p.Databases {
		db := &p.Databases[i]
		d.line("database %s: %s%s%s", db.Name, p.Schema()[schemaIndex(p, db.Name)], at(db.At), writers(db))
	}
	for i, f := range p.Funcs {
		d.line("def %d %s%s slots %d", i, f.Name, params(f.Params), f.Slots)
		d.line("  %s", d.expr(f.Expr))
	}
	for i, v := range p.Views {
		d.line("view %d %s%s: %s%s%s slots %d%s", i, v.Name, keysOf(v), v.Expr.Type.Label(), at(v.At), home(v.Home), v.Slots, strings.Replace(at(v.Pulled), "at", "pulled at", 1))
		d.line("  %s", d.expr(v.Expr))
	}
	for _, h := range p.Handlers {
		d.line("on_%s%s%s%s user %d slots %d", h.Event, params(h.Params), at(h.At), home(h.Home), h.User, h.Slots)
		d.stmts("  ", h.Body)
	}
	for _, q := range p.Processes {
		d.line("process%s%s slots %d", at(q.At), home(q.Home), q.Slots)
		for _, r := range q.Renders {
			d.line("  %s %q %s", map[bool]string{false: "render", true: "notify"}[r.Notice], r.Name, d.expr(r.Expr))
		}
		if q.Source != nil {
			d.line("  %v in %s", q.Params, d.expr(q.Source))
		}
		for _, r := range q.Runs {
			d.line("  run %s%s -> %s%s", p.Imports[r.Import].Name, d.exprs(r.Args), d.cells(r.Cells), d.exprs(r.Keys))
		}
	}
	for _, i := range p.Invariants {
		over := "once"
		if i.Source != nil {
			over = d.expr(i.Source)
		}
		d.line("invariant %s%s%s slots %d: %v in %s", i.Name, at(i.At), [...]string{"", " escrow", " serial"}[i.Keep], i.Slots, i.Params, over)
		d.line("  %s", d.expr(i.Cond))
		d.stmts("  else ", i.Repair)
	}
	for _, i := range p.Imports {
		d.line("import %s%s -> %s from %s", i.Name, params(i.Params), i.Result.Label(), i.From)
	}
	for _, r := range p.Roles {
		d.line("role %+v", r)
	}
	for _, l := range p.Links {
		d.line("link %+v", l)
	}
	return d.b.String()
}

type dumper struct {
	p *plan.Program
	b strings.Builder
}

func (d *dumper) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

func schemaIndex(p *plan.Program, name string) int {
	for i, s := range p.Schema() {
		if s.Name == name {
			return i
		}
	}
	panic("a database is missing in the schema")
}

func at(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return " at " + strings.Join(roles, ",")
}

func home(is bool) string {
	if is {
		return " home"
	}
	return ""
}

func keysOf(v plan.View) string {
	text := ""
	for _, k := range v.Keys {
		text += "[" + k.Name + ": " + k.Type.Label() + "]"
	}
	return text
}

func writers(db *plan.Database) string {
	var who []string
	switch {
	case db.WriteByAll:
		who = append(who, "all write")
	case db.WriteByKey >= 0:
		who = append(who, "its "+db.Dims[db.WriteByKey].Name+" writes")
	}
	if db.HasRules() {
		who = append(who, "by grant others write")
	}
	if db.Appends.Anyone {
		who = append(who, "all append"+fmt.Sprint(db.Appends.Field))
	}
	return strings.TrimSuffix("; "+strings.Join(who, ", "), "; ")
}

func params(ps []plan.Param) string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = strings.TrimPrefix(p.Name+": "+p.Type.Label(), ": ")
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func (d *dumper) stmts(indent string, ss []*plan.Stmt) {
	for _, s := range ss {
		args := d.exprs(s.Args)
		switch s.Op {
		case plan.StmtLet:
			d.line("%slet $%d =%s", indent, s.Index, args)
		case plan.StmtIf:
			d.line("%sif%s", indent, args)
			d.stmts(indent+"  ", s.Body)
			if len(s.Else) > 0 {
				d.line("%selse", indent)
				d.stmts(indent+"  ", s.Else)
			}
		case plan.StmtEach:
			d.line("%seach %v in%s", indent, s.Params, args)
			d.stmts(indent+"  ", s.Body)
		case plan.StmtWrite:
			d.line("%s%s.%s keys %d%s", indent, d.p.Databases[s.Index].Name, s.Name, s.Keys, args)
		case plan.StmtTentatively:
			d.line("%stentatively", indent)
			d.stmts(indent+"  ", s.Body)
		case plan.StmtClear:
			d.line("%s%s.clear%s", indent, d.p.Databases[s.Index].Name, args)
			d.stmts(indent+"  ", s.Body)
		case plan.StmtSerial:
			d.block(indent, "serial", "else", s)
		case plan.StmtSaga:
			d.block(indent, "saga", "else", s)
		case plan.StmtStep:
			d.block(indent, "step", "undo", s)
		case plan.StmtSeal:
			d.line("%s%s.seal%s", indent, d.p.Databases[s.Index].Name, args)
		case plan.StmtNotify:
			d.line("%snotify%s", indent, args)
		case plan.StmtUpload:
			d.line("%supload %s%s", indent, s.Name, args)
		case plan.StmtAbort:
			d.line("%sabort %s", indent, s.Name)
		}
	}
}

// block writes what coordinates: its body, and what stands behind it under a word.
func (d *dumper) block(indent, head, word string, s *plan.Stmt) {
	d.line("%s%s%s", indent, head, d.exprs(s.Args))
	d.stmts(indent+"  ", s.Body)
	if len(s.Params) > 0 || len(s.Else) > 0 {
		d.line("%s%s %v", indent, word, s.Params)
		d.stmts(indent+"  ", s.Else)
	}
}

var opNames = map[plan.Op]string{
	plan.OpLet: "let", plan.OpField: "field", plan.OpMember: "member", plan.OpRecord: "record", plan.OpTuple: "tuple",
	plan.OpList: "list", plan.OpAt: "at", plan.OpCall: "call", plan.OpImport: "import", plan.OpNow: "now", plan.OpNewID: "new_id", plan.OpOr: "or?",
	plan.OpNot: "not", plan.OpNeg: "neg", plan.OpAdd: "+", plan.OpSub: "-", plan.OpMul: "*", plan.OpDiv: "/", plan.OpMod: "%",
	plan.OpEq: "==", plan.OpNe: "!=", plan.OpLt: "<", plan.OpLe: "<=", plan.OpGt: ">", plan.OpGe: ">=",
	plan.OpAnd: "and", plan.OpEither: "or", plan.OpIf: "if", plan.OpIn: "in", plan.OpFloat: "float",
	plan.OpCell: "cell", plan.OpDatabase: "all", plan.OpKeys: "keys", plan.OpView: "view",
	plan.OpMap: "map", plan.OpFilter: "filter", plan.OpFlatMap: "flat_map", plan.OpProduct: "product", plan.OpJoin: "join",
	plan.OpViewAt: "view at",
	plan.OpUnion:  "union", plan.OpIntersection: "intersection", plan.OpMinus: "minus", plan.OpCount: "count",
	plan.OpAmbient: "ambient", plan.OpSum: "sum", plan.OpAvg: "avg", plan.OpMax: "max", plan.OpMin: "min", plan.OpFirst: "first", plan.OpLast: "last",
	plan.OpSort: "sort_by", plan.OpTop: "top", plan.OpGroup: "group", plan.OpClosure: "closure",
}

func (d *dumper) exprs(es []*plan.Expr) string {
	var b strings.Builder
	for _, e := range es {
		b.WriteString(" " + d.expr(e))
	}
	return b.String()
}

func (d *dumper) expr(e *plan.Expr) string {
	switch e.Op {
	case plan.OpConst:
		return literal(e.Const)
	case plan.OpLocal:
		return fmt.Sprintf("$%d", e.Index)
	}
	head := opNames[e.Op]
	switch e.Op {
	case plan.OpField:
		head += fmt.Sprintf(" %d", e.Index)
	case plan.OpLet:
		head += fmt.Sprintf(" $%d", e.Index)
	case plan.OpMember, plan.OpAmbient:
		head += " " + e.Name
	case plan.OpCall:
		head += " " + d.p.Funcs[e.Index].Name
	case plan.OpImport:
		head += " " + d.p.Imports[e.Index].Name
	case plan.OpCell, plan.OpDatabase, plan.OpKeys:
		head += " " + d.p.Databases[e.Index].Name
	case plan.OpView, plan.OpViewAt:
		head += " " + d.p.Views[e.Index].Name
	}
	tail := ""
	if e.Block != nil {
		tail = fmt.Sprintf(" do %v %s", e.Block.Params, d.expr(e.Block.Expr))
	}
	return "(" + head + d.exprs(e.Args) + tail + ")"
}

func literal(v value.Value) string {
	switch v.Kind() {
	case value.KindNil:
		return "nil"
	case value.KindBool:
		return fmt.Sprint(v.AsBool())
	case value.KindInt:
		return fmt.Sprint(v.AsInt())
	case value.KindFloat:
		return fmt.Sprintf("%gf", v.AsFloat())
	case value.KindSymbol:
		return ":" + v.AsString()
	}
	return fmt.Sprintf("%q", v.AsString())
}
