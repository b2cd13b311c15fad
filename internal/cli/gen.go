package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/internal/typescript"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/spf13/cobra"
)

func genCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "gen",
		Short: "Write what a program has for another language",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(genTSCommand())
	return c
}

func genTSCommand() *cobra.Command {
	var out, role, name string
	c := &cobra.Command{
		Use:   "ts PROGRAM",
		Short: "Write a program's databases, views and events as TypeScript",
		Long: `Write the types of a program's databases, views, events and records as a
TypeScript module, for the npm package martinelli:

  import { open } from "martinelli";
  import type { Wine } from "./wine.ts";
  const app = await open<Wine>({ app: "wine", user: "ann" });

What stands under "at" is left out where a page's role does not have it. With -o
the file is written only if it changes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := martinelli.Load(args[0])
			if err != nil {
				return err
			}
			if role, err = pageRole(p.Plan, role); err != nil {
				return err
			}
			if name == "" {
				whole, err := filepath.Abs(args[0])
				if err != nil {
					return err
				}
				name = strings.TrimSuffix(filepath.Base(whole), ".mrt")
			}
			text := typescript.Declarations(p.Plan, role, name)
			if out == "" {
				_, err := fmt.Fprint(cmd.OutOrStdout(), text)
				return err
			}
			if old, err := os.ReadFile(out); err == nil && string(old) == text {
				return nil
			}
			return os.WriteFile(out, []byte(text), 0o644)
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "the file to write, instead of standard output")
	c.Flags().StringVar(&role, "role", "", "the role of the page in the program's topology (default: client, or the first role, of users if there is one)")
	c.Flags().StringVar(&name, "name", "", "the name of the program's interface (default: after the program's file or folder)")
	return c
}

// pageRole returns the role that is meant: the one given, if there is such a one.
func pageRole(p *plan.Program, role string) (string, error) {
	if role != "" {
		if _, ok := p.Role(role); !ok {
			return "", fmt.Errorf("the program's topology has no role %q", role)
		}
		return role, nil
	}
	if _, ok := p.Role("client"); ok {
		return "client", nil
	}
	for _, r := range p.Roles {
		if r.Ambient != "" {
			return r.Name, nil
		}
	}
	return p.Roles[0].Name, nil
}
