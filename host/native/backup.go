package native

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/wire"
)

// A backup is a tar archive of a node's store at one group commit, and of what
// is needed to go on from it under a new identity. No key and no secret is in it.
//
//	backup.json   a BackupInfo: whose it is, and the head mark of the store
//	store/NAME    the files of the store, flat
//	sums.json     {NAME: blake2b-256 of each file before}; without it the backup is cut off

// BackupInfo says what a backup is of.
type BackupInfo struct {
	Format      int          `json:"format"`   // of the archive: backupFormat
	Protocol    int          `json:"protocol"` // of the store's records
	Time        time.Time    `json:"time"`
	Cluster     string       `json:"cluster"`
	Replica     string       `json:"replica"`
	Home        string       `json:"home,omitempty"` // of the first node: the home partition's id
	Incarnation uint64       `json:"incarnation"`
	Former      []string     `json:"former,omitempty"`
	Name        string       `json:"name"`
	Role        string       `json:"role"`
	First       bool         `json:"first"` // of the cluster's first node
	Peers       []peerRecord `json:"peers"`
	Writes      uint64       `json:"writes"` // the head mark: its number
	Head        string       `json:"head"`   // and its hash

	Files int   `json:"-"` // counted while the archive is read
	Size  int64 `json:"-"` // bytes of the store's files
}

const (
	backupFormat = 1
	backupInfo   = "backup.json"
	backupSums   = "sums.json"
	backupStore  = "store/"
	backupDir    = "backup" // in the node's directory, while a backup is read

	backupInfoMax  = 1 << 20  // bytes of backup.json
	backupSumsMax  = 64 << 20 // bytes of sums.json
	backupFilesMax = 1 << 18
)

// errBackupRuns refuses a second backup at a time.
var errBackupRuns = errors.New("another backup of this node is being taken: wait for its end")

// Backup writes a backup of the running node to w. It holds every commit that
// was acknowledged before, and nothing that a crash could still take back; the
// node goes on meanwhile, and waits only while the store's files are linked.
// One backup is taken at a time.
func (h *Host) Backup(ctx context.Context, w io.Writer) error {
	d, ok := h.disk.Disk.(*Disk)
	switch {
	case !ok:
		return errors.New("this node keeps everything in memory: start it with --dir to have something to back up")
	case h.disk.isFull():
		return ErrDiskFull
	}
	select {
	case h.backups <- struct{}{}:
		defer func() { <-h.backups }()
	default:
		return errBackupRuns
	}
	dir := h.cfg.FS.PathJoin(h.cfg.Dir, backupDir)
	defer h.cfg.FS.RemoveAll(dir) // what is left of it goes at the next one
	mark, err := h.checkpoint(ctx, d, dir)
	if err != nil {
		return fmt.Errorf("take a backup: %w", err)
	}
	info, err := h.backupInfo(mark)
	if err != nil {
		return err
	}
	return writeBackup(w, h.cfg.FS, dir, info)
}

// checkpoint links the store's files into dir, between two group commits: so
// the copy has no batch that the store itself may still lose.
func (h *Host) checkpoint(ctx context.Context, d *Disk, dir string) (store.HeadMark, error) {
	select {
	case h.diskTurn <- struct{}{}:
		defer func() { <-h.diskTurn }()
	case <-ctx.Done():
		return store.HeadMark{}, context.Cause(ctx)
	case <-h.ctx.Done():
		return store.HeadMark{}, h.stopped()
	}
	if err := h.cfg.FS.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return store.HeadMark{}, err
	}
	if err := d.unlessDead(func() error { return d.db.Checkpoint(dir) }); err != nil {
		return store.HeadMark{}, err
	}
	return d.synced, nil
}

