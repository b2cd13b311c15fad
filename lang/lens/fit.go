package lens

import (
	"cmp"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Suggestion is a text that fits at a place.
type Suggestion struct {
	Kind   Kind
	Label  string
	Detail string
	Text   string     // what is written
	Span   token.Span // what it takes the place of: the part of it that is written already
}

// missing is written where a name is still to be typed, so that the line can be read.
const missing = "missing__"

// Fits lists what can be written at a place of a file: behind a dot the verbs
// of the database and the readers of the value before it, else heads, commands,
// options and their values, roles, types, or the names in scope. read reads
// the program with a file's text replaced. Cost: that of reading the program once.
func Fits(file *token.File, offset int, read func(map[string]string) *lang.Insight) []Suggestion {
	f := fitting{file: file, at: offset, end: offset}
	for f.at > 0 && isLetter(file.Text[f.at-1]) {
		f.at--
	}
	for f.end < len(file.Text) && isLetter(file.Text[f.end]) {
		f.end++
	}
	f.colon = f.at > 0 && file.Text[f.at-1] == ':' && (f.at == 1 || !isLetter(file.Text[f.at-2]))
	text := file.Text
	if f.at == f.end {
		text = text[:f.at] + missing + text[f.at:]
		f.end += len(missing)
	}
	f.source = token.NewFile(file.Name, text)
	if !f.find() {
		return nil
	}
	f.lens = New(read(map[string]string{file.Name: text}))
	f.span = token.Span{File: file, Start: f.at, End: offset}
	f.suggest()
	slices.SortStableFunc(f.all, func(a, b Suggestion) int { return cmp.Compare(a.Label, b.Label) })
	return slices.CompactFunc(f.all, func(a, b Suggestion) bool { return a.Label == b.Label })
}

// fitting is one question.
type fitting struct {
	file    *token.File
	source  *token.File // with a name where one is missing
	at, end int         // of that name, in source
	colon   bool        // a colon stands before it

	tokens []token.Token
	i      int // of the name
	line   int // of the token that its line begins with

	lens *Lens
	span token.Span
	all  []Suggestion
}

// find finds the token of the name; false inside comments and strings.
func (f *fitting) find() bool {
	list := token.Scan(f.source)
	f.tokens = list.Tokens
	f.i = slices.IndexFunc(f.tokens, func(t token.Token) bool { return t.Start <= f.at && f.at < t.End })
	if f.i < 0 {
		return false
	}
	switch k := f.tokens[f.i].Kind; {
	case k != token.Ident && k != token.Symbol && !k.IsWord():
		return false
	}
	for f.line = f.i; f.line > 0 && !f.tokens[f.line].Newline; f.line-- {
	}
	return true
}

// before returns the n-th token before the name.
func (f *fitting) before(n int) token.Token {
	if f.i-n < 0 {
		return token.Token{Kind: token.EOF, Newline: true}
	}
	return f.tokens[f.i-n]
}

func (f *fitting) add(k Kind, label, detail string) {
	f.all = append(f.all, Suggestion{Kind: k, Label: label, Detail: detail, Text: label, Span: f.span})
}

func (f *fitting) words(k Kind, names ...string) {
	for _, n := range names {
		f.add(k, n, words[k][n])
	}
}

// symbols offers names that are written with a colon.
func (f *fitting) symbols(k Kind, detail string, names ...string) {
	for _, n := range names {
		s := Suggestion{Kind: k, Label: ":" + n, Detail: detail, Text: ":" + n, Span: f.span}
		if f.colon {
			s.Span.Start--
		}
		f.all = append(f.all, s)
	}
}

// suggest decides by what stands before the name.
func (f *fitting) suggest() {
	head, before := f.tokens[f.line], f.before(1)
	_, isTopology := strings.CutSuffix(f.file.Name, ".topology")
	switch {
	case before.Kind == token.Dot && f.i > f.line:
		f.member()
	case isTopology:
		f.topology(head)
	case before.Kind == token.Arrow:
		f.value(f.before(2).Text, head.Text)
	case head.Text == "at" && f.i > f.line:
		f.symbols(Role, "role", f.roles()...)
	case head.Text == "allow" && f.i == f.line+1:
		f.symbols(Word, "", "read", "write", "append")
	case head.Text == "allow" && before.Kind == token.Comma && f.i == f.line+3:
		f.stored()
	case before.Text == "atomic" && before.Kind == token.Ident:
		f.symbols(Word, "", "serial", "saga")
	case before.Text == "abort" && before.Kind == token.Ident:
		f.symbols(Word, "reason", f.reasons()...)
	case f.isType():
		f.types(head.Text == "database")
	case head.Text != "" && before.Kind == token.Comma && f.options(head.Text) && !f.inBrackets():
	case f.inIndex():
		f.keys()
		if !f.colon {
			f.names()
		}
	case f.i == f.line && inside(f.lens.decls(f.file.Name), f.at) == nil:
		f.heads()
	case !f.colon:
		f.names()
	}
}

func (l *Lens) decls(file string) []syntax.Decl {
	if p := l.pages[file]; p != nil {
		return p.decls
	}
	return nil
}

func (f *fitting) roles() []string {
	var names []string
	for _, r := range f.lens.insight.Topology.Roles {
		names = append(names, r.Name)
	}
	return names
}

// reasons are those of the aborts of the program.
func (f *fitting) reasons() []string {
	var names []string
	for _, name := range slices.Sorted(mapKeys(f.lens.pages)) {
		for _, t := range abortsIn(token.Scan(f.lens.pages[name].source).Tokens) {
			if t != f.tokens[f.i].Text && t != missing {
				names = append(names, t)
			}
		}
	}
	return names
}

func mapKeys(m map[string]*page) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func abortsIn(tokens []token.Token) []string {
	var names []string
	for i := 1; i < len(tokens); i++ {
		if tokens[i].Kind == token.Symbol && tokens[i-1].Kind == token.Ident && tokens[i-1].Text == "abort" {
			names = append(names, tokens[i].Text)
		}
	}
	return names
}

func (f *fitting) topology(head token.Token) {
	switch before := f.before(1); {
	case f.i == f.line:
		f.add(Word, "role", "a role, and how many nodes have it")
		f.add(Word, "link", "who syncs with whom, and how often")
	case before.Kind == token.Arrow:
		f.value(f.before(2).Text, head.Text)
	case head.Text == "link" && f.i <= f.line+3 && (before.Kind != token.Comma || f.i == f.line+3):
		f.symbols(Role, "role", f.roles()...)
	case before.Kind == token.Comma:
		f.options(head.Text)
	}
}

// optionsOf are those of each head.
var optionsOf = map[string][]string{
	"database": {"by", "replicated", "at", "is", "was"}, "invariant": {"keep"}, "import": {"from", "monotone", "mergeable", "idempotent"},
	"allow": {"revoke"}, "atomic": {"key"}, "role": {"nodes", "quorum", "offline", "ambient"}, "link": {"every", "late_after"},
}

// options offers the options of a head that its line has not; false where it has none.
func (f *fitting) options(head string) bool {
	for _, o := range optionsOf[head] {
		isGiven := slices.ContainsFunc(f.tokens[f.line:f.i], func(t token.Token) bool { return t.Kind == token.Symbol && t.Text == o })
		if !isGiven {
			s := Suggestion{Kind: Option, Label: ":" + o, Detail: words[Option][o], Text: ":" + o + " => ", Span: f.span}
			if f.colon {
				s.Span.Start--
			}
			f.all = append(f.all, s)
		}
	}
	if head == "database" && f.i == f.line+3 && !f.colon {
		f.types(true)
	}
	return len(optionsOf[head]) > 0
}

// value offers the values of an option.
func (f *fitting) value(option, head string) {
	switch option {
	case "keep":
		f.symbols(Word, "rights that replicas hold and pass on", "escrow")
		f.symbols(Word, "its home decides, in serial blocks", "serial")
	case "revoke":
		f.symbols(Word, "what was written stays", "future")
		f.symbols(Word, "what was written goes too", "all")
	case "at":
		f.symbols(Role, "role", f.roles()...)
	case "replicated":
		f.word("true", "every replica holds it")
		f.symbols(Dimension, "those whose it is", f.dimensions()...)
	case "by", "is", "ambient":
		f.symbols(Dimension, "dimension", f.dimensions()...)
	case "monotone", "mergeable", "idempotent", "quorum":
		f.word("true", "")
	case "key":
		f.names()
	}
}

func (f *fitting) word(text, detail string) {
	if !f.colon {
		f.add(Word, text, detail)
	}
}

// dimensions are those of the program, and those that a role binds.
func (f *fitting) dimensions() []string {
	names := []string{"user_id"}
	for _, db := range f.lens.names.Databases {
		for _, d := range db.Dims {
			if d.Text != missing {
				names = append(names, d.Text)
			}
		}
	}
	for _, r := range f.lens.insight.Topology.Roles {
		if r.Ambient != "" {
			names = append(names, r.Ambient)
		}
	}
	return names
}

// isType reports whether a type is to be written: behind the colon of a
// parameter or of a field of a type, or between the brackets of one.
func (f *fitting) isType() bool {
	head, before := f.tokens[f.line].Text, f.before(1)
	switch before.Kind {
	case token.Colon:
		return head == "type" || head == "database" || f.inBars()
	case token.Less:
		return before.Glued && (head == "type" || head == "database" || head == "import" || f.inBars())
	case token.LeftParen, token.Gives:
		return head == "import"
	}
	return false
}

// inBars reports whether the name stands between the bars of parameters.
func (f *fitting) inBars() bool {
	bars := 0
	for i := f.i - 1; i >= 0 && i >= f.line; i-- {
		if f.tokens[i].Kind == token.Do {
			return bars == 1
		}
		if f.tokens[i].Kind == token.Bar {
			bars++
		}
	}
	return false
}

// inBrackets reports whether a bracket of the line is open.
func (f *fitting) inBrackets() bool {
	open := 0
	for _, t := range f.tokens[f.line:f.i] {
		switch t.Kind {
		case token.LeftParen, token.LeftBracket, token.LeftBrace:
			open++
		case token.RightParen, token.RightBracket, token.RightBrace:
			open--
		}
	}
	return open > 0
}

func (f *fitting) types(lattices bool) {
	for _, l := range plan.Lattices() {
		if lattices && l.Available {
			f.add(BuiltIn, l.Name, words[BuiltIn][l.Name])
		}
	}
	for _, n := range []string{"any", "bool", "float", "id", "int", "list", "nat", "string", "symbol", "time"} {
		if !lattices || f.before(1).Kind == token.Less {
			f.add(BuiltIn, n, words[BuiltIn][n])
		}
	}
	for _, d := range f.lens.names.Types {
		f.add(Record, d.Name.Text, "type")
	}
}

// inIndex reports whether a key begins: behind the bracket of an index, or a comma there.
func (f *fitting) inIndex() bool {
	for i := f.i - 1; i >= f.line; i-- {
		switch f.tokens[i].Kind {
		case token.Comma, token.Symbol, token.Ident:
		case token.LeftBracket:
			return f.tokens[i].Glued
		default:
			return false
		}
	}
	return false
}

// keys offers the dimensions of the database before the bracket.
func (f *fitting) keys() {
	i := f.i - 1
	for i > f.line && f.tokens[i].Kind != token.LeftBracket {
		i--
	}
	if i == 0 {
		return
	}
	if db := f.lens.database(f.tokens[i-1].Text); db != nil {
		for _, d := range db.Dims {
			if d.Text != missing {
				f.symbols(Dimension, "the value of `"+d.Text+"` in scope", d.Text)
			}
		}
	}
}

func (f *fitting) heads() {
	f.words(Word, "database", "view", "process", "invariant", "import", "def", "type", "at", "allow", "test")
	f.add(Event, "on_", "handles an event")
}

// stored offers what can be read.
func (f *fitting) stored() {
	for _, db := range f.lens.names.Databases {
		f.add(Database, db.Name, f.lens.noteOf(&Thing{Kind: Database, Name: db.Name}).Code)
	}
	for _, v := range f.lens.names.Views {
		f.add(View, v.Name, f.lens.noteOf(&Thing{Kind: View, Name: v.Name}).Code)
	}
}

// names offers the names in scope, and the words that a statement begins with.
func (f *fitting) names() {
	d := inside(f.lens.decls(f.file.Name), f.at)
	s := scope{lens: f.lens, offset: f.at}
	for _, b := range blocksOf(d) {
		s.block(b)
	}
	for _, local := range s.locals {
		if local.Name.Text != missing {
			f.add(Local, local.Name.Text, f.lens.noteOf(&Thing{Kind: Local, Name: local.Name.Text, object: local}).Code)
		}
	}
	f.stored()
	for _, def := range f.lens.names.Defs {
		f.add(Def, def.Name, f.lens.noteOf(&Thing{Kind: Def, Name: def.Name}).Code)
	}
	for _, i := range f.lens.names.Imports {
		f.add(Import, i.Name, "function of the host")
	}
	f.ambient(d)
	_, isHandler := d.(*syntax.Handler)
	if isHandler && f.i == f.line || isHandler && f.before(1).Kind == token.Do {
		f.words(Word, "abort", "atomic", "tentatively", "step")
		f.words(Prelude, "notify", "upload")
	}
	if isHandler {
		f.words(Prelude, "now", "new_id")
	}
	if _, isProcess := d.(*syntax.Process); isProcess {
		f.words(Prelude, "render", "notify", "refresh")
	}
	f.words(Prelude, "seconds", "minutes", "hours", "days", "users")
	for _, w := range []string{"if", "let", "true", "false", "nil", "not"} {
		f.add(Word, w, "")
	}
}

// ambient offers what roles bind, where it is bound.
func (f *fitting) ambient(d syntax.Decl) {
	if _, isDef := d.(*syntax.Def); isDef {
		return
	}
	_, isHandler := d.(*syntax.Handler)
	for _, r := range f.lens.insight.Topology.Roles {
		if r.Ambient != "" {
			f.add(Ambient, r.Ambient, "bound by the role `"+r.Name+"`")
		}
	}
	if isHandler {
		f.add(Ambient, "user_id", "who raised the event")
	}
}

// member offers what may stand behind a dot.
func (f *fitting) member() {
	var m *syntax.Member
	if p := f.lens.pages[f.file.Name]; p != nil {
		for _, x := range p.exprs {
			if y, ok := x.(*syntax.Member); ok && y.Name.Start == f.at {
				m = y
			}
		}
	}
	if m == nil {
		f.events(f.before(2).Text)
		return
	}
	if role, ok := f.lens.nodeOf(m.X); ok {
		f.events(role.Name)
		return
	}
	spans := f.lens.typed.Spans
	if p, ok := spans.Places[m.X]; ok {
		f.place(p)
		return
	}
	if e := spans.At[m.X]; e != nil && !unknown(e.Type) {
		f.readers(e.Type)
	}
}

// events offers, behind a role of a test, the events it handles.
func (f *fitting) events(role string) {
	if _, ok := f.lens.insight.Topology.Role(role); !ok {
		return
	}
	for _, h := range f.lens.names.Handlers {
		if len(h.At) == 0 || slices.Contains(h.At, role) {
			f.add(Event, "on_"+h.Decl.Event.Text, f.lens.signatureOf(h.Decl.Event.Text))
		}
	}
}

// place offers the verbs of a database where a whole key of it is given, the
// fields of a record, and the readers of what it reads as.
func (f *fitting) place(p types.Place) {
	if p.HasKeys && (len(p.Database.Dims) > 0 || p.Stored < 0) {
		f.words(Member, "keys")
	}
	for _, field := range p.Fields {
		f.add(Field, field.Name, field.Name+": "+field.Type.Label())
	}
	if p.Stored < 0 {
		return
	}
	db := &f.lens.typed.Program.Databases[p.Stored]
	l, ok := plan.LatticeOf(db.Lattice.Kind)
	if !ok {
		return
	}
	if p.IsWhole {
		for _, v := range l.Verbs {
			f.add(Member, v.Name, "verb of "+l.Name+": "+words[Member][v.Name])
		}
		f.readers(db.Lattice.Reading())
		return
	}
	f.readers(plan.SetOf(db.Rows()))
}

// readers offers what can be asked of a value.
func (f *fitting) readers(t plan.Type) {
	switch t.Kind {
	case plan.KindSet, plan.KindList:
		for _, name := range types.Readers(t) {
			f.add(Member, name, words[Member][name])
		}
	case plan.KindMaybe:
		f.words(Member, "or")
	case plan.KindRecord:
		for _, field := range t.Fields {
			f.add(Field, field.Name, field.Name+": "+field.Type.Label())
		}
	case plan.KindString, plan.KindID:
		f.words(Member, "count")
	}
}
