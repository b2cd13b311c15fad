package lens

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// renamed are the kinds of things that have a name of the program's own.
var renamed = map[Kind]bool{Database: true, View: true, Event: true, Invariant: true, Import: true, Def: true, Record: true, Field: true, Local: true}

// Renameable returns what would be renamed at a place, and where it stands
// there; an error says why nothing can be.
func (l *Lens) Renameable(file string, offset int) (*Thing, Use, error) {
	t, use, ok := l.At(file, offset)
	switch {
	case !ok:
		return nil, use, errors.New("no name stands here")
	case t.Kind == Prelude || t.Kind == Member || t.Kind == BuiltIn || t.Kind == Option || t.Kind == Word:
		return nil, use, fmt.Errorf("`%s` belongs to the language", t.Name)
	case t.Kind == Ambient || t.Kind == Local && l.isAmbient(t.Name):
		return nil, use, fmt.Errorf("`%s` is bound by a role: its name stands in the topology, and in every database by it", t.Name)
	case t.Kind == Role:
		return nil, use, fmt.Errorf("`%s` is a role: files and running nodes are named after it", t.Name)
	case !renamed[t.Kind]:
		return nil, use, fmt.Errorf("`%s` is a dimension: what is in scope under its name is its value", t.Name)
	case t.Kind == Database && t.Name == resolve.UsersName:
		return nil, use, fmt.Errorf("`%s` belongs to the language", t.Name)
	case t.Kind == Field && t.Owner == "":
		return nil, use, fmt.Errorf("`%s` is a field of a record without a name", t.Name)
	case len(t.Decls) == 0:
		return nil, use, fmt.Errorf("`%s` is declared nowhere in the program", t.Name)
	}
	return t, use, nil
}

func (l *Lens) isAmbient(name string) bool {
	return name == "user_id" || l.insight.Topology.Binds(nil, name)
}

// Rename gives what is named at a place another name, everywhere. It is refused,
// with the reason, where the program would not be the same but for the name:
// where the name is no name or is taken, where another thing would be meant by
// it, or where a letter would be new. read reads the program with a file's text
// replaced. Cost: that of reading the program once more.
func (l *Lens) Rename(file string, offset int, to string, read func(map[string]string) *lang.Insight) ([]diag.Edit, error) {
	t, _, err := l.Renameable(file, offset)
	if err != nil {
		return nil, err
	}
	if t.Kind == Event {
		to = strings.TrimPrefix(to, "on_")
	}
	if err := l.mayBeCalled(t, to); err != nil {
		return nil, err
	}
	if to == t.Name {
		return nil, nil
	}
	if t.Kind == Field {
		if err := l.isUnambiguous(t); err != nil {
			return nil, err
		}
	}
	edits := append(l.renaming(t, to), l.inheriting(t)...)
	return edits, l.isSame(t, to, edits, read)
}

// mayBeCalled says why a thing cannot have a name.
func (l *Lens) mayBeCalled(t *Thing, to string) error {
	tokens := token.Scan(token.NewFile("", to)).Tokens
	_, isLattice := plan.LatticeNamed(to)
	_, isPlain := plan.PlainNamed(to)
	switch {
	case len(tokens) == 0 || tokens[0].Text != to || tokens[0].Kind != token.Ident && !tokens[0].Kind.IsWord():
		return fmt.Errorf("`%s` is no name: one begins with a letter, and has letters, digits and `_`", to)
	case tokens[0].Kind.IsWord():
		return fmt.Errorf("`%s` is a reserved word", to)
	case t.Kind == Record && (isLattice || isPlain || to == "list"):
		return fmt.Errorf("`%s` is a type of the language", to)
	case t.Kind != Field && t.Kind != Event && t.Kind != Invariant && t.Kind != Record && words[Prelude][to] != "":
		return fmt.Errorf("`%s` belongs to the prelude", to)
	case t.Kind != Field && l.isAmbient(to):
		return fmt.Errorf("`%s` is bound by a role", to)
	}
	for _, other := range l.things {
		if other.Name == to && len(other.Decls) > 0 && clash(t, other) {
			at := other.Decls[0]
			return fmt.Errorf("`%s` is the name of a %s already (%s:%d)", to, other.Kind, at.File.Name, at.Position().Line)
		}
	}
	return nil
}

// clash reports whether two things of one name would not be told apart.
func clash(a, b *Thing) bool {
	flat := func(k Kind) bool { return k == Database || k == View || k == Def || k == Import }
	return flat(a.Kind) && flat(b.Kind) || a.Kind == b.Kind && a.Kind != Local && a.Owner == b.Owner
}

