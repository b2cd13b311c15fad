package lsp

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/lens"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// world knows the files: those that are open, as the editor has them, and those
// on disk.
type world struct {
	open    map[string]opened // by path
	disk    map[string]onDisk // by path; what was read, until it is known to have changed
	folders map[string]*folder
	root    string // no program is looked for above it; "" where the client has none

	isWatched bool // the client tells what changes on disk
}

// opened is a document that the editor holds.
type opened struct {
	uri     string
	version *int
	text    string
}

// onDisk is what was read of a file.
type onDisk struct {
	text   string
	exists bool
}

// folder is a program: the files of a folder, and those that they import.
type folder struct {
	dir       string
	sources   []lang.Source
	topology  *lang.Source
	further   []lang.Source     // topologies that are one too many
	insight   *lang.Insight     // nil: something has changed
	lens      *lens.Lens        // of insight; nil until it is asked for
	published map[string][]byte // by URI: what the client was told last
}

// foldersUpMax bounds how far above a file the program is looked for that imports it.
const foldersUpMax = 4

// filesMax bounds the files of a program.
const filesMax = 1000

// pathOf returns the path of a URI. Of one that is no file it is the URI itself.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.Clean(filepath.FromSlash(path))
}

// uriOf returns the URI of a path: that of the editor, where it is open.
func (w *world) uriOf(path string) string {
	if d, ok := w.open[path]; ok {
		return d.uri
	}
	if !filepath.IsAbs(path) {
		return path
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String()
}

// text returns what a file holds: as the editor has it, or as it is on disk.
func (w *world) text(path string) (string, bool) {
	if d, ok := w.open[path]; ok {
		return d.text, true
	}
	if d, ok := w.disk[path]; ok && w.isWatched {
		return d.text, d.exists
	}
	d := onDisk{}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		d.exists = true
		if info.Size() > token.SizeMax {
			d.text = strings.Repeat(" ", token.SizeMax+1) // the compiler has the letter
		} else if text, err := os.ReadFile(path); err == nil {
			d.text = string(text)
		}
	}
	w.disk[path] = d
	return d.text, d.exists
}

// isProgram reports whether a file is one that the compiler reads.
func isProgram(path string) bool {
	return strings.HasSuffix(path, ".mrt") || strings.HasSuffix(path, ".topology") || filepath.Base(path) == lang.LockName
}

