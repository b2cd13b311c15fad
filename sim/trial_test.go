package sim

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/plan"
)

// greeting is a program that tests are written for.
const greeting = `
database :names, set<string>, :replicated => true
database :hits,  gcounter,    :by => :who, :replicated => true
database :till,  counter,     :by => :who
allow :write, names do |me| true end
allow :write, hits do |me| true end
on_greet do |name: string|
  names.add(name)
  hits["all"].inc(1)
end
on_forget do |name: string| names.remove(name) end
on_pay do |who: id, n: nat| till[:who].inc(n) end
view :greetings do names.map do |name| "hello " + name end end
`

// testsOf compiles the program with some tests.
func testsOf(t *testing.T, program, tests string) (*plan.Program, []trial.Test) {
	t.Helper()
	p, list, letters := lang.CompileTests([]lang.Source{{Name: "greeting.mrt", Text: program + tests}}, nil)
	if p == nil {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	return p, list
}

// try runs a test with a seed, twice: both give one history.
func try(t *testing.T, p *plan.Program, test *trial.Test, seed uint64) (Verdict, string) {
	t.Helper()
	letter := func() (Verdict, string) {
		v, err := Try(Trial{Program: p, Test: test, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if v.Failure == nil {
			return v, ""
		}
		return v, diag.Renderer{}.Letter(v.Failure.Letter(test.Span, "again"))
	}
	v, text := letter()
	if w, again := letter(); w.Hash != v.Hash || again != text {
		t.Errorf("%s with seed %d gives two histories:\n%s\n%s", test.Title, seed, text, again)
	}
	return v, text
}

// TestTrials runs tests that hold, with every kind of step and fault.
func TestTrials(t *testing.T) {
	p, tests := testsOf(t, greeting, `
test "everyone is greeted" do
  given do
    nodes(:client, 3)
    server.on_greet("zoe")
    faults(drop: 0.2, duplicate: 0.2, reorder: true, corrupt: true, cuts: 2, crashes: 2, skew: true)
  end
  when do
    let name = "ann" + "a"
    client("ann").on_greet(name)
    together do
      client.on_greet(user_id)
      server.on_greet("s", times: 300)
      client("bob").on_pay("bob", 3)
    end
    settle()
    expect(names.count == 6)
    cut(client("ann"))
    client("ann").on_greet("x")
    client("ann").on_pay("ann", 4)
    crash(client("ann"))
    heal()
    cut(client, server)
    client(3).on_greet("y")
  end
  always do
    expect("hello zoe" in greetings)
  end
  then do
    let n = names.count
    expect("hello anna" in greetings and "hello ann" in greetings and "hello bob" in greetings)
    expect(hits["all"] == truth(hits["all"]) and n == truth(n))
    expect(hits["all"] == 307)
    expect(n == 8)
    expect(till["ann"] + till["bob"] == 7)
  end
end
test "nothing is done" do
  then do expect(names.count == 0) end
end
`)
	for i := range tests {
		for seed := range uint64(3) {
			if _, text := try(t, p, &tests[i], seed); text != "" {
				t.Error(text)
			}
		}
	}
}

// TestTrialsThatFail finds out what does not hold, where, when and by what
// values, and shows it again with the same seed.
func TestTrialsThatFail(t *testing.T) {
	for _, c := range []struct{ test, wants string }{
		{`test "a" do
  given do nodes(:server, 2) end
  when do
    server(1).on_greet("a")
    server(2).on_greet("b")
  end
  always do expect(names.count < 2) end
end`, "error E810: this does not hold at server|always`, after|greeting.mrt|names.count is 2|during this step|`again` shows it again"},
		{`test "b" do
  when do server.on_greet("a", times: 3) end
  then do expect(hits["all"] == 4) end
end`, `hits["all"] is 3|then|at server1`},
		{`test "c" do
  given do nodes(:client, 2) end
  when do
    client("ann").on_greet("a")
    expect("b" in names)
    server.on_greet("b")
  end
  then do expect("b" in names) end
end`, "`expect`, after|names is []"},
		// Two that see each other late: the one has forgotten what the other adds again.
		{`test "d" do
  given do
    nodes(:server, 3)
    server(1).on_greet("a")
    faults(drop: 0.3, cuts: 4)
  end
  when do
    together do
      server(1).on_forget("a")
      server(2).on_greet("a")
      server(3).on_forget("a")
    end
  end
  always do expect("a" in names) end
end`, "names is []"},
		{`test "e" do
  given do nodes(:server, 2) end
  when do server.on_pay("ann", 1) end
  then do expect(till["ann"] == 3) end
end`, `at server1|till["ann"] is 2`},
	} {
		p, tests := testsOf(t, greeting, c.test)
		v, text := try(t, p, &tests[0], 7)
		for want := range strings.SplitSeq(c.wants, "|") {
			if v.Failure == nil || !strings.Contains(text, want) {
				t.Errorf("%s\nshould say %q, and says\n%s", c.test, want, text)
			}
		}
	}
}

// TestRefusalsAreCounted raises what the program refuses, in bursts and alone.
func TestRefusalsAreCounted(t *testing.T) {
	p, tests := testsOf(t, greeting+"on_no do |n: int| if n > 1\n abort :large\n end\n names.add(\"no\")\nend\n", `test "refused" do
  when do
    server.on_no(2, times: 200)
    server.on_no(1)
  end
  then do expect(names.count == 1) end
end`)
	v, text := try(t, p, &tests[0], 1)
	if text != "" || v.Raised != 201 || len(v.Aborts) != 1 || v.Aborts[0] != (Abort{"no", "large", 200}) {
		t.Errorf("%s: %d raised, %v", text, v.Raised, v.Aborts)
	}
}

// TestLettersOfTheRuntime writes the letters that no known program gets.
func TestLettersOfTheRuntime(t *testing.T) {
	f := Failure{Part: partRest, Text: "server1 waits"}
	if got := f.Letter(token.Span{}, "again").Code; got != "E811" {
		t.Errorf("who does not come to rest gets %s", got)
	}
	f.Part = partRuntime
	if got := f.Letter(token.Span{}, "again").Code; got != "E812" {
		t.Errorf("a broken promise gets %s", got)
	}
}
