package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim"
	"github.com/martinelli-lang/martinelli/sim/fault"
	"github.com/martinelli-lang/martinelli/sim/load"
	"github.com/spf13/cobra"
)

func simCommand() *cobra.Command {
	var nodes, faults, loadFile string
	var seed uint64
	var events int
	var span time.Duration
	c := &cobra.Command{
		Use:   "sim PROGRAM",
		Short: "Run a program on imagined nodes with faults, and tell the story",
		Long: `Run a program on imagined nodes, in one thread and virtual time, with faults, and tell the story.

The story ends with "hash HEX": equal words on this command line give equal
stories, on every machine. Exit status 1 where a promise was broken.`,
		Example: `  martinelli sim examples/ads --nodes server=1,client=16 --seed 7 --faults drop=0.2,reorder,cuts=4,crashes=3`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			loaded, err := loadProgram(cmd.ErrOrStderr(), args[0])
			if err != nil {
				return err
			}
			funcs, done, err := linked(cmd.Context(), loaded)
			if err != nil {
				return err
			}
			defer done()
			program := loaded.Plan
			cfg := sim.Config{
				Name: args[0], Program: program, Funcs: funcs, Seed: seed, Events: events,
				Span: causal.Instant(span), Story: cmd.OutOrStdout(),
			}
			if cfg.Roles, err = parseRoles(program, nodes); err != nil {
				return usageError{err}
			}
			if cfg.Faults, err = fault.Parse(faults); err != nil {
				return usageError{err}
			}
			if loadFile != "" {
				if cfg.Load, err = readLoad(program, loadFile); err != nil {
					return err
				}
			}
			_, err = sim.Run(cfg)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&nodes, "nodes", "3", "how many nodes: N servers, or ROLE=N,ROLE=N; the first is the home of what is not replicated")
	f.Uint64Var(&seed, "seed", 1, "what decides everything that chance decides")
	f.StringVar(&faults, "faults", "none", "what goes wrong: "+fault.Words())
	f.StringVar(&loadFile, "load", "", "raise the events of this file, one JSON object a line, instead of made-up ones")
	f.IntVar(&events, "events", 0, "made-up events per node (default 100)")
	f.DurationVar(&span, "span", 0, "virtual time over which load and faults are spread (default 20s)")
	return c
}

// parseRoles reads N, or ROLE=N,ROLE=N.
func parseRoles(p *plan.Program, text string) ([]sim.Role, error) {
	var roles []sim.Role
	for word := range strings.SplitSeq(text, ",") {
		name, count, named := strings.Cut(strings.TrimSpace(word), "=")
		if !named {
			name, count = "server", name
		}
		if _, ok := p.Role(name); !ok {
			return nil, fmt.Errorf("--nodes: the program's topology has no role %q", name)
		}
		n, err := strconv.ParseUint(count, 10, 14)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("--nodes: %q is not a number of nodes from 1 to 16383", count)
		}
		roles = append(roles, sim.Role{Name: name, Nodes: int(n)})
	}
	return roles, nil
}

func readLoad(p *plan.Program, file string) ([]load.Event, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	events, err := load.Parse(p, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return events, nil
}
