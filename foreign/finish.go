package foreign

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/order"
)

// finish writes the module that runs.
func (l *loading) finish(hash [32]byte) (*Module, error) {
	if err := l.conforms(); err != nil {
		return nil, err
	}
	for i, body := range l.answers {
		l.answers[i] = l.rewrite(newReader(body), l.types[l.functions[i]])
	}
	m := &Module{Hash: hash, Pages: l.pages}
	exports := l.ownExports(m)
	out := append([]byte(nil), magic...)
	out = appendSection(out, sectionType, l.typeSection())
	out = appendSection(out, sectionFunction, indices(l.functions))
	if l.hasTable {
		out = appendSection(out, sectionTable, l.tables)
	}
	memory := appendU32(appendU32([]byte{1, 1}, l.pages), l.pagesMax)
	out = appendSection(out, sectionMemory, memory)
	out = appendSection(out, sectionGlobal, l.globalSection())
	out = appendSection(out, sectionExport, exports)
	if len(l.elements) > 0 {
		out = appendSection(out, sectionElement, l.elements)
	}
	out = appendSection(out, sectionCode, l.codeSection())
	if len(l.data) > 0 {
		out = appendSection(out, sectionData, l.data)
	}
	if len(out) > outputMax {
		return nil, &Error{Kind: TooLarge, Text: "with what counts its fuel it has more than 64 MiB"}
	}
	m.Code = out
	return m, nil
}

// conforms looks for what every module of functions has.
func (l *loading) conforms() error {
	alloc, ok := l.find(exportAlloc)
	switch {
	case !l.hasMemory || !l.exportsMemory:
		return &Error{Kind: Unfit, Text: `it does not export its "memory"`}
	case !ok:
		return &Error{Kind: Unfit, Text: `it does not export "martinelli_alloc"`}
	case !l.fits(alloc, signatureAlloc):
		return &Error{Kind: Unfit, Text: "its martinelli_alloc is no (i32) -> i32"}
	}
	if start, ok := l.find(exportInit); ok && !l.fits(start, signatureStart) {
		return &Error{Kind: Unfit, Text: "its _initialize takes or gives something"}
	}
	if l.start >= 0 && !l.fits(export{index: uint32(l.start)}, signatureStart) {
		return &Error{Kind: Malformed, Text: "its start function takes or gives something"}
	}
	return nil
}

// ownExports writes the exports and notes in m what they are for.
func (l *loading) ownExports(m *Module) []byte {
	n := uint32(0)
	var list []byte
	add := func(name string, kind byte, index uint32) {
		list = appendU32(append(appendName(list, name), kind), index)
		n++
	}
	add(exportMemory, externMemory, 0)
	add(exportFuel, externGlobal, l.fuelGlobal())
	add(exportStack, externGlobal, l.stackGlobal())
	for i, mutable := range l.mutable {
		if mutable {
			m.Globals = append(m.Globals, exportGlobal+strconv.Itoa(i))
			add(exportGlobal+strconv.Itoa(i), externGlobal, uint32(i))
		}
	}
	if l.start >= 0 {
		add(exportStart, externFunction, uint32(l.start))
		m.starts = append(m.starts, exportStart)
	}
	for _, e := range l.exports {
		if e.name == exportInit {
			m.starts = append(m.starts, exportInit)
		}
		isFunction := l.fits(e, signatureCall)
		if isFunction {
			m.functions = append(m.functions, e.name)
		} else {
			m.others = append(m.others, e.name)
		}
		if isFunction || e.name == exportInit || e.name == exportAlloc {
			add(e.name, externFunction, e.index)
		}
	}
	return append(appendU32(nil, n), list...)
}

func (l *loading) typeAt(i uint32) signature {
	if int(i) >= l.ownTypes {
		return signature{}
	}
	return l.types[i]
}

// appendBlockType writes the type of a block that gives results.
func (l *loading) appendBlockType(b []byte, results string) []byte {
	switch len(results) {
	case 0:
		return append(b, blockEmpty)
	case 1:
		return append(b, results[0])
	}
	for i, t := range l.types {
		if t.params == "" && t.results == results {
			return appendS64(b, int64(i))
		}
	}
	l.types = append(l.types, signature{results: results})
	return appendS64(b, int64(len(l.types)-1))
}

func (l *loading) fuelGlobal() uint32  { return uint32(len(l.globals)) }
func (l *loading) stackGlobal() uint32 { return uint32(len(l.globals)) + 1 }

func (l *loading) typeSection() []byte {
	b := appendU32(nil, uint32(len(l.types)))
	for _, t := range l.types {
		b = appendName(append(b, 0x60), t.params)
		b = appendName(b, t.results)
	}
	return b
}

// globalSection has the module's variables and behind them ours, which begin
// with nothing: only the host fills them.
func (l *loading) globalSection() []byte {
	b := appendU32(nil, uint32(len(l.globals))+2)
	for _, g := range l.globals {
		b = append(b, g...)
	}
	for range 2 {
		b = append(b, typeI64, 1, opI64Const, 0, opEnd)
	}
	return b
}

func (l *loading) codeSection() []byte {
	b := appendU32(nil, uint32(len(l.functions)))
	for _, bodies := range [][][]byte{l.answers, l.bodies} {
		for _, body := range bodies {
			b = append(appendU32(b, uint32(len(body))), body...)
		}
	}
	return b
}

func indices(list []uint32) []byte {
	b := appendU32(nil, uint32(len(list)))
	for _, i := range list {
		b = appendU32(b, i)
	}
	return b
}

func appendSection(b []byte, id byte, content []byte) []byte {
	return append(appendU32(append(b, id), uint32(len(content))), content...)
}

// Functions names what the module offers, in order.
func (m *Module) Functions() []string {
	names := slices.Clone(m.functions)
	order.Sort(names, strings.Compare)
	return names
}

// Has reports whether the module offers a function of a name.
func (m *Module) Has(name string) bool {
	return slices.Contains(m.functions, name)
}

// HasOther reports whether it exports a function of a name that has another
// type than (i32, i32) -> i64.
func (m *Module) HasOther(name string) bool { return slices.Contains(m.others, name) }
