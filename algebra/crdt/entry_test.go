package crdt

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

// What verbs write is kept for ever, so its bytes are frozen here, and
// docs/wire/state.md says the same ones.
func TestEntriesKeepTheirBytes(t *testing.T) {
	page, err := os.ReadFile("../../docs/wire/state.md")
	if err != nil {
		t.Fatal(err)
	}
	one, two := value.Int(1), value.Int(2)
	for _, c := range []struct {
		typ         Type
		at          []value.Value
		verb        string
		arg         value.Value
		call        string // as the page writes it
		path, value string // hexadecimal
	}{
		{of("gset"), nil, "add", one, "add(1)", "", "1901"},
		{of("set"), nil, "add", one, "add(1)", "", "1901"},
		{of("log"), nil, "append", one, "", "", "1901"},
		{of("lww"), nil, "set", one, "set(1)", "", "1901"},
		{of("mv"), nil, "set", one, "set(1)", "", "1901"},
		{of("max"), nil, "set", one, "set(1)", "", "1901"},
		{of("min"), nil, "set", one, "set(1)", "", "1901"},
		{of("once"), nil, "on", value.Nil, "on()", "", "03"},
		{of("flag"), nil, "on", value.Nil, "on()", "", "03"},
		{of("dwflag"), nil, "off", value.Nil, "off()", "", "02"},
		{of("rset"), nil, "remove", one, "remove(1)", "", "2502190100"},
		{of("twopset"), nil, "remove", one, "remove(1)", "", "2502190100"},
		{of("gcounter"), nil, "inc", one, "inc(1)", "", "1901"},
		{of("counter"), nil, "dec", one, "", "", "17fe"},
		{of("map", of("counter")), []value.Value{one}, "inc", one, "", "1901", "1901"},
		{of("bcounter"), nil, "inc", one, "inc(1)", "", "2503190100"},
		{of("map", of("set")), []value.Value{one}, "add", two, "[1].add(2)", "1901", "1902"},
		{recordOf(Field{"a", of("set")}), []value.Value{value.Symbol("a")}, "add", two, ".a.add(2)", "236100", "1902"},
		{of("pair", of("set"), of("set")), []value.Value{one}, "add", two, "[1].add(2)", "1901", "1902"},
		{of("lex", of("set")), nil, "set", one, "set(1)", "190118", "03"},
		{of("lex", of("set")), []value.Value{one}, "add", two, "[1].add(2)", "011901", "1902"},
	} {
		d, err := DoAt(newOf(t, c.typ), c.at, c.verb, id(1), c.arg)
		if err != nil || len(d.Add) != 1 {
			t.Fatalf("%s: %+v, %v", c.typ, d, err)
		}
		if got := fmt.Sprintf("%x, %x", d.Path, d.Add[0]); got != c.path+", "+c.value {
			t.Errorf("%s.%s writes %s, want %s, %s", c.typ, c.verb, got, c.path, c.value)
		}
		said := fmt.Sprintf("`%s`: `%s`, `%s`", c.call, c.path+strings.Repeat(" ", 1-min(len(c.path), 1)), c.value)
		if c.call != "" && !strings.Contains(string(page), said) {
			t.Errorf("the page does not say %s", said)
		}
	}
}
