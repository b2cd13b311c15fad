package cycle

import (
	"strings"
	"testing"
)

// TestJudge gives it histories with one anomaly each, and one without.
func TestJudge(t *testing.T) {
	lists := func(x, y string) map[string][]string {
		return map[string][]string{"x": strings.Fields(x), "y": strings.Fields(y)}
	}
	txn := func(name, appends string, began, ended int64, reads map[string][]string) Txn {
		return Txn{Name: name, Appends: strings.Fields(appends), Began: began, Ended: ended, Reads: reads}
	}
	nothing := txn("a", "x", 1, 2, nil)
	nothing.DidNothing = true
	for _, c := range []struct {
		what  string
		txns  []Txn
		final map[string][]string
		want  string
	}{
		{"one after another", []Txn{txn("a", "x y", 1, 2, lists("", "")), txn("b", "x", 3, 4, lists("a", "a"))}, lists("a b", "a"), ""},
		{"no answer and no effect", []Txn{txn("a", "x", 1, forever, nil)}, lists("", ""), ""},
		{"a lost append", []Txn{txn("a", "x", 1, 2, nil)}, lists("", ""), "0 of 1 appends"},
		{"half a transaction", []Txn{txn("a", "x y", 1, forever, nil)}, lists("a", ""), "1 of 2 appends"},
		{"twice", []Txn{txn("a", "x", 1, 2, nil)}, lists("a a", ""), "twice"},
		{"out of nothing", nil, lists("a", ""), "nobody"},
		{"an effect of what aborted", []Txn{nothing}, lists("a", ""), "done nothing"},
		{"a read of what never was", []Txn{txn("a", "x", 1, 9, nil), txn("b", "x", 1, 9, lists("b", ""))}, lists("a b", ""), "no beginning"},
		{"write skew", []Txn{txn("a", "x", 1, 9, lists("", "")), txn("b", "y", 1, 9, lists("", ""))}, lists("a", "b"), "a cycle"},
		{"a lost update", []Txn{txn("a", "x", 1, 9, lists("", "")), txn("b", "x", 1, 9, lists("", ""))}, lists("a b", ""), "a cycle"},
		{"a stale read", []Txn{txn("a", "x", 1, 2, nil), txn("b", "y", 3, 4, lists("", ""))}, lists("a", "b"), "a cycle"},
		{"an order that time turns", []Txn{txn("a", "x", 3, 4, nil), txn("b", "x", 1, 2, nil)}, lists("a b", ""), "a cycle"},
	} {
		got := Judge(c.txns, c.final)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
