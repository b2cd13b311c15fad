package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/spf13/cobra"
)

func tokenCommand() *cobra.Command {
	var dir, address, user string
	c := &cobra.Command{
		Use:   "token",
		Short: "Print a fresh one-time token with which a node may join the cluster",
		Long: `Print a fresh one-time token with which a node may join the cluster. It is asked
of the running first node, and needs the secret that is in its directory.

With --user NAME it admits a node of that user and no other: the node's certificate says so.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			node, err := adminOf(dir, address)
			if err != nil {
				return err
			}
			t, err := node.Token(cmd.Context(), user)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), t.Token)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "the first node's directory")
	c.Flags().StringVar(&user, "user", "", "whose node the token admits; default: anybody's, and any role")
	httpFlag(c, &address)
	return c
}

// adminOf returns a client that may ask for what needs the secret in a node's directory.
func adminOf(dir, address string) (*client.Client, error) {
	secret, err := os.ReadFile(filepath.Join(dir, native.SecretFile))
	if err != nil {
		return nil, fmt.Errorf("the admin secret: %w\n  name the running node's directory with --dir", err)
	}
	node := client.New(address)
	node.Secret = strings.TrimSpace(string(secret))
	return node, nil
}
