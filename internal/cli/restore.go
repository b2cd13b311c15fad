package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/spf13/cobra"
)

func restoreCommand() *cobra.Command {
	var cfg native.RestoreConfig
	var from, keys string
	c := &cobra.Command{
		Use:   "restore --from BACKUP --dir NEW",
		Short: "Make the directory of a new node from a backup",
		Long: `Make the directory of a new node from a backup. The node has the backup's data, a
new key and a new replica id, and none of the old one's rights: the old one must
not run any more, and what it wrote after the backup comes back from its peers.

A member joins its cluster with --join and --token, here or when it is first run.
The first node is restored with --keys, the file that "martinelli backup
--with-keys" wrote; the others find it if it is at the old address, and it finds
them. Do that only when the old first node is gone for good. What was kept at it
alone, the databases that are not replicated, is as it was at the backup.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			switch {
			case from == "" || cfg.Dir == "":
				return usageError{errors.New("name the backup with --from FILE and the directory to make with --dir NEW")}
			case (cfg.Join == "") != (cfg.Token == ""):
				return usageError{errors.New("--join HOST:PORT and --token T go together")}
			}
			if keys != "" {
				if cfg.Keys, err = os.ReadFile(keys); err != nil {
					return fmt.Errorf("the keys: %w", err)
				}
			}
			f, err := os.Open(from)
			if err != nil {
				return fmt.Errorf("the backup: %w", err)
			}
			defer f.Close()
			cfg.From = io.TeeReader(f, &meterOf{to: cmd.ErrOrStderr()})
			info, err := native.Restore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return tellRestored(cmd.OutOrStdout(), info, cfg)
		},
	}
	f := c.Flags()
	f.StringVar(&from, "from", "", "the backup")
	f.StringVar(&cfg.Dir, "dir", "", "the directory to make; it must not hold anything")
	f.StringVar(&cfg.Name, "name", "", "the node's name for people (default: that of the backup)")
	f.StringVar(&cfg.Join, "join", "", "HOST:PORT of the cluster's first node, to join it")
	f.StringVar(&cfg.Token, "token", "", "the one-time token to join with")
	f.StringVar(&keys, "keys", "", "the cluster's authority: the node becomes the first one")
	return c
}

func tellRestored(w io.Writer, info native.BackupInfo, cfg native.RestoreConfig) error {
	fmt.Fprintf(w, "%s has the data of node %s (%.8s) up to write %d, of %s: %d files, %d bytes\n",
		cfg.Dir, info.Name, info.Replica, info.Writes, info.Time.Format("2006-01-02 15:04:05 MST"), info.Files, info.Size)
	more := ""
	if cfg.Join == "" && cfg.Keys == nil {
		more = " --join HOST:PORT --token T"
	}
	_, err := fmt.Fprintf(w, "go on with: martinelli run PROGRAM --dir %s%s\n", cfg.Dir, more)
	return err
}
