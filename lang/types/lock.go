package types

import (
	"cmp"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// Lock is what the program was when its types were last written down. Nodes
// that run it then have entries of these databases, so their types stay.
type Lock struct {
	*plan.Lock
	File    *token.File
	renewed bool // it is being written anew: what comes and goes is no letter
	quiet   bool // nothing is compared
}

// NewLock returns the lock that was read from a file.
func NewLock(l *plan.Lock, file *token.File) *Lock { return &Lock{Lock: l, File: file} }

// Renew returns the lock as one that is being written anew; nil for nil.
func (l *Lock) Renew() *Lock {
	if l == nil {
		return nil
	}
	return &Lock{l.Lock, l.File, true, l.quiet}
}

// Quiet returns the lock as one that tells types and with which nothing is
// compared, for a program of which a part was left out; nil for nil.
func (l *Lock) Quiet() *Lock {
	if l == nil {
		return nil
	}
	return &Lock{l.Lock, l.File, true, true}
}

// line returns the place of a line of the lock.
func (l *Lock) line(n int) token.Span {
	text, start := l.File.Line(n)
	return token.Span{File: l.File, Start: start, End: start + len(text)}
}

// locked returns what the lock says of a stored database.
func (c *checker) locked(i int) (*plan.Locked, bool) {
	if c.lock == nil || c.hidden[i] {
		return nil, false
	}
	return c.lock.Database(c.stored[i].Name)
}

// before returns what was known of a database before this text: what the lock
// says of it, or how the one is stored that it comes from.
func (c *checker) before(i int) (*plan.Database, bool) {
	if l, ok := c.locked(i); ok {
		return &l.Database, true
	}
	if was := c.stored[i].Was; was != "" {
		j := slices.IndexFunc(c.stored, func(d plan.Database) bool { return d.Name == was })
		return &c.stored[j], true
	}
	return nil, false
}

// keepBefore gives an untyped database the types that it had, where what the
// program does with it still fits them.
func (c *checker) keepBefore(i int) {
	old, ok := c.before(i)
	if !ok {
		return
	}
	db := &c.stored[i]
	if c.untyped(i) && len(old.Lattice.Args) == 1 && fitsBefore(db.Lattice.Args[0], old.Lattice.Args[0]) {
		db.Lattice.Args = old.Lattice.Args
	}
	for j := range db.Dims {
		if j < len(old.Dims) && fitsBefore(db.Dims[j].Type, old.Dims[j].Type) {
			db.Dims[j].Type = old.Dims[j].Type
		}
	}
}

func fitsBefore(t, old plan.Type) bool { return absorbs(t) || t.AssignableTo(old) }

// lockedLattice returns the locked lattice of an untyped database, if it has all verbs.
func (c *checker) lockedLattice(name string, verbs []string) (plan.Lattice, bool) {
	if c.lock == nil {
		return plan.Lattice{}, false
	}
	old, ok := c.lock.Database(name)
	if !ok {
		return plan.Lattice{}, false
	}
	l, _ := plan.LatticeOf(old.Lattice.Kind)
	has := func(verb string) bool { _, ok := l.Verb(verb); return ok }
	return l, l.Params <= 1 && !slices.ContainsFunc(verbs, func(v string) bool { return !has(v) })
}

// compareLock writes the letters about what is not as the lock has it.
func (c *checker) compareLock() {
	if c.lock == nil || c.lock.quiet {
		return
	}
	var fresh []int
	for i := range c.stored {
		if old, ok := c.locked(i); ok {
			c.compareLocked(i, old)
		} else if plan.IsLocked(c.stored[i].Name) && !c.hidden[i] {
			fresh = append(fresh, i)
		}
	}
	if c.lock.renewed {
		return
	}
	c.noteFresh(fresh)
	for i := range c.lock.Databases {
		old := &c.lock.Databases[i]
		if slices.ContainsFunc(c.stored, func(d plan.Database) bool { return d.Name == old.Name }) {
			continue
		}
		c.write(diag.Warnf("W501", c.lock.line(old.Line), "the program no longer names `%s`", old.Name).
			Here("nodes still store it").
			Way("name it in `:was` of the database that takes its place", "what is stored is read there").
			Way("`martinelli drop "+old.Name+"` when every node runs this program, then `martinelli schema`", "it is gone for good"))
	}
}

// noteFresh says which databases the lock does not have yet.
func (c *checker) noteFresh(fresh []int) {
	if len(fresh) == 0 {
		return
	}
	names := make([]string, len(fresh))
	for j, i := range fresh {
		names[j] = c.stored[i].Name
	}
	slices.Sort(names)
	d := diag.Warnf("W502", c.owners[fresh[0]].Decl.Name.Span, "the lock does not have %s", resolve.Quoted(names)).
		Hinting("`martinelli schema` writes them down, so that no later change misreads what is stored")
	d.Severity = diag.Note
	c.write(d)
}

// compareLocked writes the letter about a database that is not what it was.
func (c *checker) compareLocked(i int, old *plan.Locked) {
	now, was := c.stored[i].Stored(), old.Stored()
	db := c.owners[i]
	if now == was || c.stored[i].Lattice.Kind == absorbing.Kind {
		return
	}
	var d diag.Diagnostic
	switch {
	case now.Dims != was.Dims:
		d = diag.Errorf("E501", c.dimsAt(db), "`%s` is stored %s", now.Name, cmp.Or(byDims(was.Dims), "without dimensions")).
			Here("this makes it %s", cmp.Or(byDims(now.Dims), "have none"))
	case now.Placement != was.Placement:
		d = diag.Errorf("E501", optionAt(db, "replicated"), "`%s` is stored %s", now.Name, placed(was.Placement)).
			Here("this puts it %s", placed(now.Placement))
	default:
		d = diag.Errorf("E501", c.latticeAt(i, old), "`%s` is stored as `%s`", now.Name, was.Lattice).
			Here("this makes it `%s`", now.Lattice)
	}
	base, _, _ := strings.Cut(now.Name, ".")
	next := base + "2"
	c.write(d.There(c.lock.line(old.Line), "the lock says so").
		Way("give the new form a name of its own: `database :"+next+declaredAs(db)+", :was => :"+base+"`", "nodes of both programs run side by side; `"+base+"` stays stored").
		Way("keep the form it has", "").
		Way("if nothing is stored yet, take `"+now.Name+"` out of the lock and run `martinelli schema`", "a node that has stored it will not start"))
}

func byDims(dims string) string {
	if dims == "" {
		return ""
	}
	return "by " + dims
}

func placed(placement string) string {
	switch placement {
	case plan.HomeSpace:
		return "at its home"
	case plan.SharedSpace:
		return "at every replica"
	}
	if roles, isOfRoles := strings.CutPrefix(placement, plan.SharedSpace+" by "); isOfRoles {
		return "at every node of the roles " + roles
	}
	return placement
}

// declaredAs is how a declaration goes on behind its name.
func declaredAs(db *resolve.Database) string {
	return strings.TrimPrefix(db.Decl.Span.Text(), "database :"+db.Name)
}

// optionAt returns where an option stands, or else the name.
func optionAt(db *resolve.Database, names ...string) token.Span {
	for _, o := range db.Decl.Options {
		if slices.Contains(names, o.Name.Text) {
			return o.Span
		}
	}
	return db.Decl.Name.Span
}

// dimsAt returns what gives a database its dimensions.
func (c *checker) dimsAt(db *resolve.Database) token.Span {
	names := []string{"by"}
	if db.Sharing == resolve.ByValue {
		names = append(names, "replicated")
	}
	at := optionAt(db, names...)
	if at == db.Decl.Name.Span && len(db.Dims) > 0 && db.Dims[0].File != nil {
		return db.Dims[0].Span
	}
	return at
}

// latticeAt returns what gives a stored database its lattice: its type, or the
// verb that the old one did not have, or what was put into it.
func (c *checker) latticeAt(i int, old *plan.Locked) token.Span {
	db := c.owners[i]
	if at, ok := c.typeAt[i]; ok {
		return at
	}
	if l, _ := plan.LatticeOf(old.Lattice.Kind); db.Decl.Type == nil {
		for _, m := range db.Members {
			if _, has := l.Verb(m.Text); !has && slices.Contains(plan.Verbs(), m.Text) {
				return m.Span
			}
		}
	}
	if at := c.learned[i].misfit; at.File != nil {
		return at
	}
	return db.Decl.Name.Span
}

// noteMisfit remembers what is put into a database that its old type does not take.
func (c *checker) noteMisfit(i int, t plan.Type, x syntax.Node) {
	old, ok := c.locked(i)
	if ok && c.learned[i].misfit.File == nil && len(old.Lattice.Args) == 1 && !absorbs(t) && !t.AssignableTo(old.Lattice.Args[0]) {
		c.learned[i].misfit = x.Where()
	}
}

// compareInvariants writes the letters about invariants that programs before
// this one do not know: nothing keeps their nodes from breaking them.
func (c *checker) compareInvariants() {
	if c.lock == nil || c.lock.renewed {
		return
	}
	for i, inv := range c.prog.Invariants {
		old, ok := c.lock.Invariant(inv.Decl.Name.Text)
		if !IsKept(inv) || ok && old.Cond == ConditionText(inv) {
			continue
		}
		name := c.readsLocked(&c.out.Invariants[i])
		if name == "" {
			continue
		}
		d := diag.Errorf("E503", inv.Decl.Name.Span, "programs before this one do not keep `%s`", inv.Decl.Name.Text).
			Here("`%s` was there before it", name)
		if ok {
			d = d.There(c.lock.line(old.Line), "they keep another condition of this name")
		}
		d.Example = "a node that still runs the program of the lock changes `" + name + "` as it could before, and the invariant is broken after the merge."
		c.write(d.
			Way("`else ...`", "it may be broken for a while; you say how to repair").
			Way("stop every node that runs a program before this one, then run `martinelli schema`", "the lock then says that all programs keep it; what broke it before stays broken"))
	}
}

// IsKept reports whether an invariant is to hold always, and not to be repaired.
func IsKept(inv *resolve.Invariant) bool { return inv.Decl.Block != nil && inv.Decl.Block.Else == nil }

// ConditionText is the text of an invariant's block on one line, without comments.
func ConditionText(inv *resolve.Invariant) string {
	var words []string
	for line := range strings.Lines(inv.Decl.Block.Span.Text()) {
		words = append(words, strings.Fields(withoutComment(line))...)
	}
	return strings.Join(words, " ")
}

// withoutComment cuts a line at the # that no string holds.
func withoutComment(line string) string {
	inString := false
	for i := 0; i < len(line); i++ {
		switch {
		case inString && line[i] == '\\':
			i++
		case line[i] == '"':
			inString = !inString
		case line[i] == '#' && !inString:
			return line[:i]
		}
	}
	return line
}

// readsLocked returns a database of the lock that the invariant reads, or "".
func (c *checker) readsLocked(inv *plan.Invariant) (name string) {
	var visit func(e *plan.Expr)
	visit = func(e *plan.Expr) {
		switch {
		case e == nil || name != "":
			return
		case e.Op == plan.OpCell || e.Op == plan.OpDatabase || e.Op == plan.OpKeys:
			if old, ok := c.before(e.Index); ok {
				name = old.Name
			}
		case e.Op == plan.OpView || e.Op == plan.OpViewAt:
			visit(c.out.Views[e.Index].Expr)
		case e.Op == plan.OpCall:
			visit(c.out.Funcs[e.Index].Expr)
		}
		for _, arg := range e.Args {
			visit(arg)
		}
		if e.Block != nil {
			visit(e.Block.Expr)
		}
	}
	visit(inv.Source)
	visit(inv.Cond)
	return name
}