// names lists the files of a program in a folder, on disk and open.
func (w *world) names(dir string) []string {
	names := map[string]bool{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.IsDir() && isProgram(e.Name()) {
			names[e.Name()] = true
		}
	}
	for path := range w.open {
		if filepath.Dir(path) == dir && isProgram(path) {
			names[filepath.Base(path)] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// load gathers the sources of a folder. Their names are relative to it.
func (w *world) load(f *folder) {
	f.sources, f.topology, f.further = nil, nil, nil
	if !filepath.IsAbs(f.dir) { // a document without a file is a program by itself
		text, _ := w.text(f.dir)
		f.sources = []lang.Source{{Name: f.dir, Text: text}}
		return
	}
	known := map[string]bool{}
	for _, name := range w.names(f.dir) {
		text, ok := w.text(filepath.Join(f.dir, name))
		known[name] = true
		switch {
		case !ok:
		case strings.HasSuffix(name, ".topology"):
			if source := (lang.Source{Name: name, Text: text}); f.topology == nil {
				f.topology = &source
			} else {
				f.further = append(f.further, source)
			}
		default:
			f.sources = append(f.sources, lang.Source{Name: name, Text: text})
		}
	}
	for i := 0; i < len(f.sources) && len(f.sources) < filesMax; i++ {
		for _, name := range lang.Imports(f.sources[i]) {
			if known[name] {
				continue
			}
			known[name] = true
			if text, ok := w.text(f.path(name)); ok {
				f.sources = append(f.sources, lang.Source{Name: name, Text: text})
			}
		}
	}
}

// path returns the path of a source of the folder.
func (f *folder) path(name string) string {
	if !filepath.IsAbs(f.dir) || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, filepath.FromSlash(name))
}

// name returns the source of a path.
func (f *folder) name(path string) string {
	if rel, err := filepath.Rel(f.dir, path); err == nil && filepath.IsAbs(f.dir) {
		return filepath.ToSlash(rel)
	}
	return path
}

// has reports whether a file is one of the program.
func (f *folder) has(path string) bool {
	name := f.name(path)
	return f.topology != nil && f.topology.Name == name || slices.ContainsFunc(f.further, func(s lang.Source) bool { return s.Name == name }) || slices.ContainsFunc(f.sources, func(s lang.Source) bool { return s.Name == name })
}

// read reads the program, with the texts of some of its files replaced.
func (f *folder) read(texts map[string]string) *lang.Insight {
	sources, topology := slices.Clone(f.sources), f.topology
	for i := range sources {
		if text, ok := texts[sources[i].Name]; ok {
			sources[i].Text = text
		}
	}
	if topology != nil {
		if text, ok := texts[topology.Name]; ok {
			topology = &lang.Source{Name: topology.Name, Text: text}
		}
	}
	return lang.Inspect(sources, topology)
}

// look returns the lens of the program as it is now.
func (w *world) look(f *folder) *lens.Lens {
	w.understand(f)
	if f.lens == nil {
		f.lens = lens.New(f.insight)
	}
	return f.lens
}

// understand reads the program, if something has changed.
func (w *world) understand(f *folder) {
	if f.insight == nil {
		w.load(f)
		f.insight, f.lens = f.read(nil), nil
		f.insight.Letters = append(f.insight.Letters, f.surplus()...)
	}
}

// surplus are the letters about topologies beside the one that is read:
// every other verb refuses such a folder.
func (f *folder) surplus() (letters []diag.Diagnostic) {
	for _, s := range f.further {
		first := token.Span{File: token.NewFile(s.Name, s.Text)}
		line, _, _ := strings.Cut(s.Text, "\n")
		first.End = len(line)
		letters = append(letters, diag.Errorf("", first, "the folder has two topologies, `%s` and `%s`", f.topology.Name, s.Name).
			Hinting("keep one in the folder, and judge another by `martinelli check --topology FILE`"))
	}
	return letters
}

// home returns the folder whose program a file is of: its own, or one above
// that imports it.
func (w *world) home(path string) *folder {
	for _, dir := range slices.Sorted(maps.Keys(w.folders)) {
		if f := w.folders[dir]; f.has(path) && dir != dirOf(path) {
			return f
		}
	}
	own := dirOf(path)
	if f := w.folders[own]; f != nil {
		return f
	}
	dir := own
	for range foldersUpMax {
		up := filepath.Dir(dir)
		if up == dir || !filepath.IsAbs(dir) || w.root != "" && !strings.HasPrefix(up+"/", w.root+"/") {
			break
		}
		dir = up
		above := &folder{dir: dir, published: map[string][]byte{}}
		if w.load(above); above.has(path) {
			return w.add(above)
		}
	}
	return w.add(&folder{dir: own, published: map[string][]byte{}})
}

// dirOf is the folder of a file; a document without a file is its own.
func dirOf(path string) string {
	if !filepath.IsAbs(path) {
		return path
	}
	return filepath.Dir(path)
}

func (w *world) add(f *folder) *folder {
	if known := w.folders[f.dir]; known != nil {
		return known
	}
	w.folders[f.dir] = f
	return f
}

// changed says that a file is another one now.
func (w *world) changed(path string) {
	delete(w.disk, path)
	for _, f := range w.folders {
		if f.has(path) || dirOf(path) == f.dir || f.dir == path {
			f.insight = nil
		}
	}
	if strings.HasSuffix(path, ".mrt") { // somebody may import it
		for _, f := range w.folders {
			if strings.HasPrefix(path, f.dir) {
				f.insight = nil
			}
		}
	}
}
