package cli

import (
	"fmt"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/spf13/cobra"
)

func retireCommand() *cobra.Command {
	var dir, address string
	c := &cobra.Command{
		Use:   "retire REPLICA",
		Short: "Say that a replica will not be back",
		Long: `Say that a replica will not be back: its disk is gone, or it has been away for
longer than others can wait. It is asked of the running first node, and needs the
secret that is in its directory. REPLICA is the whole id, as "martinelli status"
prints it; its node must not run.

What the first node has of the replica stays. A node that comes back all the same
takes a new replica id by itself, and writes again under it what nobody else has.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := causal.ParseReplicaID(args[0]); err != nil {
				return usageError{fmt.Errorf("%q is no replica id: it has 32 hexadecimal digits, see `martinelli status`", args[0])}
			}
			node, err := adminOf(dir, address)
			if err != nil {
				return err
			}
			spaces, err := node.Retire(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "retired in %d spaces\n", spaces)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "the first node's directory")
	httpFlag(c, &address)
	return c
}
