package resolve

import "github.com/martinelli-lang/martinelli/lang/syntax"

// UsersName is the name of the directory of users, a database of the prelude:
// gset<id>, at every replica. The runtime keeps it: a user's id joins in the
// commit of the first event that he raises. A program that does not name it has none.
const UsersName = "users"

// directory returns the directory, which stands where the program first names it.
func (r *resolver) directory(at *syntax.Ident) *Database {
	if r.users != nil {
		return r.users
	}
	named := func(text string, args ...syntax.Type) *syntax.NamedType {
		return &syntax.NamedType{Span: at.Span, Name: syntax.Name{Span: at.Span, Text: text}, Args: args}
	}
	decl := &syntax.Database{Span: at.Span, Name: syntax.Name{Span: at.Span, Text: UsersName}, Type: named("gset", named("id"))}
	r.users = &Database{Decl: decl, Name: UsersName, Sharing: ByAll}
	r.prog.Databases = append(r.prog.Databases, r.users)
	return r.users
}

// IsDirectory reports whether the database is the directory of users.
func (db *Database) IsDirectory() bool { return db.Name == UsersName }