// isUnambiguous refuses a field of whose name another record may have one: a
// record is what its fields are.
func (l *Lens) isUnambiguous(t *Thing) error {
	if other := l.things[key{kind: Field, name: t.Name}]; other != nil {
		at := other.Uses[0]
		return fmt.Errorf("`%s` at %s:%d is a field of a record without a name, which may be one of `%s`: give it a type first",
			t.Name, at.File.Name, at.Position().Line, t.Owner)
	}
	return nil
}

// renaming writes a name everywhere. A key that is a name in scope is written
// as that name's value, since the dimension keeps its own.
func (l *Lens) renaming(t *Thing, to string) []diag.Edit {
	edits := make([]diag.Edit, len(t.Uses))
	for i, u := range t.Uses {
		at := u.Span
		if u.IsKey {
			at.Start-- // its colon
		}
		edits[i] = diag.Replace(at, to)
	}
	return edits
}

// inheriting lets a database go on reading what nodes have stored under its
// name of before.
func (l *Lens) inheriting(t *Thing) []diag.Edit {
	db := l.database(t.Name)
	if t.Kind != Database || db == nil || db.Was != nil || !l.insight.Stores(t.Name) {
		return nil
	}
	return []diag.Edit{diag.Behind(db.Decl.Span, ", :was => :"+t.Name)}
}

// isSame reads the renamed program, and says what would be another then.
func (l *Lens) isSame(t *Thing, to string, edits []diag.Edit, read func(map[string]string) *lang.Insight) error {
	texts := map[string]string{}
	for name, p := range l.pages {
		if text := diag.Apply(p.source, edits); text != p.source.Text {
			texts[name] = text
		}
	}
	after := read(texts)
	if d, ok := newLetter(l.insight.Letters, after.Letters); ok {
		at := d.Where().Position()
		return fmt.Errorf("then %s %s:%d has %s: %s", d.Severity, fileOf(d), at.Line, d.Code, d.Title)
	}
	if d, ok := newLetter(after.Letters, l.insight.Letters); ok {
		return fmt.Errorf("then %s at %s:%d is gone, and it is to be mended first: %s", d.Code, fileOf(d), d.Where().Position().Line, d.Title)
	}
	return sameUses(t, to, edits, New(after))
}

func fileOf(d diag.Diagnostic) string {
	if f := d.Where().File; f != nil {
		return f.Name
	}
	return ""
}

// newLetter returns an error or a warning of which there was none before: of its
// code, as often.
func newLetter(before, after []diag.Diagnostic) (diag.Diagnostic, bool) {
	known := map[diag.Code]int{}
	for _, d := range before {
		known[d.Code]++
	}
	for _, d := range after {
		if known[d.Code]--; known[d.Code] < 0 && d.Severity != diag.Note {
			return d, true
		}
	}
	return diag.Diagnostic{}, false
}

// sameUses says where the new name means something else than the old one did.
func sameUses(t *Thing, to string, edits []diag.Edit, after *Lens) error {
	first := moved(edits, t.Decls[0])
	now, _, ok := after.At(first.File.Name, first.Start)
	if !ok || now.Kind != t.Kind {
		return fmt.Errorf("`%s` would be something else", to)
	}
	want := make([]token.Span, len(t.Uses))
	for i, u := range t.Uses {
		want[i] = moved(edits, u.Span)
		if u.IsKey {
			want[i] = moved(edits, edits[i].Span)
		}
	}
	got := make([]token.Span, len(now.Uses))
	for i, u := range now.Uses {
		got[i] = u.Span
	}
	slices.SortFunc(want, before)
	slices.SortFunc(got, before)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want), i < len(got) && before(got[i], want[i]) < 0:
			return another(to, got[i])
		case i >= len(got), before(got[i], want[i]) > 0:
			return another(to, want[i])
		}
	}
	return nil
}

func another(to string, at token.Span) error {
	return fmt.Errorf("`%s` at %s:%d would mean something else", to, at.File.Name, at.Position().Line)
}

func before(a, b token.Span) int {
	return cmp.Or(cmp.Compare(a.File.Name, b.File.Name), cmp.Compare(a.Start, b.Start))
}

// moved is where a place is once edits are applied.
func moved(edits []diag.Edit, at token.Span) token.Span {
	by := 0
	for _, e := range edits {
		if e.Span.File == at.File && e.Span.End <= at.Start {
			by += len(e.Text) - (e.Span.End - e.Span.Start)
		}
	}
	at.Start, at.End = at.Start+by, at.End+by
	return at
}
