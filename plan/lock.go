package plan

import (
	"slices"
	"strconv"
	"strings"
)

// LockVersion is the version of a lock's text, which stands in its first line.
const LockVersion = 1

// Limits of a lock.
const (
	LockSizeMax   = 1 << 20 // bytes
	lockedMax     = 1 << 12 // databases, and invariants
	lockedNameMax = 256
)

// Lock is what a program was when its types were last written down: how its
// databases are stored and which invariants it has, ascending by name.
// docs/wire/lock.md draws its text.
type Lock struct {
	Databases  []Locked
	Invariants []LockedInvariant
}

// Locked is a database of a lock.
type Locked struct {
	Database     // as far as its schema tells it
	Line     int // of the lock's text
}

// LockedInvariant is an invariant of a lock.
type LockedInvariant struct {
	Name, Cond string // Cond is its text on one line
	Line       int
}

// Database returns the locked database of that name.
func (l *Lock) Database(name string) (*Locked, bool) {
	i, ok := slices.BinarySearchFunc(l.Databases, name, func(d Locked, name string) int { return strings.Compare(d.Name, name) })
	if !ok {
		return nil, false
	}
	return &l.Databases[i], true
}

// Invariant returns the locked invariant of that name.
func (l *Lock) Invariant(name string) (*LockedInvariant, bool) {
	i, ok := slices.BinarySearchFunc(l.Invariants, name, func(v LockedInvariant, name string) int { return strings.Compare(v.Name, name) })
	if !ok {
		return nil, false
	}
	return &l.Invariants[i], true
}

// Stored returns the database's form.
func (d *Database) Stored() Stored { return d.stored() }

// IsLocked reports whether a database stands in locks: what a program declares
// does, and what the runtime keeps beside that does not.
func IsLocked(name string) bool { return !strings.Contains(name, "@") && name != "users" }

