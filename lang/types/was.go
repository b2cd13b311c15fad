package types

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/plan"
)

// A database that `:was` another reads what is stored of that one as its own.
// How the old one is stored is in the program, where it is still declared, or
// in the lock: then it is stored beside, without a name in the text.

// inherit ties every database to the one it comes from.
func (c *checker) inherit() {
	for i := 0; i < len(c.stored); i++ {
		db := c.owners[i]
		if db.Was == nil || c.hidden[i] || db.Was.Text == db.Name || strings.Contains(c.stored[i].Name, "@") {
			continue
		}
		old := db.Was.Text + strings.TrimPrefix(c.stored[i].Name, db.Name)
		if c.isStored(old) || c.storeLocked(i, old) {
			c.stored[i].Was = old
		}
	}
	for _, db := range c.prog.Databases {
		if db.Was != nil {
			c.checkOld(db)
		}
	}
}

func (c *checker) isStored(name string) bool {
	return slices.ContainsFunc(c.stored, func(d plan.Database) bool { return d.Name == name })
}

// storeLocked stores a database that only the lock knows.
func (c *checker) storeLocked(heir int, name string) bool {
	if c.lock == nil {
		return false
	}
	old, ok := c.lock.Database(name)
	if !ok {
		return false
	}
	d := old.Database
	d.At = c.stored[heir].At
	d.Users = c.stored[heir].Users
	c.hidden[len(c.stored)] = true
	c.stored = append(c.stored, d)
	c.owners = append(c.owners, c.owners[heir])
	c.learned = append(c.learned, learned{dims: make([]plan.Type, len(d.Dims)), known: make([]bool, len(d.Dims))})
	return true
}

// checkOld refuses what no migration can come from.
func (c *checker) checkOld(db *resolve.Database) {
	is := func(d *resolve.Database) bool { return d.Name == db.Was.Text }
	i := slices.IndexFunc(c.prog.Databases, is)
	at := db.Was.Span
	switch {
	case db.Was.Text == db.Name:
		c.write(diag.Errorf("E502", at, "`%s` can't be what it was under one name", db.Name).Hinting("give the new form a name of its own"))
	case i < 0 && !slices.ContainsFunc(c.stored, func(d plan.Database) bool { return d.Name == db.Was.Text || strings.HasPrefix(d.Name, db.Was.Text+".") }):
		c.write(diag.Errorf("E502", at, "nothing says how `%s` is stored", db.Was.Text).
			Way("put the lock beside the program that `martinelli schema` wrote for the program before", "").
			Way("keep the declaration of `"+db.Was.Text+"` beside the new one", "it can be read, and nothing is written to it"))
	case i >= 0 && c.prog.Databases[i].Was != nil:
		c.write(diag.Errorf("E502", at, "`%s` has its entries from `%s` already, and they are handed on once", db.Was.Text, c.prog.Databases[i].Was.Text).
			There(c.prog.Databases[i].Was.Span, "from here"))
	case slices.ContainsFunc(c.prog.Databases, func(d *resolve.Database) bool {
		return d != db && d.Was != nil && d.Was.Text == db.Was.Text && d.Decl.Span.Start < db.Decl.Span.Start
	}):
		c.write(diag.Errorf("E502", at, "another database has the entries of `%s` already", db.Was.Text))
	case len(db.Cells) > 0 || i >= 0 && len(c.prog.Databases[i].Cells) > 0:
		c.write(diag.Errorf("E504", at, "`%s` is filled by a process, which fills it again after the change", db.Name).
			Hinting("leave `:was` out: the function's results come back by themselves"))
	case i >= 0:
		c.refuseWrites(db, c.prog.Databases[i])
	}
}

// refuseWrites refuses updates of the old form: they are for programs before this one.
func (c *checker) refuseWrites(db, old *resolve.Database) {
	for _, m := range old.Members {
		if slices.Contains(plan.Verbs(), m.Text) {
			c.write(diag.Errorf("E506", m.Span, "`%s` is the old form of `%s`, and only programs before this one write it", old.Name, db.Name).
				There(db.Was.Span, "it is read here").Hinting("write `%s`", db.Name))
		}
	}
}

// checkMigrations refuses pairs of which the new one cannot read the old one's entries.
func (c *checker) checkMigrations() {
	for i := range c.stored {
		db := &c.stored[i]
		if db.Was == "" {
			continue
		}
		old, _ := c.before(i)
		if j := slices.IndexFunc(c.stored, func(d plan.Database) bool { return d.Name == db.Was }); j >= 0 {
			old = &c.stored[j]
		}
		if absorbs(db.Lattice) || db.Lattice.Kind == absorbing.Kind || old.Lattice.Kind == absorbing.Kind {
			continue
		}
		if why := plan.WhyNotHeir(db, old); why != "" {
			c.write(diag.Errorf("E504", c.owners[i].Was.Span, "`%s` can't be read as `%s`: %s", old.Name, db.Name, why).
				Since(c.owners[i].Decl.Name.Span, "`%s` is %s", db.Name, db.Stored().String()).
				Since(c.owners[i].Was.Span, "`%s` was %s", old.Name, old.Stored().String()).
				Way("a form that its entries have", "a gset as set, a gcounter as counter, a once as flag, an lww as mv and back, each as itself; added fields of records").
				Way("a new database without `:was`, filled by events", "what is stored stays where it is"))
		}
	}
}
