package plan

import (
	"strings"
	"testing"
)

func exampleLock() *Lock {
	photo := Type{Kind: KindRecord, Fields: []Field{{"id", ID}, {"image", String}, {"tags", Type{Kind: KindList, Args: []Type{Maybe(Int)}}}}}
	p := &Program{Databases: []Database{
		{Name: "stock", Lattice: Type{Kind: KindCounter}, Dims: []Dim{{"sku", ID}}, Removable: true},
		{Name: "photos", Lattice: Type{Kind: KindGSet, Args: []Type{photo}}, Dims: []Dim{{"user_id", ID}, {"at", TupleOf(Int, Time)}}, Placement: ByValue},
		{Name: "photos@veto", Lattice: Type{Kind: KindORSet, Args: []Type{photo}}},
		{Name: "note", Lattice: Type{Kind: KindLWW, Args: []Type{Any}}, Placement: Shared},
	}}
	return p.Lock(map[string]string{"never_oversold": "do |sku in stock.keys| stock[:sku] >= 0 end"})
}

const exampleText = `schema 1
# Written by ` + "`martinelli schema`" + `, to be kept beside the program.

database note
  type lww<any>
  kept shared

database photos
  type gset<{ id: id, image: string, tags: list<int or nil> }>
  by user_id: id, at: (int, time)
  kept by user_id

database stock
  type removable counter
  by sku: id
  kept home

invariant never_oversold
  keeps do |sku in stock.keys| stock[:sku] >= 0 end
`

// TestLockText: a lock is written in one way, and read as what it was.
func TestLockText(t *testing.T) {
	text := exampleLock().String()
	if text != exampleText {
		t.Errorf("written as\n%s", text)
	}
	l, err := ParseLock(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := l.String(); again != text {
		t.Errorf("read and written again it is\n%s", again)
	}
	if d, ok := l.Database("photos"); !ok || d.Line != 8 || d.Stored() != exampleLock().Databases[1].Stored() {
		t.Errorf("photos is %v", d)
	}
}

// TestLockErrors: every mistake is told with its line.
func TestLockErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "line 1: it is empty"},
		{"schema 2", `line 1: it is of version "2"`},
		{"database a", "line 1: a lock begins with"},
		{"schema 1\ndatabase", "line 2: a name is missing"},
		{"schema 1\ndatabase a\n  type gset<int>", "line 3: the database a has no type, or no place"},
		{"schema 1\ndatabase a\n  type int\n  kept home", "line 3: below a database"},
		{"schema 1\ndatabase a\n  type gset<int>\n  kept by day\n", "line 5: the database a"},
		{"schema 1\ndatabase a\n  type gset<int> \n", "line 3: below"},
		{"schema 1\ndatabase a\n  type once\n  kept home\ndatabase a\n  type once\n  kept home", "line 7: the databases stand in the order"},
		{"schema 1\ninvariant a\n", "line 3: the invariants stand"},
		{"schema 1\nview a\n", "line 2: here stands"},
		{"schema 1\ndatabase a\n  type gset<" + strings.Repeat("list<", 100) + "int", "line 3: below"},
		{strings.Repeat("#", LockSizeMax+1), "line 1: it has more than 1 MiB"},
	} {
		if _, err := ParseLock(c.text); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.text, err, c.want)
		}
	}
}

// FuzzLock: what is read is written so that it is read as the same.
func FuzzLock(f *testing.F) {
	f.Add(exampleText)
	f.Add("schema 1\ndatabase a\n  type gset<(int, { a: nat or nil })>\n  kept home\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLock(text)
		if err != nil {
			return
		}
		again, err := ParseLock(l.String())
		if err != nil || again.String() != l.String() {
			t.Fatalf("%v: written as\n%s", err, l)
		}
	})
}
