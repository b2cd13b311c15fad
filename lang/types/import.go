package types

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/plan"
)

func (c *checker) declareImport(f *resolve.Import) {
	c.imports[f] = len(c.hosts)
	d, host := f.Decl, plan.Import{Name: f.Name, Result: plan.Type{Kind: plan.KindNil}}
	for _, o := range d.Options {
		c.importOption(&host, o)
	}
	if d.Signature == nil {
		c.write(diag.Errorf("E601", d.Name.Span, "`%s` has no signature", f.Name).
			Hinting("write the types of its arguments and of its result, as in `import :%s, (int, id) -> bool, :from => \"go:%s\"`", f.Name, f.Name))
		host.Result = absorbing
		c.hosts = append(c.hosts, host)
		return
	}
	s := &signature{host: len(c.hosts), out: -1}
	c.signatures[f] = s
	var filled *outcome
	for i, p := range d.Signature.Params {
		s.lattices = append(s.lattices, absorbing)
		switch {
		case p.Out && s.out >= 0:
			c.write(diag.Errorf("E107", p.Span, "a function fills one cell").Hinting("write an import for each `out`"))
		case p.Out:
			s.out = i
			filled = c.outType(p.Type)
			s.lattices[i], s.isShaped = filled.lattice, !filled.isLeaf()
		default:
			var t plan.Type
			t, s.lattices[i] = c.importType(p.Type)
			host.Params = append(host.Params, plan.Param{Type: t})
		}
	}
	switch {
	case s.out >= 0 && d.Signature.Result != nil:
		c.write(diag.Errorf("E107", d.Signature.Result.Where(), "what fills an `out` is the result").Hinting("leave out `-> T`"))
	case s.out >= 0:
		host.Result = filled.result()
	case d.Signature.Result != nil:
		host.Result = c.plainType(d.Signature.Result)
	}
	c.hosts = append(c.hosts, host)
}

// importType reads a type of a signature, where a lattice's name means the
// slice of a database, which is given as what it reads as.
func (c *checker) importType(t syntax.Type) (given, lattice plan.Type) {
	if n, ok := t.(*syntax.NamedType); ok {
		if _, isLattice := plan.LatticeNamed(n.Name.Text); isLattice {
			l := c.latticeType(n)
			if absorbs(l) {
				return absorbing, absorbing
			}
			return l.Reading(), l
		}
	}
	return c.plainType(t), absorbing
}

func (c *checker) importOption(host *plan.Import, o syntax.Option) {
	switch o.Name.Text {
	case "from":
	case "monotone", "mergeable", "idempotent":
		if b, ok := o.Value.(*syntax.Bool); !ok || !b.Value {
			c.write(diag.Errorf("E105", o.Span, "`:%s` cannot have this value", o.Name.Text).Hinting(":%s takes true", o.Name.Text))
			return
		}
		host.Promises = append(host.Promises, o.Name.Text)
		return
	default:
		c.notYet(o, "the promise `:"+o.Name.Text+"` of an import", "leave it out: it is not relied on")
		return
	}
	s, ok := o.Value.(*syntax.String)
	switch {
	case ok && isPlace(s.Value):
		host.From = s.Value
	default:
		c.write(diag.Errorf("E602", o.Span, "an import comes from \"go:name\" or \"wasm:path\""))
	}
}

// isPlace reports whether a function of the host can come from there: who
// reads the files knows whether it does.
func isPlace(from string) bool {
	kind, name, _ := strings.Cut(from, ":")
	return (kind == "go" || kind == "wasm") && name != ""
}
