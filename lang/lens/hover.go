package lens

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/judge"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// Note is what is known of a place: a line of the language, and sentences.
type Note struct {
	Span  token.Span // what it is about
	Code  string     // as a declaration or an expression with its type; may be empty
	Lines []string
}

// Note says what stands at a place: its type, whether its value is settled or
// tentative and why, and the coordination that it takes at each role. false
// where nothing is known. Cost: linear in the program.
func (l *Lens) Note(file string, offset int) (Note, bool) {
	m, ok := l.mark(file, offset)
	if !ok {
		return l.noteOfExpr(l.expr(file, offset))
	}
	n := l.noteOf(m.thing)
	n.Span = m.use.Span
	if m.expr != nil {
		n.Lines = append(n.Lines, l.modeOf(m.expr)...)
	}
	if m.thing.Kind == Member {
		n.Code = l.typed0(m.expr)
	}
	n.Lines = slices.Compact(append(n.Lines, l.strength(m.thing)...))
	return n, n.Code != "" || len(n.Lines) > 0
}

// noteOfExpr says what an expression without a name is.
func (l *Lens) noteOfExpr(x syntax.Expr) (Note, bool) {
	if x == nil {
		return Note{}, false
	}
	code := l.typed0(x)
	return Note{Span: x.Where(), Code: code, Lines: l.modeOf(x)}, code != ""
}

// typed0 writes an expression with its type; "" where that is not known.
func (l *Lens) typed0(x syntax.Expr) string {
	e := l.typed.Spans.At[x]
	if e == nil || unknown(e.Type) {
		return ""
	}
	text, _, more := strings.Cut(x.Where().Text(), "\n")
	if more {
		text += " ..."
	}
	return text + ": " + e.Type.Label()
}

// unknown reports whether nothing is known of a type because of a mistake.
func unknown(t plan.Type) bool { return t.Kind >= plan.KindGSet }

// modeOf says whether the value of an expression is settled, and why.
func (l *Lens) modeOf(x syntax.Expr) []string {
	j := l.insight.Judged
	if j == nil {
		return nil
	}
	if p, ok := j.Typed.Spans.Places[x]; ok && p.Stored >= 0 {
		return []string{sentence(j.Modes.Database(p.Stored))}
	}
	e := j.Typed.Spans.At[x]
	if e == nil {
		return nil
	}
	if r, ok := j.Modes.Of(e); ok {
		return []string{sentence(r)}
	}
	return nil
}

func sentence(r mode.Reason) string {
	if r.Settled() {
		return "settled: " + r.Short()
	}
	return "tentative: " + r.Short()
}

// noteOf says what a thing is, wherever it is named.
func (l *Lens) noteOf(t *Thing) Note {
	var n Note
	switch t.Kind {
	case Database:
		return l.noteOfDatabase(t)
	case View:
		i := slices.IndexFunc(l.typed.Views, func(v *resolve.View) bool { return v.Name == t.Name })
		if n.Code = "view :" + t.Name; i >= 0 {
			n.Code += ": " + l.typed.Program.Views[i].Expr.Type.Label()
		}
		if j := l.insight.Judged; j != nil {
			if i := slices.IndexFunc(j.Typed.Views, func(v *resolve.View) bool { return v.Name == t.Name }); i >= 0 {
				n.Lines = append(n.Lines, sentence(j.Modes.View(i)))
			}
		}
	case Event:
		n.Code = l.signatureOf(t.Name)
	case Def:
		n.Code = "def :" + t.Name
		for _, f := range l.typed.Program.Funcs {
			if f.Name == t.Name {
				n.Code += "(" + params(f.Params) + "): " + f.Expr.Type.Label()
			}
		}
	case Import:
		n.Code = l.firstLines(t)
		n.Lines = []string{"a function of the host"}
	case Record, Invariant:
		n.Code = l.firstLines(t)
	case Field:
		n.Code = l.firstLines(t)
		if t.Owner != "" {
			n.Lines = []string{"field of `" + t.Owner + "`"}
		}
	case Local:
		n.Code = t.Name + l.typeOfLocal(t)
	case Ambient:
		n.Code = t.Name + ": id"
		n.Lines = []string{"bound by the role: the user whose node it is, and in a handler who raised the event"}
	case Role:
		n = l.noteOfRole(t)
	case Dimension:
		n.Lines = []string{"dimension `" + t.Name + "`"}
	default:
		if about := words[t.Kind][t.Name]; about != "" {
			n.Lines = []string{about}
		}
	}
	return n
}

func (l *Lens) typeOfLocal(t *Thing) string {
	local, _ := t.object.(*resolve.Local)
	typ, ok := l.typed.Spans.Locals[local]
	if !ok || unknown(typ) {
		return ""
	}
	return ": " + typ.Label()
}

