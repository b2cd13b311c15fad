package diag

import (
	"errors"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// spanOf returns the n-th occurrence (from 0) of text in a file.
func spanOf(t *testing.T, f *token.File, text string, n int) token.Span {
	t.Helper()
	at := -1
	for ; n >= 0; n-- {
		i := strings.Index(f.Text[at+1:], text)
		if i < 0 {
			t.Fatalf("no %q", text)
		}
		at += 1 + i
	}
	return token.Span{File: f, Start: at, End: at + len(text)}
}

var shop = token.NewFile("shop.mrt", `on_close do |user_id|
  if cart[:user_id].count == 0
    order.close(user_id)
  end
end
`)

func TestLetter(t *testing.T) {
	d := Errorf("E201", spanOf(t, shop, "cart[:user_id].count == 0", 0), "this acts on a value that may still change").
		Here("tentative: `cart` is a set with `.remove`").
		There(spanOf(t, shop, "order.close", 0), "an update cannot be taken back").
		Since(spanOf(t, shop, "==", 0), "`==` on a count is not monotone").
		Since(token.Span{}, "so what it says may be taken back").
		Way("show it instead (view)", "").
		Way("atomic :serial do", "one round trip; refuses offline").
		Hinting("it costs %d%%", 3)
	d.Example = "the phone removes \"milk\" and sees 0, the laptop has just added \"tea\""
	want := `error E201: this acts on a value that may still change
  shop.mrt:2:6    if cart[:user_id].count == 0
                     ^^^^^^^^^^^^^^^^^^^^^^^^^ tentative: ` + "`cart` is a set with `.remove`" + `
  shop.mrt:3:5      order.close(user_id)
                    ^^^^^^^^^^^ an update cannot be taken back
  because
  shop.mrt:2:27    if cart[:user_id].count == 0
                                           ^^ ` + "`==` on a count is not monotone" + `
  so what it says may be taken back
  example: the phone removes "milk" and sees 0, the laptop has just added "tea"
  ways out: show it instead (view)
            atomic :serial do       one round trip; refuses offline
  hint: it costs 3%
`
	if got := (Renderer{}).Letter(d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestExcerpts renders lines that terminals make hard: the carets stand under what they mean.
func TestExcerpts(t *testing.T) {
	for _, c := range []struct{ name, text, mark, want string }{
		{"tabs", "\tab\tcd", "cd", "  t:1:5      ab  cd\n                 ^^ x\n"},
		{"wide", `f("ワイン") x`, "x", "  t:1:10  f(\"ワイン\") x\n                      ^ x\n"},
		{"emoji", `"🍷" x`, "x", "  t:1:5  \"🍷\" x\n              ^ x\n"},
		{"combining", "e\u0301 x", "x", "  t:1:4  e\u0301 x\n           ^ x\n"},
		{"control", "a\x1b[31m\u202Eb x", "x", "  t:1:10  a\uFFFD[31m\uFFFDb x\n                   ^ x\n"},
		{"nothing", "", "", "  t:1:1\n         ^ x\n"},
		{"several lines", "a b\nc", "b\nc", "  t:1:3  a b\n           ^ x\n"},
		{"windows", "a b\r\nc", "b\r\n", "  t:1:3  a b\n           ^ x\n"},
		{"long", strings.Repeat("a", 30) + "bcd" + strings.Repeat("e", 30), "bcd", "  t:1:31  …aaaaaaaaaabcdeeeeeeeeeeeeeee…\n                     ^^^ x\n"},
		{"long mark", "a" + strings.Repeat("b", 60), strings.Repeat("b", 60), "  t:1:2  abbbbbbbbbbbbbbbbbbb…\n          ^^^^^^^^^^^^^^^^^^^^ x\n"},
	} {
		f := token.NewFile("t", c.text)
		d := Errorf("E020", spanOf(t, f, c.mark, 0), "title").Here("x")
		_, got, _ := strings.Cut(Renderer{Width: 30}.Letter(d), "\n")
		if got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// TestSharedLine shows a line once for two labels.
func TestSharedLine(t *testing.T) {
	d := Errorf("E053", spanOf(t, shop, "==", 0), "title").Here("second").There(spanOf(t, shop, "if", 0), "first")
	want := "error E053: title\n" +
		"  shop.mrt:2:27    if cart[:user_id].count == 0\n" +
		"                                           ^^ second\n" +
		"                   ^^ first\n"
	if got := (Renderer{}).Letter(d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestColor(t *testing.T) {
	d := Warnf("W206", spanOf(t, shop, "end", 0), "title").Here("here").Hinting("go on")
	want := "\x1b[1;33mwarning W206\x1b[0m: \x1b[1mtitle\x1b[0m\n" +
		"  shop.mrt:4:3    end\n" +
		"                  \x1b[1;33m^^^ here\x1b[0m\n" +
		"  \x1b[1mhint:\x1b[0m go on\n"
	if got := (Renderer{Color: true}).Letter(d); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestNoPlace shows a letter about no place of the text.
func TestNoPlace(t *testing.T) {
	d := Diagnostic{Severity: Note, Title: "tests are not run"}
	if got, want := (Renderer{}).Letter(d), "note: tests are not run\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if d.Where() != (token.Span{}) {
		t.Error("it stands somewhere")
	}
	if got, want := (Renderer{}).Letter(Errorf("E045", token.Span{}, "title").Here("no role")), "error E045: title\n  no role\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestRender(t *testing.T) {
	var b strings.Builder
	ds := []Diagnostic{{Title: "a"}, {Title: "b"}}
	if err := (Renderer{}).Render(&b, ds); err != nil || b.String() != "error: a\n\nerror: b\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	if err := (Renderer{}).Render(fullDisk{}, ds); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
}
