package cli

import (
	"fmt"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/spf13/cobra"
)

func cutCommand() *cobra.Command {
	var dir, address string
	var isWhole bool
	c := &cobra.Command{
		Use:   "cut REPLICA",
		Short: "Take the right to write away from a replica",
		Long: `Take the right to write away from a replica, for good. It is asked of the running
first node, and needs the secret that is in its directory. REPLICA is the whole
id, as "martinelli status" prints it.

What the replica writes from now on has no effect on any node, whoever brings it;
what the first node has of it stays. With --all everything it ever wrote loses its
effect, but for what is final. The replica's own node goes on reading, says that it
may not write any more, and may be started again with --new-replica.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := causal.ParseReplicaID(args[0]); err != nil {
				return usageError{fmt.Errorf("%q is no replica id: it has 32 hexadecimal digits, see `martinelli status`", args[0])}
			}
			node, err := adminOf(dir, address)
			if err != nil {
				return err
			}
			spaces, err := node.Cut(cmd.Context(), args[0], isWhole)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "cut in %d spaces\n", spaces)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "the first node's directory")
	c.Flags().BoolVar(&isWhole, "all", false, "take back what it wrote before, too")
	httpFlag(c, &address)
	return c
}
