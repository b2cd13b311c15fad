package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	var asJSON, asSARIF, verbose bool
	var topology, color string
	c := &cobra.Command{
		Use:   "check PROGRAM",
		Short: "Judge a program and say what is wrong with it",
		Long: `Judge a program: a .mrt file, or a folder whose .mrt files are one program. What this
version reads and does not run yet, as a serial block, is judged with a note.

With -v, a table follows: for each handler, view, process and invariant and each role,
whether what it shows or acts on is settled or tentative, whether its state is mergeable
or local, and the coordination it takes: 0 none, 1 one causal commit, 2 escrow, 3 serial
on one entity, 4 serial across entities; of a saga each step's.

Exit status 0 where the program is fine, 1 where it is wrong.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			inColor, err := colored(cmd.OutOrStdout(), color)
			if err != nil {
				return err
			}
			debug.SetGCPercent(gcPercent)
			report, notes, err := martinelli.Judge(args[0], topology)
			if err != nil {
				return err
			}
			switch {
			case asSARIF:
				err = tellSARIF(cmd.OutOrStdout(), notes)
			case asJSON:
				err = tellJSON(cmd.OutOrStdout(), notes)
			default:
				err = tellIn(inColor, cmd.OutOrStdout(), args[0], notes)
			}
			if err == nil && verbose && report != nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "\n%s", report)
			}
			if err == nil && diag.HasErrors(notes) {
				return errTold
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the diagnostics as one JSON array")
	c.Flags().BoolVar(&asSARIF, "sarif", false, "print the diagnostics as a SARIF 2.1.0 log, for code hosts and editors")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "print what each part needs at each role")
	c.Flags().StringVar(&color, "color", "auto", "colours: auto, on a terminal unless NO_COLOR is set; always; never")
	c.Flags().StringVar(&topology, "topology", "", "judge it for the topology in this file, not its own")
	c.MarkFlagsMutuallyExclusive("json", "sarif", "verbose")
	return c
}

// gcPercent is how much garbage a command that ends soon lets lie: of ten
// thousand lines it makes some 60 MB, most of which lives to the end anyway.
const gcPercent = 800

// compile loads a program. A program that is wrong is no error here: its
// diagnostics say so, and the program is nil.
func compile(path string) (*martinelli.Program, []diag.Diagnostic, error) {
	program, err := martinelli.Load(path)
	var wrong *martinelli.SourceError
	if errors.As(err, &wrong) {
		return nil, wrong.Diagnostics, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return program, program.Notes, nil
}

// loadProgram compiles a program for a command that needs it to be right; letters go to w.
func loadProgram(w io.Writer, path string) (*martinelli.Program, error) {
	program, notes, err := compile(path)
	if err != nil {
		return nil, err
	}
	if program == nil {
		if err := tell(w, path, notes); err != nil {
			return nil, err
		}
		return nil, errTold
	}
	return program, nil
}

// tell prints the letters for a person.
func tell(w io.Writer, path string, notes []diag.Diagnostic) error {
	return tellIn(isTerminal(w), w, path, notes)
}

// tellIn prints the letters in colours, or without.
func tellIn(inColor bool, w io.Writer, path string, notes []diag.Diagnostic) error {
	if len(notes) > 0 {
		if err := (diag.Renderer{Color: inColor}).Render(w, notes); err != nil {
			return err
		}
	}
	if diag.HasErrors(notes) {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s is fine\n", path)
	return err
}

// tellJSON prints the letters for a program.
func tellJSON(w io.Writer, notes []diag.Diagnostic) error {
	messages := make([]diag.Message, len(notes))
	for i, d := range notes {
		messages[i] = d.Message()
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(messages)
}

// colored decides by the flag --color, which stands above what the environment says.
func colored(w io.Writer, flag string) (bool, error) {
	switch flag {
	case "auto":
		return isTerminal(w), nil
	case "always", "never":
		return flag == "always", nil
	}
	return false, fmt.Errorf("--color is auto, always or never, not %q", flag)
}

// isTerminal reports whether w shows colours: NO_COLOR (no-color.org) and a
// dumb terminal ask for none.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
