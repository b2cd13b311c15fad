package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/spf13/cobra"
)

func outboxCommand() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "outbox",
		Short: "List a node's events and sagas that wait for the home, and what came of the last ones",
		Long: `List the events that were raised at a node with --outbox, and the sagas that began
there: those that wait for the home, and what came of the last 64. A saga that is
undone is listed as such until its else has run. Of serial blocks those are listed
that wait for a link to their home, those that were sent and have no outcome yet,
and what came of the last 1,024.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			items, err := client.New(address).Outbox(cmd.Context())
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, it := range items {
				what := it.Event
				if it.Serial {
					what = "the serial block of " + it.Event + " "
				}
				if len(it.Saga) > 0 {
					what = "the saga " + string(it.Saga) + " of " + it.Event + " "
				}
				fmt.Fprintf(t, "%s\t%s\t%s%s %s\n", it.Item, it.State, what, it.Abort, it.Detail)
			}
			return t.Flush()
		},
	}
	httpFlag(c, &address)
	return c
}
