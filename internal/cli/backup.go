package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/spf13/cobra"
)

func backupCommand() *cobra.Command {
	var dir, address, to, keys string
	c := &cobra.Command{
		Use:   "backup --to FILE",
		Short: "Write a backup of a running node to a file",
		Long: `Write a backup of a running node to FILE, a tar archive. It has every commit that
was acknowledged before, and is checked whole before FILE is there. The node goes
on meanwhile. A restore of it gives a node with a new replica id: the old one
never comes back.

There is no key and no secret in FILE, so who reads it reads the data but is no
member of the cluster. The cluster's authority, without which the first node
can't be restored, is written apart, by --with-keys, to a file that only you can
read: it never changes, so once is enough. Keep it somewhere safe, and not beside
the backups: whoever has it can admit nodes. Tokens that were not used yet are
not kept.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usageError{errors.New("name the file to write with --to FILE")}
			}
			if keys != "" {
				if err := writeKeys(dir, keys); err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "the cluster's authority is in %s: keep it safe, and apart from the backups\n", keys)
			}
			node, err := adminOf(dir, address)
			if err != nil {
				return err
			}
			answer, err := node.Backup(cmd.Context())
			if err != nil {
				return err
			}
			defer answer.Close()
			info, err := keepBackup(answer, to, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has node %s (%.8s) up to write %d: %d files, %d bytes\n",
				to, info.Name, info.Replica, info.Writes, info.Files, info.Size)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "the running node's directory, for its admin secret")
	c.Flags().StringVar(&to, "to", "", "the file to write; what it held before is kept until the backup is whole")
	c.Flags().StringVar(&keys, "with-keys", "", "at the first node: also write the cluster's authority to this new file")
	httpFlag(c, &address)
	return c
}

// writeKeys writes the authority to a new file that only its owner can read.
func writeKeys(dir, file string) error {
	text, err := native.AuthorityKeys(dir)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the keys: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// keepBackup writes a backup beside the file it is to be, checks it on its
// way, and gives it its name once it is durable.
func keepBackup(from io.Reader, to string, progress io.Writer) (info native.BackupInfo, err error) {
	f, err := os.OpenFile(to+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return info, err
	}
	defer func() {
		if err != nil {
			os.Remove(to + ".new")
		}
	}()
	info, err = native.ReadBackup(io.TeeReader(from, io.MultiWriter(f, &meterOf{to: progress})), nil)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return info, err
	}
	return info, os.Rename(to+".new", to)
}

// meterOf tells a person every 64 MB how far a copy has come.
type meterOf struct {
	to     io.Writer
	n, due int64
}

const meterEvery = 64 << 20

func (m *meterOf) Write(p []byte) (int, error) {
	m.n += int64(len(p))
	if m.n >= m.due+meterEvery {
		m.due = m.n
		fmt.Fprintf(m.to, "%d MB\n", m.n>>20)
	}
	return len(p), nil
}
