package native

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/crypto/blake2b"
)

// files keeps the few small files beside the store: keys, certificates, the
// identity, tokens. A write replaces the whole file durably or not at all.
type files interface {
	// read returns fs.ErrNotExist for a file that was never written, and a
	// *FileError for one that is not as it was written.
	read(name string) ([]byte, error)
	write(name string, data []byte) error
}

// dirFiles keeps them in a directory that only its owner can read. Each ends
// with a line that has the hash of what stands before it, so that a flipped
// bit is not taken for another name, key or peer:
//
//	sum 00112233445566778899aabbccddeeff
type dirFiles struct {
	fs  vfs.FS
	dir string
}

// FileError says that a small file is not as it was written.
type FileError struct{ Path string }

func (e *FileError) Error() string {
	return fmt.Sprintf("%s is damaged: it does not fit the sum at its end. "+
		"Put an undamaged copy of that file back, restore a backup with `martinelli restore`, "+
		"or join the cluster anew with an empty --dir", e.Path)
}

func (d dirFiles) read(name string) ([]byte, error) {
	path := d.fs.PathJoin(d.dir, name)
	sealed, err := readWhole(d.fs, path)
	if err != nil {
		return nil, err
	}
	data, ok := unseal(sealed)
	if name == SecretFile {
		data, ok = sealed, isSecret(sealed)
	}
	if !ok {
		return nil, &FileError{path}
	}
	return data, nil
}

func (d dirFiles) write(name string, data []byte) error {
	if name == SecretFile { // it goes into a header as it is
		return replaceFile(d.fs, d.fs.PathJoin(d.dir, name), data)
	}
	return replaceFile(d.fs, d.fs.PathJoin(d.dir, name), seal(data))
}

const (
	sumPrefix = "sum "
	sumSize   = len(sumPrefix) + 2*16 + 1 // the whole line
)

// seal returns data with its sum behind it.
func seal(data []byte) []byte {
	sum := blake2b.Sum256(data)
	sealed := append(bytes.Clone(data), sumPrefix...)
	return append(hex.AppendEncode(sealed, sum[:16]), '\n')
}

// unseal returns what was sealed; false where it was not, or was changed since.
func unseal(sealed []byte) (data []byte, ok bool) {
	if len(sealed) < sumSize {
		return nil, false
	}
	data = sealed[:len(sealed)-sumSize]
	return data, bytes.Equal(seal(data), sealed)
}

// readWhole reads a small file.
func readWhole(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, errors.Join(err, f.Close())
}

// replaceFile makes the new content durable under another name, then renames
// it, so that a crash leaves the old file or the new one.
func replaceFile(fs vfs.FS, path string, data []byte) error {
	f, err := createPrivate(fs, path+".new")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(path+".new", path); err != nil {
		return err
	}
	return syncNames(fs, fs.PathDir(path))
}

// createPrivate makes an empty file that only its owner can read. Where the
// file system is the real one the file is made with those rights first: what
// is created over it keeps them.
func createPrivate(fs vfs.FS, path string) (vfs.File, error) {
	if vfs.Root(fs) == vfs.Default {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err == nil {
			err = errors.Join(f.Chmod(0o600), f.Close())
		}
		if err != nil {
			return nil, err
		}
	}
	return fs.Create(path, vfs.WriteCategoryUnspecified)
}

// makeDir makes dir and what is missing above it, durably: every name that is
// new is synced in the directory it stands in.
func makeDir(f vfs.FS, dir string) error {
	if _, err := f.Stat(dir); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := f.PathDir(dir)
	if above != dir {
		if err := makeDir(f, above); err != nil {
			return err
		}
	}
	if err := f.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncNames(f, above)
}

// memFiles keeps them for as long as the process lives.
type memFiles struct {
	mu   sync.Mutex
	data map[string]string
}

func newMemFiles() *memFiles { return &memFiles{data: map[string]string{}} }

func (m *memFiles) read(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.data[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(data), nil
}

func (m *memFiles) write(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data[name] = string(data)
	return nil
}
