package cli

import (
	"context"
	"time"

	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/spf13/cobra"
)

// asUser are the flags of a command that may speak for a user.
type asUser struct{ user, dir, address string }

func userFlags(c *cobra.Command, u *asUser) {
	c.Flags().StringVar(&u.user, "user", "", "speak for this user, in a session at a node of a trusted role")
	c.Flags().StringVar(&u.dir, "dir", defaultDir, "with --user: the node's directory, where its secret is")
	httpFlag(c, &u.address)
}

// client returns a client of the node, in a session where a user is named, and
// what ends the session.
func (u *asUser) client(ctx context.Context) (node *client.Client, end func(), err error) {
	if u.user == "" {
		return client.New(u.address), func() {}, nil
	}
	admin, err := adminOf(u.dir, u.address)
	if err != nil {
		return nil, nil, err
	}
	node, err = admin.As(ctx, u.user)
	if err != nil {
		return nil, nil, err
	}
	return node, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = node.End(ctx) // one that is left open expires
	}, nil
}
