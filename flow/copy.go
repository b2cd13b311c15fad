package flow

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
	"golang.org/x/crypto/blake2b"
)

// What lives at the home is shown at other roles as it was there. A copy of a
// home database holds entries as the home does: so whatever reads it reads them
// as there. A view that is computed at the home is a database too where it is
// pulled: its elements are the entries, and the view reads them in place of
// what it is made of. The caller brings both with Apply, and takes out what has gone.

// ViewMark stands before a view's name in Change.Database: its elements come
// and go there.
const ViewMark = "="

// pullViews gives the views that this role pulls a database each.
func (e *Engine) pullViews() {
	p := e.program
	p.Databases, p.Views = slices.Clip(p.Databases), slices.Clone(p.Views)
	for i := range p.Views {
		v := &p.Views[i]
		if !e.pulls(v) {
			continue
		}
		d := plan.Database{Name: ViewMark + v.Name, Pulled: []string{e.cfg.Role}, WriteByKey: -1}
		read := &plan.Expr{Op: plan.OpCell, Index: len(p.Databases), Type: v.Expr.Type}
		if formOf(v.Expr.Type) == formSet {
			d.Lattice = plan.Type{Kind: plan.KindLog, Args: []plan.Type{v.Expr.Type.Element()}} // as often as they come about
			v.Expr = read
		} else {
			boxed := plan.TupleOf(v.Expr.Type) // so that nil is not as if it had not come
			d.Lattice = plan.Type{Kind: plan.KindLWW, Args: []plan.Type{boxed}}
			read.Type = plan.Maybe(boxed)
			none := &plan.Expr{Op: plan.OpConst, Type: boxed, Const: value.Tuple(zero(v.Expr.Type))}
			or := &plan.Expr{Op: plan.OpOr, Type: boxed, Args: []*plan.Expr{read, none}}
			v.Expr = &plan.Expr{Op: plan.OpField, Type: v.Expr.Type, Args: []*plan.Expr{or}}
		}
		p.Databases = append(p.Databases, d)
	}
}

// pulls reports whether this role has a view only as it was at the home.
func (e *Engine) pulls(v *plan.View) bool {
	if e.cfg.Role == "" || plan.Runs(v.At, e.cfg.Role) {
		return false
	}
	return slices.Contains(v.Pulled, e.cfg.Role) || v.Home && !e.isAtHome(v.Expr)
}

// isAtHome reports whether x reads a database whose home has this role.
func (e *Engine) isAtHome(x *plan.Expr) bool {
	is := false
	e.eachDatabase(x, func(i int) {
		d := &e.program.Databases[i]
		is = is || d.Placement == plan.Home && slices.Contains(d.At, e.cfg.Role)
	})
	return is
}

// zero is the value that a scalar view reads as before it was pulled.
func zero(t plan.Type) value.Value {
	switch formOf(t) {
	case formBool:
		return value.Bool(false)
	case formInt:
		return value.Int(0)
	case formFloat:
		return value.Float(0)
	case formString:
		return value.String("")
	case formSymbol:
		return value.Symbol("")
	}
	switch t.Kind {
	case plan.KindList:
		return value.List()
	case plan.KindTuple:
		return value.Tuple(zeros(t.Args)...)
	case plan.KindRecord:
		parts := make([]value.Value, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = zero(f.Type)
		}
		return value.Record(parts...)
	}
	return value.Nil
}

func zeros(types []plan.Type) []value.Value {
	parts := make([]value.Value, len(types))
	for i, t := range types {
		parts[i] = zero(t)
	}
	return parts
}

// Held returns what is held of a database at the keys that begin with prefix,
// as the changes that would bring it about. An unknown name is ErrName.
func (e *Engine) Held(name string, prefix []value.Value) ([]Change, error) {
	db := e.byName[name]
	if db == nil {
		return nil, ErrName
	}
	if !isKeyOf(prefix, db.decl.Dims) {
		return nil, ErrKey
	}
	path := string(value.AppendPath(nil, prefix...))
	var held []Change
	for _, c := range db.sorted() {
		if !strings.HasPrefix(c.path, path) {
			continue
		}
		data := c.crdt
		if h, isHeir := data.(*heir); isHeir {
			data = h.Cell // what it inherits travels in the form it has here, and what is hidden does not
		}
		for _, it := range crdt.Clear(data).Remove {
			held = append(held, Change{Database: name, Key: c.path, Item: it})
		}
	}
	return held, nil
}

// HeldView returns what a view is, on behalf of a user as ReadFor has it, in
// the form in which a role that pulls it holds it: as changes of the database
// of ViewMark and its name. Of a view by key it is what begins with prefix. The
// view is kept up to date from then on, so asking again costs its size.
func (e *Engine) HeldView(name string, prefix []value.Value, user string) ([]Change, error) {
	i, ok := e.program.View(name)
	if !ok {
		return nil, ErrName
	}
	if !isKeyOf(prefix, e.program.Views[i].Keys) {
		return nil, ErrKey
	}
	i, err := e.viewFor(i, user)
	if err != nil {
		return nil, err
	}
	x := e.program.Views[i].Expr
	if formOf(x.Type) != formSet {
		s := e.keepScalar(i)
		return []Change{elementOf(name, value.Encode(value.Tuple(s.value())), 0)}, nil
	}
	d := e.keepView(i)
	in := d.node.inputs[0]
	times := map[string]int{}
	in.op.each(e.graph, in, func(d delta) {
		if len(prefix) == 0 || beginsWith(d.value, prefix) {
			times[d.key()] += d.weight
		}
	})
	var held []Change
	for _, elem := range sortedKeys(times) {
		for n := range times[elem] {
			held = append(held, elementOf(name, elem, uint32(n)))
		}
	}
	return held, nil
}

// elementOf is an element of a view as an entry. Its id says no more than its
// value does, so that it stays as long as the element does.
func elementOf(view, elem string, n uint32) Change {
	hash := blake2b.Sum256([]byte(elem))
	var id causal.EntryID
	copy(id.Replica[:], hash[:])
	id.Seq, id.Offset = 1, n
	return Change{Database: ViewMark + view, Item: crdt.Item{ID: id, Value: elem}}
}

func beginsWith(row value.Value, prefix []value.Value) bool {
	parts := row.Elems()
	return len(parts) >= len(prefix) && slices.EqualFunc(parts[:len(prefix)], prefix, value.Equal)
}

// Pulls reports whether the view of a name is pulled here.
func (e *Engine) Pulls(view string) bool { return e.byName[ViewMark+view] != nil }

// Copies returns the databases by which a database or view reads, here, what is
// pulled from the home: of a view that is pulled itself, the one of ViewMark
// and its name. None: all that it reads is here.
func (e *Engine) Copies(name string) (names []string) {
	note := func(db *database) {
		if e.isCopy(db) {
			names = append(names, db.decl.Name)
		}
	}
	if i, ok := e.program.View(name); ok {
		for _, db := range e.databasesOf(e.program.Views[i].Expr) {
			note(db)
		}
		return names
	}
	for _, db := range e.databases {
		if d := db.decl.Name; d == name || strings.HasPrefix(d, name+".") {
			note(db)
		}
	}
	return names
}

// isCopy reports whether a database is here only as it was at the home.
func (e *Engine) isCopy(db *database) bool {
	return e.cfg.Role != "" && db.decl.Placement == plan.Home && !slices.Contains(db.decl.At, e.cfg.Role)
}

// readsCopies reports whether an expression reads such a database.
func (e *Engine) readsCopies(x *plan.Expr) bool {
	return slices.ContainsFunc(e.databasesOf(x), e.isCopy)
}
