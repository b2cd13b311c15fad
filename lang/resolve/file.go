package resolve

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// FileBeside returns the name of the file that `import "path"` in the file of
// the given name means: path is relative to the importer's folder, whatever
// the folder the compiler runs in. false where path is none that an import may
// have: names divided by "/", which may begin with "../", and the last of which ends in ".mrt".
func FileBeside(importer, path string) (name string, ok bool) {
	folder := importer[:strings.LastIndexAny(importer, `/\`)+1]
	for {
		rest, isUp := strings.CutPrefix(path, "../")
		if !isUp {
			break
		}
		path, folder = rest, above(folder)
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `\:`) {
			return "", false
		}
	}
	return folder + path, strings.HasSuffix(path, ".mrt") && !strings.HasSuffix(path, "/.mrt") && path != ".mrt"
}

// above returns the folder that holds a folder; both end in a slash, or are
// empty for the one that the compiler runs in. Nothing is above the root.
func above(folder string) string {
	if folder == "/" {
		return folder
	}
	if folder == "" || strings.HasSuffix(folder, "../") {
		return folder + "../"
	}
	return folder[:strings.LastIndexAny(folder[:len(folder)-1], `/\`)+1]
}

// file checks that an imported file is a file of the program: who reads the
// files brings in what they import.
func (r *resolver) file(d *syntax.Import) {
	importer := d.Span.File.Name
	name, ok := FileBeside(importer, d.Path.Value)
	switch {
	case !ok:
		r.write(diag.Errorf("E604", d.Path.Span, "this is not the path of a file of a program").
			Hinting("a path is relative to this file, has \"/\" between its names and ends in .mrt, as in `import \"rooms/room.mrt\"`"))
	case !r.files[name]:
		r.write(diag.Errorf("E604", d.Path.Span, "there is no file `%s`", name).
			Hinting("the path is relative to `%s`; files of one folder need no import of each other", importer))
	}
}
