package format

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// TestSamples formats the programs of the language's design, the slides and the
// examples: they are written in the style, and stay as they are.
func TestSamples(t *testing.T) {
	for _, pattern := range []string{
		"../syntax/testdata/programs/*.*", "../syntax/testdata/programs/*/*", "../testdata/ads/*.mrt",
		"../../examples/*/*.mrt",
	} {
		for _, file := range load(t, pattern) {
			if got := formatted(t, file); got != file.Text {
				t.Errorf("%s is formatted to\n%s", file.Name, got)
			}
		}
	}
}

// TestStyle formats what stands in testdata/NAME.before to NAME.after.
func TestStyle(t *testing.T) {
	for _, in := range load(t, "testdata/*.before") {
		want, err := os.ReadFile(strings.TrimSuffix(in.Name, ".before") + ".after")
		got := formatted(t, in)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", in.Name, err, got)
		}
	}
}

// TestTooLarge formats a text that grows beyond the bound of a source file.
func TestTooLarge(t *testing.T) {
	text := "on_a do\n" + strings.Repeat("if b\n", 100) + strings.Repeat("c\n", token.SizeMax/200) + strings.Repeat("end\n", 101)
	if _, _, err := Source(token.NewFile("a.mrt", text)); err != ErrTooLarge {
		t.Error(err)
	}
}

// TestMeaning formats every program of the repository, and each of them with
// other layouts: the tree stays the same, and so does what is formatted again.
func TestMeaning(t *testing.T) {
	die := rand.New(rand.NewPCG(1, 2))
	layouts := 4
	if os.Getenv("MARTINELLI_SOAK") == "1" {
		layouts = 200
	}
	files, kept := programs(t), 0
	for _, file := range files {
		once := formatted(t, file)
		checkLaws(t, file)
		other := token.NewFile(file.Name, spacedOut(file, die))
		if got := formatted(t, other); got != once {
			t.Errorf("%s: other blanks are formatted to\n%s", file.Name, got)
		}
		for range layouts {
			other := token.NewFile(file.Name, mutated(file, die))
			if a, ok := tree(file); ok {
				if b, ok := tree(other); ok && reflect.DeepEqual(a, b) {
					kept++
					checkLaws(t, other)
				}
			}
		}
	}
	t.Logf("%d files, %d other layouts", len(files), kept)
	if kept < len(files) {
		t.Errorf("only %d layouts of %d files were programs", kept, len(files))
	}
}

// FuzzFormat holds the formatter to its laws whatever the text.
func FuzzFormat(f *testing.F) {
	for _, file := range programs(f) {
		f.Add(file.Text)
	}
	f.Add("on_a do\n (f(x)) do |y| end\n ((a.b)) do (g).h((1)) end\n # c\nend")
	f.Add("on_a do |x: a<b>, # c\n y| test :x do # d\n a # e\n . # f\n b\n - # g\n c # h\nend\nend\n\n# i")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.mrt", "a.topology"} {
			file := token.NewFile(name, text)
			if _, ok := tree(file); ok {
				checkLaws(t, file)
			}
		}
	})
}

// checkLaws formats a text that can be read, twice.
func checkLaws(t *testing.T, file *token.File) {
	t.Helper()
	for _, width := range []int{widthMax, 30} {
		checkLawsAt(t, file, width)
	}
}

// checkLawsAt breaks lines at a width.
func checkLawsAt(t *testing.T, file *token.File, width int) {
	t.Helper()
	once := token.NewFile(file.Name, formattedTo(t, file, width))
	before, _ := tree(file)
	after, ok := tree(once)
	if !ok || !reflect.DeepEqual(before, after) {
		t.Fatalf("%s: another tree after formatting\n%s\nto\n%s", file.Name, file.Text, once.Text)
	}
	if twice := formattedTo(t, once, width); twice != once.Text {
		a, b := strings.Split(once.Text, "\n"), strings.Split(twice, "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("line %d was\n%s\nand is\n%s", i+1, a[i], b[i])
				break
			}
		}
		t.Fatalf("%s: formatting again changes\n%s\ninto\n%s\n(from %q)", file.Name, once.Text, twice, file.Text)
	}
	for _, line := range strings.Split(once.Text, "\n") {
		if strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\r") {
			t.Errorf("%s: the line %q ends with a blank", file.Name, line)
		}
	}
	if strings.Contains(once.Text, "\n\n\n") || strings.HasPrefix(once.Text, "\n") || strings.HasSuffix(once.Text, "\n\n") {
		t.Errorf("%s: blank lines\n%q", file.Name, once.Text)
	}
}

func formatted(t *testing.T, file *token.File) string { return formattedTo(t, file, widthMax) }

func formattedTo(t *testing.T, file *token.File, width int) string {
	t.Helper()
	text, letters, err := source(file, width)
	if err != nil || len(letters) > 0 {
		made, _ := layout(file, width)
		if _, more := layout(token.NewFile(file.Name, made.String()), width); len(more) > 0 {
			t.Error(diag.Renderer{}.Letter(more[0]))
		}
		t.Fatalf("%s: %v %v\n%s\n%s", file.Name, err, letters, file.Text, made)
	}
	return text
}

