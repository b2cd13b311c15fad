package lang

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// TestLettersAboutSlices: who means all of a database and names its slice is
// told so, and who means an element of a list that may be missing, what to say.
func TestLettersAboutSlices(t *testing.T) {
	const head = "database :played, gcounter, :by => :user_id, :replicated => true\n" +
		"database :one, lww<int>, :by => :user_id, :replicated => true\n" +
		"database :best, max<int>, :by => [:user_id, :game], :replicated => true\n" +
		"view :lists do |u in played.keys| [played[u]] end\n"
	for text, want := range map[string]string{
		"view :v do played.filter do |p, n| n > 1 end end": "`played` alone is `played[:user_id]` here",
		"view :v do one.filter do |p, n| n > 1 end end":    "`one` alone is `one[:user_id]` here",
		"view :v do best.top(3) do |p, g, n| n end end":    "`best` alone is `best[:user_id]` here",
		"on_x do played.count do |n| n > 1 end end":        "or name the dimension otherwise",
		"view :v do lists[\"a\"][0] end":                   "as in `lists[\"a\"].or([])[0]`",
		"view :v do one[\"a\"].filter do |x| x end end":    "say what it is then with `.or(0)`",
	} {
		_, letters := Compile([]Source{{Name: "a.mrt", Text: head + text}}, nil)
		if len(letters) != 1 || !strings.Contains(diag.Renderer{}.Letter(letters[0]), want) {
			t.Errorf("%s: %v", text, letters)
		}
	}
}
