package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/spf13/cobra"
)

// defaultHTTP is where a node's API is unless it is told otherwise.
const defaultHTTP = "127.0.0.1:7070"

// httpFlag adds --http to a command that speaks with a node.
func httpFlag(c *cobra.Command, address *string) {
	c.Flags().StringVar(address, "http", defaultHTTP, "where the node's API is")
}

func raiseCommand() *cobra.Command {
	var who asUser
	var file, stream string
	var asJSON, isPosted bool
	c := &cobra.Command{
		Use:   "raise EVENT [ARGUMENTS]",
		Short: "Raise an event at a node: once, or for every line of a file",
		Long: `Raise an event, named without "on_", with its arguments as one JSON object.
It returns when the commit is durable at the node.

With --file, each line is one event's argument object. With --stream NAME the
lines are numbered, and the node remembers how far it has come: said again
after a failure, the command goes on where the stream stopped, and no line
takes effect twice. A line that is wrong is reported with its number and the
others go on. Exit status 1 where any line was rejected.

With --outbox an event that runs at the home is kept, durably, where the home
can't be reached, and runs once the home is back; see "martinelli outbox".`,
		Example: `  martinelli raise shown '{"ad_id":"a1"}'
  martinelli raise shown --file shown.ndjson --stream till-7`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file != "" && len(args) == 2 {
				return usageError{errors.New("arguments and --file exclude each other")}
			}
			if file == "" && stream != "" {
				return usageError{errors.New("--stream goes with --file: its lines are the stream")}
			}
			if file != "" && isPosted {
				return usageError{errors.New("--outbox and --file exclude each other")}
			}
			node, end, err := who.client(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			if file == "" {
				return raiseOnce(cmd, node, args, isPosted, asJSON)
			}
			l := loader{cmd: cmd, node: node, event: args[0], stream: stream, asJSON: asJSON}
			return l.run(file)
		},
	}
	f := c.Flags()
	f.StringVar(&file, "file", "", "raise the event for each line of this file; - is the standard input")
	f.StringVar(&stream, "stream", "", "the name under which the node remembers how far the file has come")
	f.BoolVar(&isPosted, "outbox", false, "keep the event while its home can't be reached")
	f.BoolVar(&asJSON, "json", false, "print what came of it as JSON")
	userFlags(c, &who)
	return c
}

func raiseOnce(cmd *cobra.Command, node *client.Client, args []string, isPosted, asJSON bool) error {
	body := "{}"
	if len(args) == 2 {
		body = args[1]
	}
	outbox := ""
	if isPosted {
		outbox = "away"
	}
	outcome, err := node.Raise(cmd.Context(), args[0], []byte(body), "", 0, outbox)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(outcome)
	}
	if outcome.Pending && outcome.Saga {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "committed; its saga goes on as "+outcome.Item+": see \"martinelli outbox\"")
		return err
	}
	if outcome.Pending && outcome.Serial {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "pending as "+outcome.Item+": its serial block has left, and its home has not answered; \"martinelli outbox\" will tell, and raising it again would do it twice")
		return err
	}
	if outcome.Pending {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "in the outbox as "+outcome.Item+": it runs when the home is back")
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "committed")
	return err
}

// loader raises an event for each line of a file.
type loader struct {
	cmd    *cobra.Command
	node   *client.Client
	event  string
	stream string
	asJSON bool
}

func (l *loader) run(file string) error {
	in, size, err := l.open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewReaderSize(in, 1<<16)
	m := &meter{in: lines}
	if l.stream != "" {
		if err := l.resume(lines, m); err != nil {
			return err
		}
	}
	if isTerminal(l.cmd.ErrOrStderr()) {
		m.draw(l.cmd.ErrOrStderr(), size)
	}
	watch := client.Watcher{
		Progress: m.answered,
		Rejected: func(r client.Rejection) {
			fmt.Fprintf(l.cmd.ErrOrStderr(), "line %d: %s: %s\n", m.skipped+r.Line, r.Reason, r.Detail)
		},
	}
	done, err := l.node.Load(l.cmd.Context(), l.event, m, l.stream, m.skipped, watch)
	m.clear()
	return l.report(done, m.skipped, err)
}

// open opens the file, or the standard input, and says how long it is; -1 where that is not known.
func (l *loader) open(file string) (io.ReadCloser, int64, error) {
	if file == "-" {
		return io.NopCloser(l.cmd.InOrStdin()), -1, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// resume skips the lines that the node has taken already.
func (l *loader) resume(lines *bufio.Reader, m *meter) error {
	mark, err := l.node.Mark(l.cmd.Context(), l.stream)
	if err != nil {
		return err
	}
	for m.skipped < mark {
		part, err := lines.ReadSlice('\n')
		m.skippedSize += int64(len(part))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		m.skipped++
	}
	return nil
}

// report says what came of the load.
func (l *loader) report(done client.Progress, skipped uint64, err error) error {
	out := l.cmd.OutOrStdout()
	if l.asJSON {
		if err := json.NewEncoder(out).Encode(done); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "%d committed", done.Committed-done.Duplicates)
		if taken := skipped + done.Duplicates; taken > 0 {
			fmt.Fprintf(out, ", %d taken before", taken)
		}
		if done.Rejected > 0 {
			fmt.Fprintf(out, ", %d rejected", done.Rejected)
		}
		fmt.Fprintln(out)
	}
	switch {
	case err != nil && l.stream != "" && !errors.Is(err, context.Canceled):
		return fmt.Errorf("%w\n  what was committed is durable; say the command again to go on", err)
	case err != nil:
		return err
	case done.Rejected > 0:
		return errTold
	}
	return nil
}
