package lang

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

var update = flag.Bool("update", false, "write what the compiler gives into testdata")

// TestPlans compares the plans of the programs in testdata with their texts.
// A folder is one program; a .topology file in it is its topology.
func TestPlans(t *testing.T) {
	for _, dir := range folders(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			sources, topology := read(t, dir)
			program, letters := Compile(sources, topology)
			if program == nil {
				t.Fatal(letter(letters))
			}
			golden(t, filepath.Join(dir, "plan.txt"), dump(program))
			roundTrip(t, program)
		})
	}
}

func folders(t *testing.T) []string {
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no programs", err)
	}
	return dirs
}

func read(t *testing.T, dir string) (sources []Source, topology *Source) {
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		switch s := (Source{Name: f.Name(), Text: string(text)}); filepath.Ext(f.Name()) {
		case ".mrt":
			sources = append(sources, s)
		case ".topology":
			topology = &s
		}
	}
	return sources, topology
}

func golden(t *testing.T, file, got string) {
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s\nIf that is right, run the test with -update.", file, got)
	}
}

// roundTrip checks that a plan is closed and survives its encoding.
func roundTrip(t *testing.T, p *plan.Program) {
	q, err := plan.Decode(plan.Encode(p))
	if err != nil {
		t.Fatalf("the plan does not decode: %v", err)
	}
	if p.Hash() != q.Hash() {
		t.Error("the plan decodes to another plan")
	}
}

func TestAdsExample(t *testing.T) {
	text, err := os.ReadFile("../examples/ads/ads.mrt")
	if err != nil {
		t.Fatal(err)
	}
	program, letters := Compile([]Source{{Name: "ads.mrt", Text: string(text)}}, nil)
	if program == nil || len(letters) > 0 {
		t.Fatal(letter(letters))
	}
	roundTrip(t, program)
}

// TestSlides: the slides compile, and nothing but notes is said.
func TestSlides(t *testing.T) {
	for _, pattern := range []string{"server.mrt client.mrt", "replication.mrt"} {
		var sources []Source
		for _, name := range strings.Fields(pattern) {
			text, err := os.ReadFile("syntax/testdata/programs/slides/" + name)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, Source{Name: name, Text: string(text)})
		}
		program, letters := Compile(sources, nil)
		if program == nil {
			t.Errorf("%s does not compile", pattern)
		}
		for _, d := range letters {
			if d.Code != "E190" && d.Severity != diag.Note {
				t.Errorf("%s: %s", pattern, diag.Renderer{}.Letter(d))
			}
		}
	}
}

func TestEveryCodeIsRegistered(t *testing.T) {
	for _, dir := range []string{"resolve", "types", "lower"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range strings.Split(string(text), `"`) {
				isCode := len(word) == 4 && (word[0] == 'E' || word[0] == 'W') && strings.Trim(word[1:], "0123456789") == ""
				if _, known := diag.Lookup(diag.Code(word)); isCode && !known {
					t.Errorf("%s writes %s, which diag does not list", f, word)
				}
			}
		}
	}
}

// generated is a program of about the given number of lines, with chains of
// views and untyped databases that feed each other.
func generated(lines int) string {
	var b strings.Builder
	b.WriteString("database :d0, gset<int>, :replicated => true\nview :v0 do d0.map do |x| x + 1 end end\n")
	for i := 1; i*8 < lines; i++ {
		fmt.Fprintf(&b, `database :d%d, :replicated => true
on_e%d do |x: int, k: id|
  if x > %d and x in d%d
    d%d.add(x * 2)
  end
end
view :v%d do v%d.filter do |x| x %% %d == 0 end.union(d%d) end
`, i, i, i, i-1, i, i, i-1, i+1, i)
	}
	return b.String()
}

func TestTwoThousandLines(t *testing.T) {
	program, letters := Compile([]Source{{Name: "big.mrt", Text: generated(2000)}}, nil)
	if program == nil {
		t.Fatal(letter(letters[:1]))
	}
	roundTrip(t, program)
}

func BenchmarkTenThousandLines(b *testing.B) {
	source := []Source{{Name: "big.mrt", Text: generated(10_000)}}
	for b.Loop() {
		if program, _ := Compile(source, nil); program == nil {
			b.Fatal("it does not compile")
		}
	}
}

