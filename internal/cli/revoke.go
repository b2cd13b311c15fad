package cli

import (
	"fmt"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/spf13/cobra"
)

func revokeCommand() *cobra.Command {
	var dir, address, user string
	c := &cobra.Command{
		Use:   "revoke (REPLICA | --user NAME)",
		Short: "Let a device, or all of a user's, in no more",
		Long: `Let a replica in no more, nor any other of its key, nor a device that it has
invited; or with --user all nodes that a user has now. It is asked of the running
first node, and needs the secret that is in its directory. REPLICA is the whole
id, as "martinelli status" prints it.

Every server hangs up on them as soon as it hears of it, and refuses them for good;
so do pages that hear of it. What they have read they keep. What they write from now
on has no effect on any node, as after "martinelli cut"; what the first node has
of it stays. A user may log in again where that is still allowed, under a new
replica id; a replica's key is never let in again. Tokens and sessions of a user end.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 == (user != "") {
				return usageError{fmt.Errorf("name either a replica or --user NAME")}
			}
			replica := ""
			if user == "" {
				replica = args[0]
				if _, err := causal.ParseReplicaID(replica); err != nil {
					return usageError{fmt.Errorf("%q is no replica id: it has 32 hexadecimal digits, see `martinelli status`; a user is named with --user", replica)}
				}
			}
			node, err := adminOf(dir, address)
			if err != nil {
				return err
			}
			spaces, err := node.Revoke(cmd.Context(), replica, user)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "revoked, and cut in %d spaces\n", spaces)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "the first node's directory")
	c.Flags().StringVar(&user, "user", "", "the user whose nodes are let in no more")
	httpFlag(c, &address)
	return c
}
