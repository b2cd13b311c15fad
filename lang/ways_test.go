package lang

import (
	"maps"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// TestWaysOut goes every way out that is an edit, and writes what every hint
// says to write, of every letter about the programs of the tests: the letter is
// gone from its place then, or what follows is a letter that the way announces.
func TestWaysOut(t *testing.T) {
	texts := programs(t)
	for i, m := range mistakes {
		text, _ := m.make(t, rightPrograms(t)[m.program])
		texts["mistake "+string(rune('0'+i/100))+string(rune('0'+i/10%10))+string(rune('0'+i%10))+".mrt"] = text
	}
	maps.Copy(texts, stuck)
	gone := map[diag.Code]int{}
	for name, text := range texts {
		_, letters := Judge([]Source{{name, text}}, nil)
		for _, d := range letters {
			for _, w := range append([]diag.Way{{Text: "the hint", Edits: d.Fix, Leads: []diag.Code{"E409"}}}, d.Ways...) {
				if len(w.Edits) > 0 {
					gone[d.Code]++
					goWay(t, name, text, letters, d, w)
				}
			}
		}
	}
	t.Log(gone)
	for _, code := range []diag.Code{"E015", "E101", "E201", "E301", "E305", "E306", "E308", "E402", "E406", "E409", "E513", "W701"} {
		if gone[code] == 0 {
			t.Error("no edit was tried of", code)
		}
	}
}

// goWay applies the edits of a way, and compares the letters before and after.
func goWay(t *testing.T, name, text string, before []diag.Diagnostic, d diag.Diagnostic, w diag.Way) {
	t.Helper()
	file := d.Where().File
	after := diag.Apply(file, w.Edits)
	_, letters := Judge([]Source{{name, after}}, nil)
	if n, was := count(letters, d), count(before, d); n >= was {
		t.Errorf("%s: %q leaves its letter:\n%s\nafter:\n%s", name, w.Text, letter([]diag.Diagnostic{d}), after)
	}
	for _, l := range letters {
		if l.Severity == diag.Error && count(letters, l) > count(before, l) && !slices.Contains(w.Leads, l.Code) && !isHidden(before, d) {
			t.Errorf("%s: %q of %s leads to another letter:\n%s", name, w.Text, d.Code, letter([]diag.Diagnostic{l}))
		}
	}
}

// count is how many letters there are like one: of its code and its title.
func count(letters []diag.Diagnostic, d diag.Diagnostic) int {
	n := 0
	for _, l := range letters {
		if l.Code == d.Code && l.Title == d.Title && l.Where().Text() == d.Where().Text() {
			n++
		}
	}
	return n
}

// isHidden reports whether a letter hides others: it was about names or about
// words, and once it is gone the later rooms look at what it stood in.
func isHidden(before []diag.Diagnostic, d diag.Diagnostic) bool {
	return len(onlyErrors(before)) > 1 && (d.Code < "E200" || d.Code == "E511")
}

// stuck are programs with letters that no other program of the tests has.
var stuck = map[string]string{
	"home.mrt": `database :stock, counter, :by => :sku
on_take do |sku: id|
  stock[:sku].dec(1)
end
invariant :enough, :keep => :escrow do |sku in stock.keys|
  stock[:sku] >= 0
end
`,
	"everywhere.mrt": `database :stock, counter, :replicated => :sku
on_take do |sku: id, n: nat|
  let of = sku
  if n > 0
    stock[of].dec(n)
  end
end
invariant :enough, :keep => :serial do |sku in stock.keys|
  stock[:sku] >= 0
end
`,
	"outside.mrt": `database :stock, counter, :by => :sku
on_take do |sku: id, n: nat|
  if n > 0
    stock[:sku].dec(n)
  end
  stock[:sku].inc(0)
end
on_give do |sku: id| stock[:sku].inc(1) end
invariant :enough, :keep => :serial do |sku in stock.keys|
  stock[:sku] >= 0
end
`,
	"nobody.mrt": `at :client do
  database :mine, gset<id>, :replicated => true    # of all
  on_see do |x: id| mine.add(x) end
end
`,
	"coupons.mrt": `database :coupons, gcounter, :replicated => true
invariant :enough, :keep => :escrow do
  coupons <= 100
end
on_give do |n: nat|
  if n > 0
    coupons.inc(n)
  end
end
`,
	"sealed.mrt": `database :votes, gset<id>, :replicated => true
on_close do |user_id|
  atomic :serial do
    votes.seal()
  end
end
`,
}
