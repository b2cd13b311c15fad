package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/spf13/cobra"
)

func readCommand() *cobra.Command {
	var who asUser
	var asJSON bool
	c := &cobra.Command{
		Use:   "read NAME [KEY]...",
		Short: "Read a view, or a database, whole or at a key, as one JSON value",
		Long: `Read a view, or a database, whole or at a key, as one JSON value: a database as
an object from key to value, a set or view as a sorted array.

A key is one word for each dimension: a string as it is, another value as JSON.
Of what lives at the home, read at another node, stderr says when it was so.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			node, end, err := who.client(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			v, err := node.Read(cmd.Context(), args[0], args[1:])
			if err != nil {
				return err
			}
			if node.AsOf != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "as of %s\n", node.AsOf)
			}
			if !asJSON {
				var indented bytes.Buffer
				if err := json.Indent(&indented, v, "", "  "); err != nil {
					return err
				}
				v = indented.Bytes()
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", v)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it on one line")
	userFlags(c, &who)
	return c
}

func watchCommand() *cobra.Command {
	var who asUser
	var notices bool
	c := &cobra.Command{
		Use:   "watch NAME",
		Short: "Print a view or database, and every change of it, or what the program tells, a JSON line each",
		Long: `Print a view or database, and every change of it, a JSON line each; with
--notices, and no name, what the program tells with notify from now on.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if notices {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			node, end, err := who.client(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			print := func(c client.Change) error {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "{%q:%s}\n", c.Kind, c.Data)
				return err
			}
			if notices {
				return node.Notices(cmd.Context(), print)
			}
			return node.Watch(cmd.Context(), args[0], print)
		},
	}
	c.Flags().BoolVar(&notices, "notices", false, "print what the program tells")
	userFlags(c, &who)
	return c
}
