package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/explain"
	"github.com/spf13/cobra"
)

func explainCommand() *cobra.Command {
	var list bool
	c := &cobra.Command{
		Use:   "explain CODE",
		Short: "Say what a code of the compiler's letters means",
		Long: `Say what a code of the compiler's letters means, such as E301: why it is so, a
program that gets it, and the program that was meant. With --list, print every code
with its title, one a line.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case list && len(args) == 0:
				return listCodes(cmd.OutOrStdout())
			case list || len(args) == 0:
				return usageError{errors.New("name a code, as in `martinelli explain E301`, or say --list")}
			}
			page, known := explain.Lookup(args[0])
			if !known {
				return fmt.Errorf("there is no code %q: `martinelli explain --list` prints them all", args[0])
			}
			_, err := io.WriteString(cmd.OutOrStdout(), page.String())
			return err
		},
	}
	c.Flags().BoolVar(&list, "list", false, "print every code with its title")
	return c
}

// listCodes prints every code with its title.
func listCodes(w io.Writer) error {
	for _, e := range diag.Codes() {
		if _, err := fmt.Fprintf(w, "%s  %s\n", e.Code, e.Title); err != nil {
			return err
		}
	}
	return nil
}
