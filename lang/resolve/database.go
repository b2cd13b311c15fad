package resolve

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// database declares a database from its options. Dimensions that no option
// names are inferred later, when every use is known.
func (r *resolver) database(d *syntax.Database, at []string) {
	db := &Database{Decl: d, Name: d.Name.Text, At: at}
	for _, o := range d.Options {
		r.databaseOption(db, o)
	}
	if db.Sharing == ByValue {
		r.spaceOf(db)
	}
	if other, again := r.globals[db.Name].(*Database); again && r.isCopy(other, db) {
		return
	}
	r.prog.Databases = append(r.prog.Databases, db)
	r.global(d.Name, db)
}

func (r *resolver) databaseOption(db *Database, o syntax.Option) {
	switch o.Name.Text {
	case "by":
		db.Dims = r.dimensionNames(o)
	case "replicated":
		r.replicated(db, o)
	case "at":
		if s, ok := o.Value.(*syntax.Symbol); ok {
			db.At = r.roles([]syntax.Name{{Span: s.Span, Text: s.Name}})
			return
		}
		r.badDatabaseOption(o, "a role, as :server")
	case "is":
		db.Is = &o
	case "expires":
		s, ok := o.Value.(*syntax.String)
		if ok {
			db.Expires, ok = Duration(s.Value)
		}
		if !ok || db.Expires < expiresMin || db.Expires > expiresMax {
			db.Expires = 0
			r.badDatabaseOption(o, "a time from a second on, as \"30s\", \"2h\" or \"30d\"")
		}
	case "was":
		if s, ok := o.Value.(*syntax.Symbol); ok {
			db.Was = &syntax.Name{Span: s.Span, Text: s.Name}
			return
		}
		r.badDatabaseOption(o, "the name the database had before, as :photos")
	default:
		r.write(NotYet(o.Span, "`:"+o.Name.Text+"` of a database", ""))
	}
}

// userOf finds out which dimension ":is" says is a user: the one there is, or of
// several the one that it names, "{ member: :user_id }".
func (r *resolver) userOf(db *Database) {
	value, at := db.Is.Value, 0
	if x, ok := value.(*syntax.Record); ok && len(x.Fields) == 1 {
		value = x.Fields[0].Value
		name := x.Fields[0].Name
		if at = slices.IndexFunc(db.Dims, func(n syntax.Name) bool { return n.Text == name.Text }); at < 0 {
			r.write(notDimension(db, name.Span, name.Text))
			return
		}
	} else if len(db.Dims) != 1 {
		r.badDatabaseOption(*db.Is, "of a database with several dimensions which of them is the user, as { member: :user_id }")
		return
	}
	s, ok := value.(*syntax.Symbol)
	if !ok || s.Name != "user_id" && !r.prog.Topology.Binds(nil, s.Name) {
		r.badDatabaseOption(*db.Is, "the dimension that a role binds to its user, as :user_id")
		return
	}
	db.Users = at + 1
}

// A key that expires stays from a second to a hundred years, in milliseconds.
const (
	expiresMin = 1000
	expiresMax = 100 * 36_525 * 24 * 36_000
)

func (r *resolver) badDatabaseOption(o syntax.Option, wants string) {
	r.write(diag.Errorf("E105", o.Span, "`:%s` cannot have this value", o.Name.Text).Hinting(":%s takes %s", o.Name.Text, wants))
}

// dimensionNames reads ":d" or "[:d1, :d2]".
func (r *resolver) dimensionNames(o syntax.Option) []syntax.Name {
	elems := []syntax.Expr{o.Value}
	if l, ok := o.Value.(*syntax.List); ok {
		elems = l.Elems
	}
	var dims []syntax.Name
	for _, e := range elems {
		s, ok := e.(*syntax.Symbol)
		switch {
		case !ok:
			r.badDatabaseOption(o, "a dimension, as :user_id, or several, as [:user_id, :day]")
		case slices.ContainsFunc(dims, func(n syntax.Name) bool { return n.Text == s.Name }):
			r.write(diag.Errorf("E102", s.Span, "the dimension `%s` is named twice", s.Name))
		default:
			dims = append(dims, syntax.Name{Span: s.Span, Text: s.Name})
		}
	}
	return dims
}

func (r *resolver) replicated(db *Database, o syntax.Option) {
	switch v := o.Value.(type) {
	case *syntax.Bool:
		if v.Value {
			db.Sharing = ByAll
		}
	case *syntax.Symbol:
		db.Sharing = ByValue
	default:
		r.badDatabaseOption(o, "true, or a dimension, as :user_id")
	}
}

// spaceOf finds the dimension that :replicated names; it implies :by.
func (r *resolver) spaceOf(db *Database) {
	i := slices.IndexFunc(db.Decl.Options, func(o syntax.Option) bool { return o.Name.Text == "replicated" })
	s := db.Decl.Options[i].Value.(*syntax.Symbol)
	dim := syntax.Name{Span: s.Span, Text: s.Name}
	if len(db.Dims) == 0 {
		db.Dims = []syntax.Name{dim}
	}
	db.Space = slices.IndexFunc(db.Dims, func(n syntax.Name) bool { return n.Text == dim.Text })
	if db.Space < 0 {
		db.Space = 0
		r.write(notDimension(db, dim.Span, dim.Text))
	}
}

// checkPlace refuses places this version cannot give a database.
func (r *resolver) checkPlace(db *Database) {
	at := db.Decl.Name.Span
	switch {
	case db.Sharing == ByAll && len(db.At) > 1:
		r.checkRoles(db)
	case db.Sharing == AtHome && len(db.At) > 1:
		r.write(NotYet(at, "one home at several roles", "name one role, or let every replica hold it with :replicated => true"))
	case db.Sharing == AtHome:
		r.checkHome(db)
	}
}

