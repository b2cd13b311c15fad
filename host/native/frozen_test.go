package native

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozenPreface(t *testing.T) {
	p := preface{nonce: [16]byte{1, 15: 2}, incarnation: 300, epoch: 7, hello: []byte("the node's first words")}
	wiretest.Frozen(t, "link.preface", p, func(p preface) []byte { return p.appendTo(nil) }, decodePreface)
}

func TestFrozenSeal(t *testing.T) {
	wiretest.Frozen(t, "directory.sealed", []byte("a small file\n"), seal, func(b []byte) ([]byte, error) {
		data, ok := unseal(b)
		if !ok {
			return nil, errors.New("the sum does not fit")
		}
		return data, nil
	})
}

func TestFrozenHeadMark(t *testing.T) {
	fs := vfs.NewMem()
	written := store.HeadMark{Number: 300, Hash: causal.Hash{1, 31: 2}}
	wiretest.Frozen(t, "headmark", written, func(h store.HeadMark) []byte {
		m, _, err := openHeadMark(fs, "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.write(h); err != nil {
			t.Fatal(err)
		}
		b, err := readWhole(fs, "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		return b[:markSize]
	}, func(b []byte) (store.HeadMark, error) {
		f, err := fs.Create("again", vfs.WriteCategoryUnspecified)
		if err != nil {
			return store.HeadMark{}, err
		}
		if _, err := f.Write(b); err != nil {
			return store.HeadMark{}, err
		}
		m, at, err := openHeadMark(fs, "again")
		return at.HeadMark, errors.Join(err, f.Close(), m.Close())
	})
}

// TestFreeze makes the directory and the backup of the two tests below where
// they are missing and MARTINELLI_FREEZE asks for it.
func TestFreeze(t *testing.T) {
	if os.Getenv("MARTINELLI_FREEZE") == "" {
		return
	}
	h := open(t, Config{Dir: t.TempDir()})
	for range 20 {
		h.shown("a1")
	}
	h.shown("a2")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if err := errors.Join(h.Backup(context.Background(), z), z.Close()); err != nil {
		t.Fatal(err)
	}
	h.Close()
	wiretest.File(t, "directory.tar.gz", pack(t, h.cfg.Dir))
	wiretest.File(t, "backup.tar.gz", zipped.Bytes())
}

// TestFrozenDirectory: a first node's directory as version 1 left it is opened
// and read, and the node goes on from there. Beside the records it has keys,
// certificates and the identity.
func TestFrozenDirectory(t *testing.T) {
	archive := wiretest.File(t, "directory.tar.gz", nil)
	dir := t.TempDir()
	unpack(t, archive, dir)
	h := open(t, Config{Dir: dir})
	if a, b := h.count("a1"), h.count("a2"); a != 20 || b != 1 || h.Founded() {
		t.Errorf("a1 has %d impressions, a2 %d; they were 20 and 1", a, b)
	}
	h.shown("a2")
	h.Close()
	if h := again(t, h, nil); h.count("a2") != 2 {
		t.Errorf("a2 has %d impressions after one more", h.count("a2"))
	}
}

// TestFrozenBackup: a backup that version 1 took of it is restored.
func TestFrozenBackup(t *testing.T) {
	packed, err := gzip.NewReader(bytes.NewReader(wiretest.File(t, "backup.tar.gz", nil)))
	if err != nil {
		t.Fatal(err)
	}
	old := t.TempDir()
	unpack(t, wiretest.File(t, "directory.tar.gz", nil), old)
	keys, err := AuthorityKeys(old)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(context.Background(), RestoreConfig{From: packed, Dir: dir, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	if h := open(t, Config{Dir: dir}); h.count("a1") != 20 || h.count("a2") != 1 {
		t.Errorf("a1 has %d impressions, a2 %d; they were 20 and 1", h.count("a1"), h.count("a2"))
	}
}

// pack returns a directory as a compressed archive.
func pack(t *testing.T, dir string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack makes the directory that pack was given.
func unpack(t *testing.T, archive []byte, dir string) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, h.Name)
		if h.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o700)
		} else {
			var data []byte
			data, err = io.ReadAll(r)
			err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
