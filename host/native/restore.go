package native

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// RestoreConfig says what is restored, and as what.
type RestoreConfig struct {
	From io.Reader // what Backup wrote
	Dir  string    // is made; it must not hold anything yet
	Name string    // for people; "" takes that of the backup

	// Join and Token make the node a member of its cluster at once. Without
	// them it becomes one when it is first run, with --join and --token.
	Join, Token string

	// Keys are the cluster's authority, as AuthorityKeys returned it. With them
	// the node becomes the cluster's first node. That is for a first node that
	// is gone for good: two first nodes would both admit, and both be the home.
	Keys []byte

	FS   vfs.FS            // nil takes the real one
	File func(name string) // is told of each file; nil is not
}

// Restore makes the directory of a new node from a backup. The node has a new
// key and replica id and none of the rights of the old one, whose ids it
// remembers as former. The backup is checked whole, and the store in it is
// opened, before Dir is there: an interrupted Restore leaves at most
// Dir + ".restoring", which the next one removes.
func Restore(ctx context.Context, cfg RestoreConfig) (BackupInfo, error) {
	if cfg.FS == nil {
		cfg.FS = vfs.Default
	}
	cfg.Dir = cfg.FS.PathJoin(cfg.Dir) // without a slash at its end
	if cfg.Join != "" && cfg.Keys != nil {
		return BackupInfo{}, errors.New("with the keys of the cluster the node is its first node, which joins nobody: leave out --join or --keys")
	}
	if names, err := cfg.FS.List(cfg.Dir); err == nil && len(names) > 0 {
		return BackupInfo{}, fmt.Errorf("%s is not empty: restore makes a new directory, so that nothing is lost over a mistake", cfg.Dir)
	}
	r := &restoring{RestoreConfig: cfg, tmp: cfg.Dir + ".restoring"}
	if err := cfg.FS.RemoveAll(r.tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return BackupInfo{}, err
	}
	err := r.run(ctx)
	if err != nil {
		err = errors.Join(err, cfg.FS.RemoveAll(r.tmp))
	}
	return r.info, err
}

// restoring is a restore under way, in a directory of its own.
type restoring struct {
	RestoreConfig
	tmp  string
	info BackupInfo
}

func (r *restoring) run(ctx context.Context) error {
	for _, step := range []func() error{
		r.unpack, r.openOnce, func() error { return r.identify(ctx) }, r.finish,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the store's files, and the head mark that vouches for them.
func (r *restoring) unpack() (err error) {
	dir := r.FS.PathJoin(r.tmp, "store")
	if err := makeDir(r.FS, dir); err != nil {
		return err
	}
	r.info, err = ReadBackup(r.From, func(name string) (io.WriteCloser, error) {
		if r.File != nil {
			r.File(name)
		}
		f, err := createPrivate(r.FS, r.FS.PathJoin(dir, name))
		return syncedFile{f}, err
	})
	if err != nil {
		return err
	}
	mark, err := r.info.mark()
	if err != nil {
		return err
	}
	head, _, err := openHeadMark(r.FS, r.FS.PathJoin(r.tmp, headFile))
	if err != nil {
		return err
	}
	return errors.Join(head.write(mark), head.Close(), syncNames(r.FS, dir))
}

// syncedFile is durable once it is closed.
type syncedFile struct{ vfs.File }

func (f syncedFile) Close() error { return errors.Join(f.File.Sync(), f.File.Close()) }

// openOnce opens the store: it must end at its mark.
func (r *restoring) openOnce() error {
	d, err := openDisk(r.tmp, diskOptions{fs: r.FS, log: slog.New(slog.DiscardHandler), written: r.info.Writes > 0})
	if err != nil {
		return fmt.Errorf("the store in the backup does not open: %w", err)
	}
	return d.Close()
}

// identify gives the node what it is, or leaves that to its first run.
func (r *restoring) identify(ctx context.Context) error {
	f := dirFiles{r.FS, r.tmp}
	former := formerRecord{Cluster: r.info.Cluster, Incarnation: r.info.Incarnation}
	former = former.with(r.info.Former...).with(r.info.Replica, r.info.Home)
	if err := former.save(f); err != nil {
		return err
	}
	cfg := &Config{Dir: r.Dir, Name: cmp.Or(r.Name, r.info.Name), Join: r.Join, Token: r.Token}
	switch {
	case r.Keys != nil:
		return r.beFirst(f, cfg, former)
	case r.Join != "":
		if err := restoredFrom(f, cfg); err != nil {
			return err
		}
		return (&identity{files: f}).join(ctx, cfg)
	case r.info.First:
		return errors.New("this is a backup of the cluster's first node, which needs the cluster's authority: give what `martinelli backup --with-keys FILE` " +
			"wrote as --keys FILE. If another node is the first one now, join that with --join and --token")
	}
	return nil
}

// beFirst makes the node the first one of its cluster.
func (r *restoring) beFirst(f files, cfg *Config, former formerRecord) error {
	a, err := parseKeys(r.Keys)
	if err != nil {
		return err
	}
	if got := fingerprintOf(a.cert).String(); got != r.info.Cluster {
		return fmt.Errorf("the keys are of cluster %.16s and the backup is of cluster %.16s", got, r.info.Cluster)
	}
	id := &identity{files: f}
	key, err := id.nodeKey()
	if err != nil {
		return err
	}
	public := key.Public().(ed25519.PublicKey)
	cert, err := a.sign(cfg.Name, "", public, true)
	if err != nil {
		return err
	}
	incarnation := former.nextIncarnation()
	return errors.Join(
		writeKey(f, authorityKeyFile, a.key),
		writeCert(f, authorityCertFile, a.cert.Raw),
		writeCert(f, nodeCertFile, cert),
		id.save(identityRecord{
			Incarnation: incarnation, Stored: r.info.Writes > 0, Peers: r.info.Peers,
			Steward: causal.NewReplicaID(public, incarnation).String(),
		}))
}

// finish makes the directory appear, whole.
func (r *restoring) finish() error {
	if err := r.FS.Remove(r.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return err
	}
	if err := errors.Join(syncNames(r.FS, r.tmp), r.FS.Rename(r.tmp, r.Dir)); err != nil {
		return err
	}
	return syncNames(r.FS, r.FS.PathDir(r.Dir))
}
