package resolve

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// Out is a call in a process that fills a cell of a database: the argument at
// Arg, which its import marks `out`, or the last one of a function that the
// host links by its name.
type Out struct {
	Call     *syntax.Call
	Name     string    // of the function
	Database *Database // nil where the argument is none
	Arg      int
}

// outs finds the calls of a process that fill cells, before dimensions are
// inferred: a database without any takes those of the process that fills it.
func (r *resolver) outs(p *Process) {
	for _, s := range p.Decl.Block.Body {
		call, name, ok := r.filling(s)
		if !ok {
			continue
		}
		out := Out{Call: call, Name: name.Name, Arg: r.outArg(name, call)}
		if out.Arg < 0 {
			continue
		}
		out.Database = r.outDatabase(call.Args[out.Arg].Value)
		p.Outs = append(p.Outs, out)
		if out.Database != nil {
			r.fills(p, out)
		}
	}
}

// filling returns the call a statement is, if it is one of a function of the host.
func (r *resolver) filling(s syntax.Stmt) (*syntax.Call, *syntax.Ident, bool) {
	x, ok := s.(*syntax.ExprStmt)
	if !ok {
		return nil, nil, false
	}
	call, ok := x.X.(*syntax.Call)
	if !ok {
		return nil, nil, false
	}
	name, ok := call.Fun.(*syntax.Ident)
	return call, name, ok
}

// outArg returns which argument of a call is its cell, or -1.
func (r *resolver) outArg(name *syntax.Ident, call *syntax.Call) int {
	switch r.prog.Uses[name].(type) {
	case Linked:
		return len(call.Args) - 1
	case *Import:
		for _, f := range r.prog.Imports {
			if f.Name != name.Name || f.Decl.Signature == nil || len(f.Decl.Signature.Params) != len(call.Args) {
				continue
			}
			if i := slices.IndexFunc(f.Decl.Signature.Params, func(p syntax.ParamType) bool { return p.Out }); i >= 0 {
				return i
			}
		}
	}
	return -1
}

// outDatabase returns the database that an argument names, at a key or alone.
func (r *resolver) outDatabase(x syntax.Expr) *Database {
	if i, ok := x.(*syntax.Index); ok {
		x = i.X
	}
	db, _ := r.databaseAt(x)
	return db
}

// fills notes that a function fills a database.
func (r *resolver) fills(p *Process, out Out) {
	db := out.Database
	if slices.Contains(db.Cells, out.Name) {
		r.write(diag.Errorf("E207", out.Call.Span, "`%s` fills `%s` twice", out.Name, db.Name).
			Hinting("a cell belongs to a function, a database and a key: two calls would overwrite each other; give one of the functions a name of its own"))
		return
	}
	db.Cells = append(db.Cells, out.Name)
	_, isPlain := out.Call.Args[out.Arg].Value.(*syntax.Ident)
	if len(db.Dims) == 0 && isPlain && !isMap(db.Decl.Type) && !slices.ContainsFunc(db.sites, func(s site) bool { return symbolKeys(s.index) != nil }) {
		for _, param := range p.Decl.Block.Params {
			db.Dims = append(db.Dims, param.Name)
		}
	}
}

// linked says which functions the host is asked for, and where one is nearly
// the name of something known.
func (r *resolver) linked(x *syntax.Ident) {
	r.prog.Uses[x] = Linked(x.Name)
	if r.links == nil {
		r.links = map[string]bool{}
	}
	if r.links[x.Name] {
		return
	}
	r.links[x.Name] = true
	if near := Nearest(x.Name, r.visible()); near != "" {
		r.write(diag.Warnf("W601", x.Span, "`%s` is a function that the host is asked for, and nearly `%s`", x.Name, near).
			Hinting("did you mean `%s`? An `import` says that `%s` is meant", near, x.Name))
		return
	}
	r.write(diag.Diagnostic{
		Code: "W602", Severity: diag.Note, Title: "`" + x.Name + "` is a function that the host links by its name",
		Labels: []diag.Label{{Span: x.Span}},
	})
}