// Lock returns what the program is to be remembered as; invariants are its
// conditions as text, by name.
func (p *Program) Lock(invariants map[string]string) *Lock {
	l := &Lock{}
	for i := range p.Databases {
		if d := &p.Databases[i]; IsLocked(d.Name) {
			l.Databases = append(l.Databases, Locked{Database: *d})
		}
	}
	for name, cond := range invariants {
		l.Invariants = append(l.Invariants, LockedInvariant{Name: name, Cond: cond})
	}
	slices.SortFunc(l.Databases, func(a, b Locked) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(l.Invariants, func(a, b LockedInvariant) int { return strings.Compare(a.Name, b.Name) })
	return l
}

// String writes the lock. Equal locks have equal texts.
func (l *Lock) String() string {
	var b strings.Builder
	b.WriteString("schema " + strconv.Itoa(LockVersion) + "\n")
	b.WriteString("# Written by `martinelli schema`, to be kept beside the program.\n")
	for i := range l.Databases {
		s := l.Databases[i].stored()
		b.WriteString("\ndatabase " + s.Name + "\n  type " + s.Lattice + "\n")
		if s.Dims != "" {
			b.WriteString("  by " + s.Dims + "\n")
		}
		b.WriteString("  kept " + s.Placement + "\n")
	}
	for _, v := range l.Invariants {
		b.WriteString("\ninvariant " + v.Name + "\n  keeps " + v.Cond + "\n")
	}
	return b.String()
}

// A LockError says in which line a lock is none, and what is wrong there.
type LockError struct {
	Line int // from 1
	Text string
}

func (e *LockError) Error() string { return "line " + strconv.Itoa(e.Line) + ": " + e.Text }

// ParseLock reads a lock. Its text may have blank lines and comments, lines
// that begin with #, anywhere. Errors are *LockError. Cost: linear in the text.
func ParseLock(text string) (*Lock, error) {
	r := lockReader{lock: &Lock{}}
	if len(text) > LockSizeMax {
		return nil, &LockError{1, "it has more than 1 MiB"}
	}
	for i, line := range strings.Split(text, "\n") {
		r.line = i + 1
		line = strings.TrimSuffix(line, "\r")
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if wrong := r.read(line); wrong != "" {
			return nil, &LockError{r.line, wrong}
		}
	}
	if wrong := r.end(); wrong != "" {
		return nil, &LockError{r.line, wrong}
	}
	return r.lock, nil
}

// lockReader reads a lock line by line.
type lockReader struct {
	lock    *Lock
	line    int
	begun   bool             // the first line was read
	db      *Locked          // being read
	inv     *LockedInvariant // being read
	hasType bool
	place   string
}

// read reads one line and says what is wrong with it, or "".
func (r *lockReader) read(line string) string {
	word, rest, _ := strings.Cut(strings.TrimPrefix(line, "  "), " ")
	isInside := strings.HasPrefix(line, "  ")
	switch {
	case !r.begun:
		r.begun = true
		if version, ok := strings.CutPrefix(line, "schema "); !ok {
			return "a lock begins with `schema " + strconv.Itoa(LockVersion) + "`"
		} else if version != strconv.Itoa(LockVersion) {
			return "it is of version " + strconv.Quote(version) + ", and this release reads version " + strconv.Itoa(LockVersion)
		}
		return ""
	case !isInside && (word == "database" || word == "invariant"):
		if wrong := r.end(); wrong != "" {
			return wrong
		}
		return r.open(word, rest)
	case isInside && r.db != nil:
		return r.form(word, rest)
	case isInside && r.inv != nil && word == "keeps" && r.inv.Cond == "" && rest != "":
		r.inv.Cond = rest
		return ""
	}
	return "here stands a `database` or `invariant` and what is indented below it"
}

// open begins a database or an invariant.
func (r *lockReader) open(word, name string) string {
	r.db, r.inv, r.hasType, r.place = nil, nil, false, ""
	switch {
	case name == "" || len(name) > lockedNameMax || strings.ContainsAny(name, " \t"):
		return "a name is missing, or is none"
	case len(r.lock.Databases) == lockedMax || len(r.lock.Invariants) == lockedMax:
		return "it has more than " + strconv.Itoa(lockedMax) + " databases or invariants"
	case word == "database":
		r.db = &Locked{Database: Database{Name: name, WriteByKey: -1}, Line: r.line}
	default:
		r.inv = &LockedInvariant{Name: name, Line: r.line}
	}
	return ""
}

// form reads a line about the database.
func (r *lockReader) form(word, rest string) string {
	d, ok := &r.db.Database, false
	switch {
	case word == "type" && !r.hasType:
		r.hasType = true
		rest, d.Removable = strings.CutPrefix(rest, "removable ")
		d.Lattice, ok = ParseType(rest)
		ok = ok && d.Lattice.IsLattice()
	case word == "by" && d.Dims == nil:
		d.Dims, ok = parseDims(rest)
		ok = ok && d.Dims != nil
	case word == "kept" && r.place == "":
		r.place, ok = rest, rest != ""
	}
	if !ok {
		return "below a database stand `type`, `by` and `kept`, each once and as `martinelli schema` writes it"
	}
	return ""
}

// end closes what is open.
func (r *lockReader) end() string {
	switch {
	case r.db != nil:
		if !r.hasType || !r.settlePlace() {
			return "the database " + r.db.Name + " has no type, or no place that it can have"
		}
		if n := len(r.lock.Databases); n > 0 && r.lock.Databases[n-1].Name >= r.db.Name {
			return "the databases stand in the order of their names, each once"
		}
		r.lock.Databases = append(r.lock.Databases, *r.db)
	case r.inv != nil:
		if n := len(r.lock.Invariants); r.inv.Cond == "" || n > 0 && r.lock.Invariants[n-1].Name >= r.inv.Name {
			return "the invariants stand in the order of their names, each once, with what they keep"
		}
		r.lock.Invariants = append(r.lock.Invariants, *r.inv)
	case !r.begun:
		return "it is empty"
	}
	r.db, r.inv = nil, nil
	return ""
}

// settlePlace says in which spaces the database is.
func (r *lockReader) settlePlace() bool {
	d := &r.db.Database
	roles, isOfRoles := strings.CutPrefix(r.place, sharedOf)
	switch {
	case r.place == HomeSpace:
		d.Placement = Home
	case isOfRoles:
		d.Placement, d.Roles = Shared, strings.Split(roles, ",")
		return areRoles(d.Roles)
	case r.place == SharedSpace:
		d.Placement = Shared
	default:
		d.Placement = ByValue
		d.Space = slices.IndexFunc(d.Dims, func(dim Dim) bool { return "by "+dim.Name == r.place })
	}
	return d.Space >= 0
}

// areRoles reports whether a list can be the roles that share a space.
func areRoles(roles []string) bool {
	for i, role := range roles {
		if role == "" || i > 0 && roles[i-1] >= role {
			return false
		}
	}
	return len(roles) > 1
}
