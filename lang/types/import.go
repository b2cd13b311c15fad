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
	for _, p := range d.Signature.Params {
		if p.Out {
			c.notYet(p, "an `out` cell", "return the value, and let a handler write it")
			host.Params = append(host.Params, plan.Param{Type: absorbing})
			continue
		}
		host.Params = append(host.Params, plan.Param{Type: c.importType(p.Type)})
	}
	if d.Signature.Result != nil {
		host.Result = c.importType(d.Signature.Result)
	}
	c.hosts = append(c.hosts, host)
}

// importType reads a type of a signature, where a lattice's name would mean
// the slice of a database.
func (c *checker) importType(t syntax.Type) plan.Type {
	if n, ok := t.(*syntax.NamedType); ok {
		if l, isLattice := plan.LatticeNamed(n.Name.Text); isLattice {
			c.notYet(n, "a `"+l.Name+"` as an argument of an imported function", "take a list<T>, or one element at a time")
			return absorbing
		}
	}
	return c.plainType(t)
}

func (c *checker) importOption(host *plan.Import, o syntax.Option) {
	if o.Name.Text != "from" {
		c.notYet(o, "the promise `:"+o.Name.Text+"` of an import", "leave it out: it is not relied on")
		return
	}
	s, ok := o.Value.(*syntax.String)
	switch {
	case ok && strings.HasPrefix(s.Value, "go:") && len(s.Value) > len("go:"):
		host.From = s.Value
	case ok && strings.HasPrefix(s.Value, "wasm:"):
		c.notYet(o, "functions from WebAssembly modules", "import a Go function: :from => \"go:name\"")
	default:
		c.write(diag.Errorf("E602", o.Span, "an import comes from \"go:name\" or \"wasm:path\""))
	}
}