func (h *Host) backupInfo(mark store.HeadMark) (BackupInfo, error) {
	former, err := loadFormer(h.identity.files)
	if err != nil {
		return BackupInfo{}, err
	}
	kept := h.identity.kept()
	info := BackupInfo{
		Format: backupFormat, Protocol: wire.Version, Time: tokenClock().UTC().Truncate(time.Second),
		Cluster: h.identity.cluster(), Replica: h.self.String(), Incarnation: kept.Incarnation, Former: former.Replicas,
		Name: h.cfg.Name, Role: h.cfg.Role, First: h.identity.isSteward(), Peers: kept.Peers,
		Writes: mark.Number, Head: hex.EncodeToString(mark.Hash[:]),
	}
	if info.First {
		info.Home = h.identity.home().String()
	}
	return info, nil
}

// writeBackup writes the archive.
func writeBackup(w io.Writer, fs vfs.FS, dir string, info BackupInfo) error {
	t, sums := tar.NewWriter(w), map[string]string{}
	data, err := json.MarshalIndent(info, "", "\t")
	if err != nil {
		return err
	}
	add := func(name string, size int64, from io.Reader) error {
		sum, err := blake2b.New256(nil)
		if err != nil {
			return err
		}
		err = t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: info.Time, Format: tar.FormatPAX})
		if err == nil {
			_, err = io.CopyN(io.MultiWriter(t, sum), from, size)
		}
		sums[name] = hex.EncodeToString(sum.Sum(nil))
		return err
	}
	if err := add(backupInfo, int64(len(data)), bytes.NewReader(data)); err != nil {
		return err
	}
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := addFile(fs, fs.PathJoin(dir, name), backupStore+name, add); err != nil {
			return fmt.Errorf("back up %s: %w", name, err)
		}
	}
	if data, err = json.MarshalIndent(sums, "", "\t"); err != nil {
		return err
	}
	return errors.Join(add(backupSums, int64(len(data)), bytes.NewReader(data)), t.Close())
}

func addFile(fs vfs.FS, path, name string, add func(name string, size int64, from io.Reader) error) error {
	f, err := fs.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return add(name, info.Size(), f)
}

// ReadBackup reads a backup to its end and checks it whole. file is called for
// each file of the store and returns where its bytes go; nil only checks.
// A backup that is cut off, changed, or of another version is an error.
func ReadBackup(r io.Reader, file func(name string) (io.WriteCloser, error)) (BackupInfo, error) {
	b := &backupReader{tar: tar.NewReader(r), file: file, sums: map[string]string{}}
	err := b.read()
	if err == nil {
		_, err = io.Copy(io.Discard, r) // the padding of the archive
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it is cut off: take another one")
	}
	if err != nil {
		return b.info, fmt.Errorf("read the backup: %w", err)
	}
	return b.info, nil
}

type backupReader struct {
	tar  *tar.Reader
	file func(name string) (io.WriteCloser, error)
	info BackupInfo
	sums map[string]string // of what was read
}

func (b *backupReader) read() error {
	data, err := b.next(backupInfo, backupInfoMax)
	if err == nil {
		err = b.judgeInfo(data)
	}
	for err == nil {
		var h *tar.Header
		if h, err = b.tar.Next(); err != nil {
			break
		}
		if h.Name == backupSums {
			return b.judgeSums(h)
		}
		err = b.readFile(h)
	}
	return err
}

// next reads the small file that must come next.
func (b *backupReader) next(name string, sizeMax int64) ([]byte, error) {
	h, err := b.tar.Next()
	if err != nil || h.Name != name {
		return nil, errors.New("this is no backup of a martinelli node, or it is cut off at its very beginning")
	}
	return b.small(h, sizeMax)
}

func (b *backupReader) small(h *tar.Header, sizeMax int64) ([]byte, error) {
	if h.Size > sizeMax {
		return nil, fmt.Errorf("%s has %d bytes, which is over its bound of %d", h.Name, h.Size, sizeMax)
	}
	data, err := io.ReadAll(b.tar)
	sum := blake2b.Sum256(data)
	b.sums[h.Name] = hex.EncodeToString(sum[:])
	return data, err
}

func (b *backupReader) judgeInfo(data []byte) error {
	if err := json.Unmarshal(data, &b.info); err != nil {
		return fmt.Errorf("%s is damaged: %w", backupInfo, err)
	}
	if b.info.Format != backupFormat || b.info.Protocol != wire.Version {
		return fmt.Errorf("it was taken in format %d, version %d, and this is format %d, version %d: use the release of martinelli that took it",
			b.info.Format, b.info.Protocol, backupFormat, wire.Version)
	}
	_, err := b.info.mark()
	return err
}

