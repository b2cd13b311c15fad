package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func dropCommand() *cobra.Command {
	var dir, address string
	c := &cobra.Command{
		Use:   "drop DATABASE",
		Short: "Remove what is stored of a database that the program does not name any more",
		Long: `Remove what is stored of a database that the program does not name any more;
"martinelli status" lists those that have entries. It is asked of the running
first node, and needs the secret that is in its directory. Of a record all fields
are removed. There is no way back but a backup.

All nodes remove what the first node has at that moment. What a node adds that
still runs a program with the database, or has added and not yet shown, stays:
say it again then. The space on the disk comes back with the next checkpoint, see
"martinelli run --final-after", as the store tidies up.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			node, err := adminOf(dir, address)
			if err != nil {
				return err
			}
			d, err := node.Drop(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "removed %d entries, %d bytes of keys and values, in %d spaces\n", d.Entries, d.Bytes, d.Spaces)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "the first node's directory")
	httpFlag(c, &address)
	return c
}
