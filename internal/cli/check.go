package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	var asJSON, asSARIF bool
	c := &cobra.Command{
		Use:   "check PROGRAM",
		Short: "Compile a program and say what is wrong with it",
		Long: `Compile a program: a .mrt file, or a folder whose .mrt files are one program.

Exit status 0 where the program is fine, 1 where it is wrong.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, notes, err := compile(args[0])
			if err != nil {
				return err
			}
			switch {
			case asSARIF:
				err = tellSARIF(cmd.OutOrStdout(), notes)
			case asJSON:
				err = tellJSON(cmd.OutOrStdout(), notes)
			default:
				err = tell(cmd.OutOrStdout(), args[0], notes)
			}
			if err == nil && diag.HasErrors(notes) {
				return errTold
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the diagnostics as one JSON array")
	c.Flags().BoolVar(&asSARIF, "sarif", false, "print the diagnostics as a SARIF 2.1.0 log, for code hosts and editors")
	c.MarkFlagsMutuallyExclusive("json", "sarif")
	return c
}

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
	if len(notes) > 0 {
		if err := (diag.Renderer{Color: isTerminal(w)}).Render(w, notes); err != nil {
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

// isTerminal reports whether w shows colours.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