// TestSameFolderSamePlan: the order in which files are given does not matter.
func TestSameFolderSamePlan(t *testing.T) {
	a := Source{Name: "a.mrt", Text: "database :tags, gset<string>"}
	b := Source{Name: "b.mrt", Text: "database :names, gset<string>\nview :all do tags.union(names) end"}
	one, _ := Compile([]Source{a, b}, nil)
	two, _ := Compile([]Source{b, a}, nil)
	if one == nil || two == nil || !reflect.DeepEqual(one, two) {
		t.Error("the order of files changes the plan")
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(declared, "")
	for _, c := range constructs {
		f.Add(declared+c.text, "role :server\nrole :client, :ambient => :user_id\nlink :client, :server")
	}
	programs, _ := filepath.Glob("*/testdata/*.mrt")
	for _, file := range programs {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "")
	}
	f.Fuzz(func(t *testing.T, text, topology string) {
		var roles *Source
		if topology != "" {
			roles = &Source{Name: "fuzz.topology", Text: topology}
		}
		program, letters := Compile([]Source{{Name: "fuzz.mrt", Text: text}}, roles)
		if (program == nil) != diag.HasErrors(letters) {
			t.Error("the program is nil iff there is an error")
		}
		if program != nil {
			roundTrip(t, program)
		}
	})
}

// numbered repeats a text with a number in it.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestHostileTexts: what doubles with every line, or goes deeper with every
// word, is refused or compiled in the time of its length.
func TestHostileTexts(t *testing.T) {
	const n = 60
	var views, lets, fields, types strings.Builder
	views.WriteString("database :s, gset<int>, :replicated => true\ndatabase :r, set<int>, :replicated => true\nview :v0 do s end\n")
	lets.WriteString("view :x do\nlet a0 = [1]\n")
	fields.WriteString("view :x do\nlet a0 = 1\n")
	types.WriteString("type :T0, { a: int }\n")
	for i := range n {
		fmt.Fprintf(&views, "view :v%d do v%d.union(v%d) end\n", i+1, i, i)
		fmt.Fprintf(&lets, "let a%d = [a%d, a%d]\n", i+1, i, i)
		fmt.Fprintf(&fields, "let a%d = { x: a%d, y: a%d }\n", i+1, i, i)
		fmt.Fprintf(&types, "type :T%d, { a: T%d, b: T%d }\n", i+1, i, i)
	}
	fmt.Fprintf(&views, "invariant :i do |x in r| v%d.count <= 3 else r.remove(x) end", n)
	for _, c := range []struct{ name, text, code string }{
		{"views", views.String(), ""},
		{"lists", lets.String() + "a0\nend", "E191"},
		{"records", fields.String() + "a0\nend", "E191"},
		{"types", types.String(), "E191"},
		{"sums", "view :x do 1" + strings.Repeat(" + 1", 100_000) + " end", "E004"},
		{"products", "database :s, gset<int>\nview :x do s" + strings.Repeat(".product(s)", 1_000) + " end", "E004"},
		{"brackets", "view :x do " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + " end", "E004"},
		{"members", "on_x do |a| let b = a" + strings.Repeat(".b", 100_000) + " end", "E004"},
		{"many lets", "view :x do\n" + strings.Repeat("let a = 1\n", 50_000) + "1\nend", "E102"},
		{"long let", "view :x do\n" + numbered("let a%d = 1\n", 20_000) + "1\nend", "E191"},
		{"elsifs", "on_x do |a: int|\nif a == 0\nabort :no\n" + numbered("elsif a == %d\nabort :no\n", 5_000) + "end\nend", "E191"},
	} {
		program, letters := Compile([]Source{{Name: "hostile.mrt", Text: c.text}}, nil)
		switch {
		case c.code == "" && program == nil, c.code != "" && (len(letters) == 0 || string(letters[0].Code) != c.code):
			t.Errorf("%s: %s", c.name, letter(letters[:min(1, len(letters))]))
		case program != nil:
			roundTrip(t, program)
		}
	}
}
