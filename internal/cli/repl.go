package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/internal/repl"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func replCommand() *cobra.Command {
	var cfg repl.Config
	c := &cobra.Command{
		Use:   "repl PROGRAM",
		Short: "Talk with imagined replicas of a program: raise, read, cut, crash, let time pass",
		Long: `Talk with imagined replicas of a program in one terminal. They run the nodes of
production in virtual time, which passes as far as you say.

  ann.on_add("milk")    raises an event at ann's node
  items                 what each replica shows
  cut ann               nothing reaches her; heal ends it
  settle                until nothing moves any more
  help                  what else can be said

Without a terminal the lines are read from the input and printed with their
answers: equal scripts and seeds give equal transcripts, on every machine.`,
		Example: `  martinelli repl examples/tour/chat
  martinelli repl examples/tour/chat --replicas server=1,client=3 --seed 7 < script`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg.Path = args[0]
			in, isFile := cmd.InOrStdin().(*os.File)
			if isFile && term.IsTerminal(int(in.Fd())) {
				return talkAt(in, cfg)
			}
			return talk(cmd, cfg)
		},
	}
	c.Flags().StringVar(&cfg.Replicas, "replicas", "", "how many of each role: ROLE=N,ROLE=N (default: one of each, two of users)")
	c.Flags().Uint64Var(&cfg.Seed, "seed", 1, "what decides everything that chance decides")
	return c
}

// prompt stands before what is said.
const prompt = "> "

// begin starts a session. The letters about a program that is wrong go to w.
func begin(cfg repl.Config, out, w io.Writer) (*repl.Session, error) {
	s, err := repl.New(cfg, out)
	var wrong *martinelli.SourceError
	if errors.As(err, &wrong) {
		if err := tell(w, cfg.Path, wrong.Diagnostics); err != nil {
			return nil, err
		}
		return nil, errTold
	}
	if err == nil {
		s.Greet()
	}
	return s, err
}

// talk answers the lines of the input, and prints them with the answers.
func talk(cmd *cobra.Command, cfg repl.Config) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	s, err := begin(cfg, out, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(cmd.InOrStdin())
	for !s.Over() && lines.Scan() {
		fmt.Fprintf(out, "%s%s\n", prompt, lines.Text())
		s.Do(lines.Text())
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return errors.Join(lines.Err(), out.Flush())
}

// screen is a terminal to read from and to write on.
type screen struct {
	io.Reader
	io.Writer
}

// talkAt answers what is typed at a terminal, which edits lines and remembers them.
func talkAt(in *os.File, cfg repl.Config) error {
	cfg.Color = isTerminal(os.Stdout)
	var t *term.Terminal
	s, err := begin(cfg, writerFunc(func(b []byte) (int, error) {
		if t == nil {
			return os.Stdout.Write(b)
		}
		return t.Write(b)
	}), os.Stderr)
	if err != nil {
		return err
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(in.Fd()), before)
	t = term.NewTerminal(screen{in, os.Stdout}, prompt)
	for !s.Over() {
		if width, height, err := term.GetSize(int(in.Fd())); err == nil && width > 0 {
			t.SetSize(width, height)
		}
		line, err := t.ReadLine()
		if errors.Is(err, io.EOF) {
			fmt.Fprint(os.Stdout, "\r\n")
			return nil
		}
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return err
		}
		s.Do(line)
	}
	return nil
}

// writerFunc is a function to write with.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
