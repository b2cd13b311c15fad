package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/trial"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/spf13/cobra"
)

// seedsUsual is how many seeds a test is run with where nobody says.
const seedsUsual = 3

func testCommand() *cobra.Command {
	t := tester{}
	c := &cobra.Command{
		Use:   "test PROGRAM",
		Short: "Run a program's tests on imagined nodes with faults",
		Long: `Run the test blocks of a program on imagined nodes, in one thread and virtual
time, with the faults that they ask for: once for each of the seeds 1, 2, 3.

What does not hold is a letter, which ends with the words that show it again:
equal words on this command line give equal histories, on every machine. Exit
status 1 where a test failed or the program is wrong.`,
		Example: `  martinelli test examples/ads
  martinelli test examples/ads --seed 7 --seeds 10
  martinelli test examples/ads --run "no impression lost" --seed 7`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if t.seeds == 0 {
				t.seeds = seedsUsual
				if cmd.Flags().Changed("seed") {
					t.seeds = 1
				}
			}
			t.path, t.out = args[0], cmd.OutOrStdout()
			program, err := loadProgram(cmd.ErrOrStderr(), args[0])
			if err != nil {
				return err
			}
			funcs, done, err := linked(cmd.Context(), program)
			if err != nil {
				return err
			}
			defer done()
			t.funcs = funcs
			return t.all(program)
		},
	}
	f := c.Flags()
	f.Uint64Var(&t.seed, "seed", 1, "the first seed: what decides everything that chance decides")
	f.Uint64Var(&t.seeds, "seeds", 0, "how many seeds each test is run with (default "+strconv.Itoa(seedsUsual)+"; 1 where --seed is given)")
	f.StringVar(&t.only, "run", "", "run only the test of this title")
	f.BoolVar(&t.asJSON, "json", false, "print one JSON object a run")
	return c
}

// tester runs the tests of a program and tells what came of them.
type tester struct {
	path, only  string
	seed, seeds uint64
	asJSON      bool
	out         io.Writer
	funcs       map[string]flow.Func
}

func (t *tester) all(program *martinelli.Program) error {
	ran, failed := 0, 0
	for i := range program.Tests {
		test := &program.Tests[i]
		if t.only != "" && test.Title != t.only {
			continue
		}
		ran++
		ok, err := t.one(program, test)
		if err != nil {
			return err
		}
		if !ok {
			failed++
		}
	}
	switch {
	case ran == 0 && t.only != "":
		return fmt.Errorf("%s has no test %q; %s", t.path, t.only, titles(program.Tests))
	case ran == 0 && !t.asJSON:
		_, err := fmt.Fprintf(t.out, "%s has no tests\n", t.path)
		return err
	case failed > 0:
		return errTold
	}
	return nil
}

func titles(tests []trial.Test) string {
	if len(tests) == 0 {
		return "it has none"
	}
	text := "it has "
	for i, t := range tests {
		if i > 0 {
			text += ", "
		}
		text += strconv.Quote(t.Title)
	}
	return text
}

// one runs a test with each seed, up to the first that it fails with.
func (t *tester) one(program *martinelli.Program, test *trial.Test) (ok bool, err error) {
	for seed := t.seed; seed-t.seed < t.seeds; seed++ {
		v, err := sim.Try(sim.Trial{Program: program.Plan, Funcs: t.funcs, Test: test, Seed: seed})
		if err != nil {
			return false, err
		}
		if err := t.tell(test, seed, v); err != nil || v.Failure != nil {
			return false, err
		}
	}
	return true, nil
}

// outcome is what came of one run, for a program to read.
type outcome struct {
	Title   string        `json:"title"`
	Seed    uint64        `json:"seed"`
	OK      bool          `json:"ok"`
	Seconds float64       `json:"seconds"` // of virtual time
	Events  uint64        `json:"events"`
	Raised  uint64        `json:"raised"`
	Hash    string        `json:"hash"`
	Letter  *diag.Message `json:"letter,omitempty"`
}

func (t *tester) tell(test *trial.Test, seed uint64, v sim.Verdict) error {
	var letter *diag.Diagnostic
	if v.Failure != nil {
		d := v.Failure.Letter(test.Span, fmt.Sprintf("martinelli test %s --run %s --seed %d", quoted(t.path, ""), quoted(test.Title, `"`), seed))
		letter = &d
	}
	if t.asJSON {
		o := outcome{
			Title: test.Title, Seed: seed, OK: letter == nil, Events: v.Events, Raised: v.Raised, Hash: v.Hash,
			Seconds: float64(v.Span/causal.Millisecond) / 1000,
		}
		if letter != nil {
			m := letter.Message()
			o.Letter = &m
		}
		return json.NewEncoder(t.out).Encode(o)
	}
	word := "ok  "
	if letter != nil {
		word = "FAIL"
	}
	if _, err := fmt.Fprintf(t.out, "%s %q  seed %d  %d.%01d s imagined  %s events\n", word, test.Title, seed,
		v.Span/causal.Second, v.Span%causal.Second/(100*causal.Millisecond), thousands(v.Events)); err != nil {
		return err
	}
	for _, a := range v.Aborts {
		if _, err := fmt.Fprintf(t.out, "      on_%s aborted :%s %s times\n", a.Event, a.Why, thousands(a.Times)); err != nil {
			return err
		}
	}
	if letter == nil {
		return nil
	}
	return (diag.Renderer{Color: isTerminal(t.out)}).Render(t.out, []diag.Diagnostic{*letter})
}

// thousands writes a number with a comma between its groups of three digits.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// quoted writes a word for a shell, within the given quotes where that is enough.
func quoted(word, within string) string {
	if strings.ContainsAny(word, "\"'`$\\!*?[]{}()<>|&;~#\n\t") || within == "" && strings.Contains(word, " ") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return within + word + within
}