// signatureOf writes an event with the types of its parameters.
func (l *Lens) signatureOf(event string) string {
	for i, h := range l.typed.Handlers {
		if h.Decl.Event.Text == event && i < len(l.typed.Program.Handlers) {
			return "on_" + event + "(" + params(l.typed.Program.Handlers[i].Params) + ")"
		}
	}
	return "on_" + event
}

func params(ps []plan.Param) string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Name + ": " + p.Type.Label()
	}
	return strings.Join(texts, ", ")
}

// firstLines are the lines on which a thing is declared, each once.
func (l *Lens) firstLines(t *Thing) string {
	var lines []string
	for _, d := range t.Decls {
		text, _ := d.File.Line(d.Position().Line)
		if text = strings.TrimSpace(text); !slices.Contains(lines, text) {
			lines = append(lines, text)
		}
	}
	return strings.Join(lines, "\n")
}

// noteOfDatabase writes a database as it is understood: what was inferred too.
func (l *Lens) noteOfDatabase(t *Thing) Note {
	db := l.database(t.Name)
	if db == nil {
		return Note{}
	}
	code := "database :" + db.Name
	var stored []string
	for i, owner := range l.typed.Owners {
		if owner != db {
			continue
		}
		at := l.typed.Program.Databases[i]
		if at.Name != db.Name {
			stored = append(stored, "`"+at.Name+"`: "+at.Lattice.Label())
			continue
		}
		if !(at.Lattice.Kind == plan.KindAny) {
			code += ", " + at.Lattice.Label()
		}
	}
	if len(stored) > 0 && db.Decl.Type != nil {
		code += ", " + db.Decl.Type.Where().Text()
	}
	code += dims(db) + placement(db)
	n := Note{Code: code}
	if len(stored) > 0 {
		n.Lines = append(n.Lines, "stored as "+strings.Join(stored, ", "))
	}
	if j := l.insight.Judged; j != nil {
		for i, owner := range j.Typed.Owners {
			if owner.Name == db.Name && j.Typed.Program.Databases[i].Name == db.Name {
				n.Lines = append(n.Lines, sentence(j.Modes.Database(i)))
			}
		}
	}
	return n
}

func dims(db *resolve.Database) string {
	switch {
	case len(db.Dims) == 1:
		return ", :by => :" + db.Dims[0].Text
	case len(db.Dims) == 0:
		return ""
	}
	names := make([]string, len(db.Dims))
	for i, d := range db.Dims {
		names[i] = ":" + d.Text
	}
	return ", :by => [" + strings.Join(names, ", ") + "]"
}

func placement(db *resolve.Database) string {
	switch {
	case db.Sharing == resolve.ByAll:
		return ", :replicated => true"
	case db.Sharing == resolve.ByValue:
		return ", :replicated => :" + db.Dims[db.Space].Text
	case len(db.At) == 1:
		return ", :at => :" + db.At[0]
	}
	return ""
}

func (l *Lens) noteOfRole(t *Thing) Note {
	r, ok := l.insight.Topology.Role(t.Name)
	if !ok {
		return Note{}
	}
	n := Note{Code: "role :" + t.Name}
	if r.Nodes > 0 {
		n.Code += ", :nodes => " + strconv.Itoa(r.Nodes)
	}
	if r.Ambient != "" {
		n.Code += ", :ambient => :" + r.Ambient
		n.Lines = append(n.Lines, "each of its nodes belongs to one `"+r.Ambient+"`")
	} else {
		n.Lines = append(n.Lines, "trusted: its nodes belong to no user")
	}
	return n
}

var strengths = [...]string{
	judge.Local: "no coordination", judge.Commit: "one causal commit", judge.Escrow: "escrow",
	judge.Serial: "serial, on one entity", judge.AcrossEntities: "serial, across entities",
}

// strength says what a declaration takes at each role. Roles of which the same
// is true stand together.
func (l *Lens) strength(t *Thing) []string {
	j := l.insight.Judged
	if j == nil || j.Report == nil {
		return nil
	}
	var lines []string
	roles := map[string]string{}
	for _, line := range j.Report.Lines {
		if !slices.ContainsFunc(t.Decls, func(d token.Span) bool { return d.File == line.Span.File && d.End == line.Span.End }) {
			continue
		}
		is := "strength " + strconv.Itoa(int(line.Strength)) + ", " + strengths[line.Strength] + ": " + line.Why
		if roles[is] == "" {
			lines = append(lines, is)
			roles[is] = "at `" + line.Role + "`"
			continue
		}
		roles[is] += ", `" + line.Role + "`"
	}
	for i, is := range lines {
		lines[i] = roles[is] + ": " + is
	}
	return lines
}
