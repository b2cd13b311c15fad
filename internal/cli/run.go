package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/spf13/cobra"
)

// defaultDir is where a node keeps everything unless it is told otherwise.
const defaultDir = ".martinelli"

func runCommand() *cobra.Command {
	cfg := native.Config{}
	var verbose, openLogin bool
	c := &cobra.Command{
		Use:   "run PROGRAM",
		Short: "Run a program as a node: alone, or in a cluster",
		Long: `Run a program as a node. PROGRAM is a .mrt file, or a folder whose .mrt files are
one program, with its .topology if it has one.

The first node of a cluster makes the cluster's authority and prints the command
with which others join. A node that has joined goes on by its --dir alone.
An interrupt ends it cleanly; a second one at once.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			program, err := loadProgram(cmd.ErrOrStderr(), args[0])
			if err != nil {
				return err
			}
			if cfg.Token != "" && cfg.Join == "" {
				return usageError{errors.New("--token goes with --join HOST:PORT")}
			}
			if openLogin {
				cfg.Login = native.OpenLogin
			}
			cfg.Program, cfg.Modules = program.Plan, program.Modules
			tellModules(cmd.OutOrStdout(), program)
			cfg.Log = logger(cmd.ErrOrStderr(), verbose)
			return native.Run(cmd.Context(), cfg, func(h *native.Host) { announce(cmd.OutOrStdout(), h, args[0]) })
		},
	}
	f := c.Flags()
	f.StringVar(&cfg.Role, "role", "server", "the role of the topology to run as")
	f.StringVar(&cfg.User, "user", "", "the user that an ambient role binds")
	f.StringVar(&cfg.Name, "name", "", "the node's name for people (default: the host's)")
	f.StringVar(&cfg.Dir, "dir", defaultDir, "where the node keeps everything")
	f.StringVar(&cfg.Listen, "listen", "127.0.0.1:7071", "HOST:PORT to take links of other nodes on")
	f.StringVar(&cfg.Advertise, "advertise", "", "HOST:PORT others dial, where that is not --listen")
	f.StringVar(&cfg.HTTP, "http", defaultHTTP, "HOST:PORT of the JSON API and the console")
	f.StringVar(&cfg.Web, "web", "", "a directory of files to serve at / to browsers; the console is at /console then")
	f.BoolVar(&openLogin, "open-login", false, "admit pages by a name alone: anybody is whoever he says. For examples")
	f.StringSliceVar(&cfg.Origins, "origin", nil, "an origin beside --http whose pages may speak to this node, as https://wine.example; repeat it for more")
	f.DurationVar(&cfg.PassTTL, "pass-ttl", native.PassTTL, "how long the pass of a page is good for")
	f.StringVar(&cfg.Join, "join", "", "HOST:PORT of the cluster's first node, to join it")
	f.StringVar(&cfg.Token, "token", "", "the one-time token to join with")
	f.BoolVar(&cfg.NewReplica, "new-replica", false, "keep the data and take a new replica id: after a restore, or where the log has lost its end")
	f.DurationVar(&cfg.FinalAfter, "final-after", time.Minute, "at the cluster's first node: how old parts are made final, summed up in a checkpoint and taken out of the logs; less than 0 keeps all")
	f.BoolVar(&verbose, "verbose", false, "log every event of the node")
	return c
}

// logger tells an operator what he should know.
func logger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// announce says where the node is, and how others join it.
func announce(w io.Writer, h *native.Host, program string) {
	fmt.Fprintf(w, "node %s runs %s\n", h.Self().Short(), program)
	switch at := h.HTTPAddr(); {
	case at == "":
	case h.Web() != "":
		fmt.Fprintf(w, "application: http://%s/  console: http://%s/console\n", at, at)
	default:
		fmt.Fprintf(w, "console and API: http://%s/\n", at)
	}
	if !h.Founded() || h.LinkAddr() == "" {
		return
	}
	token, err := h.NewToken(native.TokenTTL)
	if err != nil {
		fmt.Fprintf(w, "no join token: %v\n", err)
		return
	}
	fmt.Fprintf(w, "join with: martinelli run %s --dir DIR --listen HOST:PORT --http HOST:PORT --join %s --token %s\n", program, h.LinkAddr(), token)
}