// Roles returns the roles that alone share the database, ascending; none: every
// role does, or it is not shared so.
func (db *Database) Roles() []string {
	if db.Sharing != ByAll || len(db.At) < 2 {
		return nil
	}
	roles := slices.Clone(db.At)
	slices.Sort(roles)
	return slices.Compact(roles)
}

// checkRoles refuses a space of roles of which none is the home's: the steward
// keeps every space, signs what is final in it and lets writers in.
func (r *resolver) checkRoles(db *Database) {
	if home := r.prog.Topology.Home(); home != "" && !slices.Contains(db.At, home) {
		r.write(diag.Errorf("E112", db.Decl.Name.Span, "the roles %s share `%s`, and the home is at `%s`", Quoted(db.At), db.Name, home).
			Since(token.Span{}, "the home keeps every space: it lets writers in, and says what is final").
			Hinting("name `:%s` in the `at` too, or declare `%s` outside of `at`: then every role shares it", home, db.Name))
	}
}

func (r *resolver) checkHome(db *Database) {
	home := r.prog.Topology.Home()
	if len(db.At) == 1 {
		home = db.At[0]
	}
	role, known := r.prog.Topology.Role(home)
	switch {
	case known && role.Ambient != "":
		r.write(NotYet(db.Decl.Name.Span, "a home at `"+home+"`, a role of users", "let every replica hold it: :replicated => :"+role.Ambient))
	case known:
		db.At = []string{home}
	}
}

func notDimension(db *Database, at token.Span, name string) diag.Diagnostic {
	d := diag.Errorf("E103", at, "`%s` is not a dimension of `%s`", name, db.Name)
	if len(db.Dims) == 0 {
		return d.Hinting("`%s` has no dimensions; `:by => :%s` gives it one", db.Name, name)
	}
	d = d.There(db.Decl.Name.Span, "its dimensions are %s", Quoted(dimTexts(db)))
	return Meant(d, at, name, dimTexts(db))
}

func dimTexts(db *Database) []string {
	texts := make([]string, len(db.Dims))
	for i, n := range db.Dims {
		texts[i] = n.Text
	}
	return texts
}

// site is one index of a database.
type site struct {
	index   *syntax.Index
	unbound map[*syntax.Symbol]bool // keys whose names have no value where they stand
}

// dimensions infers the database's dimensions, if no option names them, from
// the first index whose keys all name one; then it checks every index.
func (r *resolver) dimensions(db *Database) {
	if len(db.Dims) == 0 && isMap(db.Decl.Type) {
		return // its keys are the map's, whose type is declared
	}
	if len(db.Dims) == 0 {
		for _, s := range db.sites {
			if dims := symbolKeys(s.index); dims != nil {
				db.Dims = dims
				break
			}
		}
	}
	if len(db.Dims) == 0 && IsSequence(db.Decl.Type) {
		return // an index is a position
	}
	for _, s := range db.sites {
		r.checkSite(db, s)
	}
}

func (r *resolver) checkSite(db *Database, s site) {
	if len(db.Dims) == 0 && isMap(db.Decl.Type) {
		return // its keys are the map's
	}
	if d, wrong := checkIndex(db, s); wrong {
		r.write(d)
		r.prog.Faulty[s.index] = true
	}
}

func isMap(t syntax.Type) bool {
	n, ok := t.(*syntax.NamedType)
	return ok && n.Name.Text == "map"
}

// IsSequence reports whether t is a text or a sequence, which has positions.
func IsSequence(t syntax.Type) bool {
	n, ok := t.(*syntax.NamedType)
	return ok && (n.Name.Text == "text" || n.Name.Text == "seq")
}

func symbolKeys(x *syntax.Index) []syntax.Name {
	var dims []syntax.Name
	for _, k := range x.Keys {
		s, ok := k.(*syntax.Symbol)
		if !ok || slices.ContainsFunc(dims, func(n syntax.Name) bool { return n.Text == s.Name }) {
			return nil
		}
		dims = append(dims, syntax.Name{Span: s.Span, Text: s.Name})
	}
	return dims
}

// checkIndex finds what is wrong with the keys of one index.
func checkIndex(db *Database, s site) (diag.Diagnostic, bool) {
	keys, dims := s.index.Keys, db.Dims
	if len(dims) == 0 {
		return diag.Errorf("E104", s.index.Span, "`%s` has no dimensions, so it has no keys", db.Name).
			There(db.Decl.Name.Span, "it is declared here").
			Hinting("`:by => :name` gives it a dimension"), true
	}
	for i, k := range keys {
		sym, ok := k.(*syntax.Symbol)
		if !ok {
			continue
		}
		at := slices.IndexFunc(dims, func(n syntax.Name) bool { return n.Text == sym.Name })
		switch {
		case at < 0:
			return notDimension(db, sym.Span, sym.Name), true
		case at != i && len(keys) <= len(dims):
			return diag.Errorf("E103", sym.Span, "`%s` is dimension %d of `%s`, not %d", sym.Name, at+1, db.Name, i+1).
				Hinting("write the keys in the order %s", Quoted(dimTexts(db))), true
		case s.unbound[sym]:
			return diag.Errorf("E103", sym.Span, "`%s` has no value here", sym.Name).
				Hinting("`%s[:%s]` is the value at the `%s` in scope; write `%s[e]` for the value at a key e", db.Name, sym.Name, sym.Name, db.Name), true
		}
	}
	if len(keys) > len(dims) {
		return diag.Errorf("E104", s.index.Span, "`%s` has fewer dimensions than keys are given here", db.Name).
			There(db.Decl.Name.Span, "its dimensions are %s", Quoted(dimTexts(db))), true
	}
	return diag.Diagnostic{}, false
}
