package lang

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// A Function is an import of a function of a WebAssembly module, as a file has it.
type Function struct {
	Name string
	From string     // "wasm:path"; the path is relative to the file
	At   token.Span // where From is said
}

// ModulePrefix is what the place of a function in a module begins with.
const ModulePrefix = "wasm:"

// Modules returns the functions of WebAssembly modules that a file imports, in
// the order of its text. Who reads files reads those modules too.
func Modules(s Source) []Function {
	if isLock(s) || !strings.Contains(s.Text, ModulePrefix) {
		return nil
	}
	file, _ := syntax.ParseFile(token.NewFile(s.Name, s.Text))
	return modules(nil, file.Decls)
}

func modules(list []Function, decls []syntax.Decl) []Function {
	for _, d := range decls {
		switch d := d.(type) {
		case *syntax.At:
			list = modules(list, d.Decls)
		case *syntax.Import:
			for _, o := range d.Options {
				from, isText := o.Value.(*syntax.String)
				if isText && o.Name.Text == "from" && strings.HasPrefix(from.Value, ModulePrefix) {
					list = append(list, Function{d.Name.Text, from.Value, o.Span})
				}
			}
		}
	}
	return list
}