// tree returns the tree of a text as nested lists without places, and whether
// the text can be read.
func tree(file *token.File) (any, bool) {
	if isTopology(file) {
		x, letters := syntax.ParseTopology(file)
		return []any{plain(reflect.ValueOf(x.Roles)), plain(reflect.ValueOf(x.Links))}, !diag.HasErrors(letters)
	}
	x, letters := syntax.ParseFile(file)
	return plain(reflect.ValueOf(x.Decls)), !diag.HasErrors(letters)
}

func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Slice:
		all := []any{}
		for i := range v.Len() {
			all = append(all, plain(v.Index(i)))
		}
		return all
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[token.Span]() {
			return nil
		}
		all := []any{v.Type().Name()}
		for i := range v.NumField() {
			all = append(all, plain(v.Field(i)))
		}
		return all
	}
	return fmt.Sprint(v)
}

// programs returns every text of the repository that can be read.
func programs(t testing.TB) []*token.File {
	var all []*token.File
	for _, pattern := range []string{
		"../syntax/testdata/*/*.mrt", "../syntax/testdata/*/*.topology", "../syntax/testdata/programs/*/*", "../testdata/*/*.mrt",
		"../testdata/*/*.topology", "../types/testdata/*.mrt", "../../examples/*/*.mrt", "../../sim/testdata/programs/*.mrt", "testdata/*.before",
	} {
		all = append(all, load(t, pattern)...)
	}
	all = append(all, references(t)...)
	return slices.DeleteFunc(all, func(f *token.File) bool {
		_, ok := tree(f)
		return !ok
	})
}

// references returns the examples of the reference.
func references(t testing.TB) []*token.File {
	var all []*token.File
	for _, page := range load(t, "../../docs/spec/*.md") {
		for i, m := range regexp.MustCompile("(?ms)^```ruby\n(.*?)^```$").FindAllStringSubmatch(page.Text, -1) {
			all = append(all, token.NewFile(fmt.Sprintf("%s example %d", page.Name, i+1), m[1]))
		}
	}
	return all
}

func load(t testing.TB, pattern string) []*token.File {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatal("nothing at", pattern, err)
	}
	var files []*token.File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, token.NewFile(name, string(text)))
	}
	return files
}

// spacedOut writes a text with other indentation and blanks, but the same lines.
func spacedOut(file *token.File, die *rand.Rand) string {
	return relaid(file, func(prev, next token.Token, isNote bool) string {
		blanks := strings.Repeat(" ", die.IntN(5))
		switch {
		case next.Newline:
			return strings.Repeat("\n", max(1, lines(file, prev, next))) + blanks
		case isNote:
			return blanks
		case next.Glued || next.Kind == token.EOF:
			return ""
		}
		return " " + blanks
	})
}

// mutated writes a text with line ends, blank lines and comments where the
// grammar may let them stand.
func mutated(file *token.File, die *rand.Rand) string {
	rate := 4 + die.IntN(40)
	return relaid(file, func(prev, next token.Token, isNote bool) string {
		line := strings.Repeat("\n", 1+die.IntN(3)) + strings.Repeat(" ", die.IntN(4))
		if die.IntN(12) == 0 {
			line = fmt.Sprintf(" # %d", die.IntN(100)) + line
		}
		if die.IntN(12) == 0 {
			line += fmt.Sprintf("# %d", die.IntN(100)) + "\n"
		}
		level := syntax.Level(prev.Kind) > 0
		isFree := level || slices.Contains([]token.Kind{token.Comma, token.Arrow, token.LeftParen, token.LeftBracket, token.LeftBrace, token.Do, token.Bar}, prev.Kind) ||
			slices.Contains([]token.Kind{token.Dot, token.End, token.RightBracket, token.RightBrace, token.RightParen}, next.Kind)
		switch {
		case next.Newline || isFree && die.IntN(rate) == 0 && !isNote:
			return line
		case isNote:
			return " "
		case next.Glued || next.Kind == token.EOF:
			return ""
		}
		return " "
	})
}

// relaid writes the words of a text with what blank says between them.
func relaid(file *token.File, blank func(prev, next token.Token, isNote bool) string) string {
	list := token.Scan(file)
	var b strings.Builder
	var prev token.Token
	comments := list.Comments
	for i, next := range list.Tokens {
		for len(comments) > 0 && comments[0].Start < next.Start {
			note := comments[0]
			note.Newline = i == 0 || file.LineAt(prev.Start) != file.LineAt(note.Start)
			b.WriteString(blank(prev, note, true) + note.Text)
			prev, comments = note, comments[1:]
		}
		b.WriteString(blank(prev, next, false) + next.Span.Text())
		prev = next
	}
	return b.String()
}

// lines returns how many lines lie between two words.
func lines(file *token.File, a, b token.Token) int {
	if a.File == nil {
		return 1
	}
	return file.LineAt(b.Start) - file.LineAt(a.Start)
}
