// Package cli is the command line: a file per verb, each of which parses its
// words, calls the room that does the work, and prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The statuses a command ends with.
const (
	exitOK    = 0
	exitWrong = 1 // the program, the input or the world is wrong
	exitUsage = 2 // the words on the command line are
)

// Main runs the process's command line and returns its exit status. The first
// interrupt asks for a clean end, the second ends at once.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from here on a signal has its usual effect
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// run runs one command line.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	return status(root.ExecuteContext(ctx), err)
}

// status tells the person why a command failed, and the script by how much.
func status(err error, to io.Writer) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errTold):
		return exitWrong
	case errors.As(err, &usage):
		fmt.Fprintln(to, "martinelli:", err)
		return exitUsage
	}
	fmt.Fprintln(to, "martinelli:", err)
	return exitWrong
}

// errTold ends a command that has already said what was wrong.
var errTold = errors.New("already told")

// usageError is a mistake in the words on the command line.
type usageError struct{ error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "martinelli",
		Short:         "Programs that live at the edge: offline, convergent, and coordinated only where a rule demands it",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see: %s --help)", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newCommand(), runCommand(), checkCommand(), explainCommand(), fmtCommand(), schemaCommand(), genCommand(), simCommand(), testCommand(), lspCommand(), replCommand(),
		raiseCommand(), readCommand(), watchCommand(), statusCommand(), outboxCommand(), tokenCommand(), cutCommand(), revokeCommand(), retireCommand(), dropCommand(),
		backupCommand(), restoreCommand(),
		versionCommand(),
	)
	for _, c := range root.Commands() {
		c.Args = usageArgs(c.Args)
		for _, sub := range c.Commands() {
			sub.Args = usageArgs(sub.Args)
		}
	}
	return root
}

// usageArgs marks what a command says of its arguments as a mistake of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (usage: %s)", err, cmd.UseLine())}
		}
		return nil
	}
}