func (b *backupReader) readFile(h *tar.Header) error {
	name := path.Base(h.Name)
	if h.Name != backupStore+name || h.Typeflag != tar.TypeReg || name == "." || name == ".." {
		return fmt.Errorf("%q has no place in it", h.Name)
	}
	if len(b.sums) >= backupFilesMax {
		return fmt.Errorf("it has over %d files", backupFilesMax)
	}
	if _, twice := b.sums[h.Name]; twice {
		return fmt.Errorf("%q is in it twice", h.Name)
	}
	sum, err := blake2b.New256(nil)
	if err != nil {
		return err
	}
	to := io.Writer(sum)
	var kept io.WriteCloser
	if b.file != nil {
		if kept, err = b.file(name); err != nil {
			return err
		}
		to = io.MultiWriter(sum, kept)
	}
	n, err := io.Copy(to, b.tar)
	if kept != nil {
		err = errors.Join(err, kept.Close())
	}
	b.sums[h.Name] = hex.EncodeToString(sum.Sum(nil))
	b.info.Files++
	b.info.Size += n
	return err
}

// judgeSums compares what was read with what was written.
func (b *backupReader) judgeSums(h *tar.Header) error {
	data, err := b.small(h, backupSumsMax)
	if err != nil {
		return err
	}
	delete(b.sums, backupSums)
	var want map[string]string
	if err := json.Unmarshal(data, &want); err != nil {
		return fmt.Errorf("%s is damaged: %w", backupSums, err)
	}
	for name, sum := range want {
		if b.sums[name] != sum {
			return fmt.Errorf("%s is damaged: take another backup", name)
		}
	}
	if len(want) != len(b.sums) {
		return errors.New("it has files without a sum: it is damaged")
	}
	return nil
}

// mark returns the head mark of the store in it.
func (i *BackupInfo) mark() (m store.HeadMark, err error) {
	hash, err := hex.DecodeString(i.Head)
	if err != nil || len(hash) != len(m.Hash) {
		return m, errors.New("its head mark is damaged")
	}
	return store.HeadMark{Number: i.Writes, Hash: causal.Hash(hash)}, nil
}

// AuthorityKeys returns the cluster's authority, as PEM: its certificate and
// its key, from the directory of the first node. Whoever has it can admit
// nodes to the cluster, and be its first node.
func AuthorityKeys(dir string) ([]byte, error) {
	a, err := loadAuthority(dirFiles{vfs.Default, dir})
	if err != nil {
		return nil, err
	}
	if a.key == nil {
		return nil, fmt.Errorf("%s has no authority's key: only the directory of the cluster's first node has it", dir)
	}
	return authorityText(a)
}

func authorityText(a *authority) ([]byte, error) {
	kept := newMemFiles()
	if err := errors.Join(writeCert(kept, authorityCertFile, a.cert.Raw), writeKey(kept, authorityKeyFile, a.key)); err != nil {
		return nil, err
	}
	return []byte(kept.data[authorityCertFile] + kept.data[authorityKeyFile]), nil
}

// parseKeys reads what AuthorityKeys returned.
func parseKeys(text []byte) (*authority, error) {
	f := newMemFiles()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			f.data[authorityCertFile] = string(pem.EncodeToMemory(block))
		case "PRIVATE KEY":
			f.data[authorityKeyFile] = string(pem.EncodeToMemory(block))
		}
	}
	a, err := loadAuthority(f)
	if err != nil || a.key == nil {
		return nil, errors.Join(errors.New("the file of keys holds no authority: it is what `martinelli backup --with-keys FILE` writes at the first node"), err)
	}
	if public, err := publicKey(a.cert); err != nil || !public.Equal(a.key.Public()) {
		return nil, errors.New("the key and the certificate in the file of keys do not belong together: it is damaged")
	}
	return a, nil
}
