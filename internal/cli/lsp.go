package cli

import (
	"github.com/martinelli-lang/martinelli/internal/lsp"
	"github.com/spf13/cobra"
)

func lspCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lsp",
		Short: "Answer an editor as a language server",
		Long: `Answer an editor over the standard input and output as a server of the Language
Server Protocol: the compiler's letters while one types, with their ways out as
edits, what a name is and whether its value is settled, where it is declared and
used, another name for it, what may be written, the outline and the style.

A folder is one program, as martinelli check takes it. docs/editor.md says how
editors are told.

Exit status 0 where the editor said goodbye, 1 where it was gone without.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lsp.Serve(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()) != 0 {
				return errTold
			}
			return nil
		},
	}
	c.Flags().Bool("stdio", true, "the only way to speak; editors say it")
	return c
}
