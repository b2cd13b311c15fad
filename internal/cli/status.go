package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/spf13/cobra"
)

func statusCommand() *cobra.Command {
	var address string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Say who a node is, whom it sees, how far behind it is and what waits",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			raw, err := client.New(address).Status(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", raw)
				return err
			}
			var s native.Status
			if err := json.Unmarshal(raw, &s); err != nil {
				return err
			}
			return printStatus(cmd.OutOrStdout(), s)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print all of it as one JSON object")
	httpFlag(c, &address)
	return c
}

func printStatus(w io.Writer, s native.Status) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	home := ""
	if s.ID == s.Steward {
		home = ", the home of what is not replicated"
	}
	fmt.Fprintf(t, "node\t%s (%.8s), role %s%s\n", s.Name, s.ID, s.Role, home)
	fmt.Fprintf(t, "cluster\t%.16s\n", s.Cluster)
	fmt.Fprintf(t, "commits\t%d here, %d aborted, %d parts of others\n", s.Counts.Commits, s.Counts.Aborts, s.Counts.Applied)
	fmt.Fprintf(t, "state\t%d spaces, %d entries, %d bytes on disk\n", s.Spaces, s.Entries, s.Disk.Size)
	fmt.Fprintf(t, "log\t%d parts above the checkpoints; %d checkpoints agreed with what was here, %d were taken from others\n", s.Log, s.Counts.Checkpoints, s.Counts.Installs)
	fmt.Fprintf(t, "waiting\t%d parts for their past, %d commands, %d repairs of invariants due\n", s.Pending, s.Waiting, s.Due)
	if s.Outbox > 0 {
		fmt.Fprintf(t, "outbox\t%d events wait for the home\n", s.Outbox)
	}
	if s.Serial > 0 {
		fmt.Fprintf(t, "serial\t%d blocks have no outcome yet: see \"martinelli outbox\"\n", s.Serial)
	}
	if s.Parked > 0 {
		fmt.Fprintf(t, "parked\t%d serial blocks wait here for functions of the host\n", s.Parked)
	}
	printSagas(t, s.Sagas)
	if s.Counts.Late > 0 || s.Missing > 0 {
		fmt.Fprintf(t, "late\t%d pieces are missing that nobody reachable has; since the start %d groups of parts were shown without theirs\n", s.Missing, s.Counts.Late)
	}
	if s.Void > 0 {
		fmt.Fprintf(t, "void\t%d parts have no effect: their authors were cut, retired, or had no right to write them\n", s.Void)
	}
	if s.Barred != "" {
		fmt.Fprintf(t, "barred\tthis node may not write any more: %s; start it with --new-replica\n", s.Barred)
	}
	if s.Orphans > 0 {
		fmt.Fprintf(t, "former\t%d parts of this node's former ids wait for the first node, to be written again\n", s.Orphans)
	}
	if s.Forks > 0 {
		fmt.Fprintf(t, "forks\t%d chains have two histories, proven: a store was copied, or a replica lies; what they say from there on has no effect\n", s.Forks)
	}
	if s.Counts.Shunned > 0 {
		fmt.Fprintf(t, "shunned\t%d times a peer was hung up on that kept sending parts with bad seals\n", s.Counts.Shunned)
	}
	for _, u := range s.Unnamed {
		fmt.Fprintf(t, "unnamed\t%s has %d entries, %d bytes, and the program does not name it: `martinelli drop %s` at the first node removes them\n", u.Name, u.Entries, u.Bytes, u.Name)
	}
	for _, r := range s.Rights {
		fmt.Fprintf(t, "rights\t%d of %s here, %d at others\n", r.Here, r.Cell, r.Others)
	}
	if s.Lapsed {
		fmt.Fprintf(t, "lease\tended: this node was out of touch too long, and spends no rights until it meets a node that is always there\n")
	}
	for _, f := range s.Functions {
		fmt.Fprintf(t, "function\t%s gave %d results, failed %d times%s\n", f.Name, f.Calls, f.Failures, trouble(f))
	}
	if s.Disk.Full {
		fmt.Fprintf(t, "disk\tfull: writes are refused until space is free\n")
	}
	for _, m := range s.Members {
		fmt.Fprintf(t, "member\t%s (%s), role %s, %s, %s, %s\n", m.Name, m.ID, m.Role, m.Addr, m.State, lag(m))
	}
	return t.Flush()
}

// printSagas lists the sagas of a home that are under way.
func printSagas(w io.Writer, s *native.SagasStatus) {
	if s == nil {
		return
	}
	fmt.Fprintf(w, "sagas\t%d under way, %d ended; %d retried, %d to be undone, %d of another program\n", s.UnderWay, s.Ended, s.Retrying, s.Undoing, s.Resting)
	for _, g := range s.List {
		does, said := "does", ""
		if g.Undo {
			does = "undoes"
		}
		if g.Tries > 0 {
			said = fmt.Sprintf(", %d tries failed, again in %s: %s", g.Tries, time.Duration(g.Next)*time.Millisecond, g.Said)
		}
		if g.Abort != "" {
			said += fmt.Sprintf(" (aborted: %s)", g.Abort)
		}
		fmt.Fprintf(w, "saga\ton_%s %s %s step %d of %d%s\n", g.Event, g.Key, does, g.Step, g.Steps, said)
	}
}

// trouble says what is wrong with a function now.
func trouble(f native.FunctionStatus) string {
	text := ""
	if f.Waiting > 0 {
		text = fmt.Sprintf("; %d calls are under way, the oldest for %v", f.Waiting, time.Duration(f.For)*time.Millisecond)
	}
	if f.Error != "" {
		text += fmt.Sprintf("; the last: %s; next try in %v", f.Error, time.Duration(f.Next)*time.Millisecond)
	}
	return text
}

// lag says how old the last exchange with a member is.
func lag(m native.MemberStatus) string {
	if m.Lag < 0 {
		return "not compared yet"
	}
	return "compared " + (time.Duration(m.Lag) * time.Millisecond).String() + " ago"
}
