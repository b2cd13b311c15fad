package mode_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/diag/diagtest"
	"github.com/martinelli-lang/martinelli/lang/lower"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/types"
)

// TestActs judges every program of testdata: each announced line gets its
// letter, with the reason under it, and no other line gets one.
func TestActs(t *testing.T) {
	files, err := filepath.Glob("testdata/*.mrt")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, letters := lang.Judge([]lang.Source{{Name: filepath.Base(file), Text: string(text)}}, nil)
		diagtest.Compare(t, string(text), letters)
	}
}

// program takes a text that has no mistake but those of its modes.
func program(t *testing.T, text string) *mode.Program {
	t.Helper()
	file, letters := syntax.ParseFile(token.NewFile("test.mrt", text))
	resolved, more := resolve.Resolve([]*syntax.File{file}, resolve.UsualTopology())
	typed, typeLetters := types.Check(resolved)
	if letters = append(append(letters, more...), typeLetters...); len(letters) > 0 {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	lower.Lower(typed, resolved)
	return mode.New(typed)
}

const careless = `
database :cart, set<id>, :by => :user_id, :replicated => true
database :closed, gset<id>, :replicated => true
on_close do |user_id|
  if cart[:user_id].count == 0
    closed.add(user_id)
  end
end
view :open do cart.keys.minus(closed) end
view :all do closed end
`

// TestR12 is missed where it is left out.
func TestR12(t *testing.T) {
	if len(program(t, careless).Letters()) != 1 || len(program(t, careless).WithoutR12().Letters()) != 0 {
		t.Error("R12 alone refuses a program that acts on what may change")
	}
}

// TestValue says of every view what it is, and why.
func TestValue(t *testing.T) {
	p := program(t, careless)
	open, all := p.View(0), p.View(1)
	if open.Settled() || open.Mergeable != true || len(open.Because) == 0 || !strings.Contains(open.Because[0].Text, "`cart`") {
		t.Error("open:", open)
	}
	if !all.Settled() || !all.Mergeable || len(all.Because) != 1 || all.Because[0].Text != "`closed` is a gset, which only grows" {
		t.Error("all:", all)
	}
	if all.Because[0].Span.Text() != "closed" {
		t.Error("a reason stands at", all.Because[0].Span.Text())
	}
}

// TestLetter shows one letter whole.
func TestLetter(t *testing.T) {
	_, letters := lang.Compile([]lang.Source{{Name: "shop.mrt", Text: `database :cart,   set<id>, :replicated => :user_id
database :closed, gset<id>, :replicated => true
on_drop do |user_id, item: id| cart[:user_id].remove(item) end
on_close do |user_id|
  if cart[:user_id].count == 0
    closed.add(user_id)
  end
end
`}}, nil)
	if len(letters) != 1 {
		t.Fatal(len(letters), "letters")
	}
	want := "error E201: this acts on a value that may still change\n" +
		"  shop.mrt:5:6    if cart[:user_id].count == 0\n" +
		"                     ^^^^^^^^^^^^^^^^^^^^^^^^^ tentative: `cart` is a set with `.remove` (shop.mrt:3), and `==` on a count is not monotone\n" +
		"  shop.mrt:6:5      closed.add(user_id)\n" +
		"                    ^^^^^^^^^^^^^^^^^^^ an update cannot be taken back\n"
	if got := (diag.Renderer{}).Letter(letters[0]); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant it to begin with\n%s", got, want)
	}
	d := letters[0]
	if d.Example == "" || len(d.Ways) != 3 || slices.ContainsFunc(d.Ways, func(w diag.Way) bool { return w.Cost == "" }) {
		t.Error("it has an example, and ways out, each with its cost:", fmt.Sprint(d.Example, d.Ways))
	}
}
