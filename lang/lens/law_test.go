package lens_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/lens"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/plan"
)

// folder is a program of several files.
type folder struct {
	sources  []lang.Source
	topology *lang.Source
}

func (f folder) with(texts map[string]string) folder {
	f.sources = slices.Clone(f.sources)
	for i := range f.sources {
		if text, ok := texts[f.sources[i].Name]; ok {
			f.sources[i].Text = text
		}
	}
	return f
}

func (f folder) read(texts map[string]string) *lang.Insight {
	f = f.with(texts)
	return lang.Inspect(f.sources, f.topology)
}

var ruby = regexp.MustCompile("(?ms)^```ruby\n(.*?)^```$")

// folders are programs of the repository: examples, those of the compiler's
// tests, and every block of the reference, with the shop that it builds on.
func folders(t *testing.T) []folder {
	t.Helper()
	all := []folder{{sources: []lang.Source{{Name: "shop.mrt", Text: shop}}}}
	for _, pattern := range []string{"../../examples/*/*.mrt", "../../examples/*/*/*.mrt", "../testdata/*/*.mrt", "../mistakes/*.mrt"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, folder{sources: []lang.Source{{Name: filepath.Base(f), Text: string(text)}}})
		}
	}
	text, err := os.ReadFile("../../docs/spec/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var base []lang.Source
	var topology *lang.Source
	for i, m := range ruby.FindAllSubmatch(text, -1) {
		block := string(m[1])
		if strings.HasPrefix(block, "# topology\n") {
			topology = &lang.Source{Name: "spec.topology", Text: block}
			continue
		}
		if strings.HasPrefix(block, "# the shop\n") {
			base = []lang.Source{{Name: "the_shop.mrt", Text: block}}
		}
		f := folder{[]lang.Source{{Name: fmt.Sprintf("block%d.mrt", i), Text: block}}, topology}
		if strings.HasPrefix(block, "# in the shop\n") {
			f.sources = append(f.sources, base...)
		}
		all, topology = append(all, f), nil
	}
	return all
}

// TestRename is a law: whatever is renamed, the program has the same plan but
// for the name, and the places that change are those that are told as uses. Of
// a program it renames some things, and all of them in a soak.
func TestRename(t *testing.T) {
	most := 8
	if os.Getenv("MARTINELLI_SOAK") != "" {
		most = 1000
	}
	die := rand.New(rand.NewPCG(5, 2))
	renamed, refused := map[lens.Kind]int{}, map[string]int{}
	for _, f := range folders(t) {
		l := lens.New(f.read(nil))
		compiled, _, letters := lang.CompileTests(f.sources, f.topology)
		declared := declarations(l, f)
		die.Shuffle(len(declared), func(i, j int) { declared[i], declared[j] = declared[j], declared[i] })
		for _, at := range declared[:min(most, len(declared))] {
			thing, _, _ := l.At(at.File.Name, at.Start)
			to := thing.Name + "_z" // which has the same place among other names
			edits, err := l.Rename(at.File.Name, at.Start, to, f.read)
			if err != nil {
				refused[thing.Kind.String()+": "+strings.TrimPrefix(err.Error(), "`"+thing.Name+"`")]++
				continue
			}
			renamed[thing.Kind]++
			if len(edits) != len(thing.Uses) {
				t.Errorf("%s is named at %d places, and %d change", thing.Name, len(thing.Uses), len(edits))
			}
			texts := map[string]string{}
			for _, s := range f.sources {
				file, _ := l.File(s.Name)
				texts[s.Name] = diag.Apply(file, edits)
			}
			same(t, thing.Name, to, compiled, letters, f.with(texts))
		}
	}
	t.Log("renamed:", renamed)
	for _, why := range slices.Sorted(maps.Keys(refused)) {
		t.Log("refused:", refused[why], why)
	}
	for _, k := range []lens.Kind{lens.Database, lens.View, lens.Event, lens.Def, lens.Record, lens.Field, lens.Local, lens.Invariant} {
		if renamed[k] == 0 {
			t.Errorf("none of the kind %s was renamed", k)
		}
	}
}

// declarations lists where the names of a program are declared, each once.
func declarations(l *lens.Lens, f folder) []token.Span {
	var all []token.Span
	for _, s := range f.sources {
		for _, tok := range token.Scan(token.NewFile(s.Name, s.Text)).Tokens {
			thing, use, ok := l.At(s.Name, tok.End)
			if ok && len(thing.Decls) > 0 && thing.Decls[0] == use.Span && tok.Kind <= token.Symbol {
				all = append(all, use.Span)
			}
		}
	}
	return all
}

// same compares a program with the one in which a name is another: both compile
// to the same plan, but for the name.
func same(t *testing.T, from, to string, before *plan.Program, letters []diag.Diagnostic, after folder) {
	t.Helper()
	got, _, more := lang.CompileTests(after.sources, after.topology)
	file := after.sources[0].Name
	if (got == nil) != (before == nil) || len(more) != len(letters) {
		t.Errorf("%s: with %s for %s it has %d letters, and had %d", file, to, from, len(more), len(letters))
		return
	}
	if want, is := nameless(before, from, to), nameless(got, from, to); want != is {
		i := 0
		for i < len(want) && i < len(is) && want[i] == is[i] {
			i++
		}
		t.Errorf("%s: with %s for %s it is another plan:\n%s\nand was\n%s", file, to, from, is[max(0, i-80):min(len(is), i+80)], want[max(0, i-80):min(len(want), i+80)])
	}
}

var word = regexp.MustCompile(`[A-Za-z0-9_]+`)

// nameless is a plan as text, without either name, and without the colons of
// keys, which a process that notifies is called by.
func nameless(p *plan.Program, from, to string) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(p))
	return word.ReplaceAllStringFunc(strings.ReplaceAll(b.String(), ":", ""), func(w string) string {
		if w == from || w == to || w == "on_"+from || w == "on_"+to {
			return ""
		}
		return w
	})
}

// write writes all that a value holds.
func write(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			write(b, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			write(b, v.Field(i))
			b.WriteByte(';')
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			write(b, v.Index(i))
			b.WriteByte(',')
		}
	default:
		fmt.Fprint(b, v)
	}
}

// TestAnyPlace asks everything of places in programs from which a word is gone,
// or in which one is half typed: there is an answer, or none, and no end.
func TestAnyPlace(t *testing.T) {
	die := rand.New(rand.NewPCG(5, 3))
	for _, f := range folders(t) {
		s := f.sources[0]
		tokens := token.Scan(token.NewFile(s.Name, s.Text)).Tokens
		at := tokens[die.IntN(len(tokens))]
		for _, text := range []string{s.Text[:at.Start] + s.Text[at.End:], s.Text[:at.End] + "." + s.Text[at.End:], s.Text[:at.Start], s.Text[:at.End] + "[:"} {
			broken := f.with(map[string]string{s.Name: text})
			l := lens.New(broken.read(nil))
			l.Outline(s.Name)
			for range 3 {
				offset := die.IntN(len(text) + 1)
				l.Note(s.Name, offset)
				l.Declarations(s.Name, offset)
				_, _ = l.Rename(s.Name, offset, "zebra", broken.read)
			}
			lens.Fits(token.NewFile(s.Name, text), min(at.End+1, len(text)), broken.read)
		}
	}
}
