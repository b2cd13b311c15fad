package native

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// files keeps the few small files beside the store: keys, certificates, the
// identity, tokens. A write replaces the whole file durably or not at all.
type files interface {
	// read returns fs.ErrNotExist for a file that was never written.
	read(name string) ([]byte, error)
	write(name string, data []byte) error
}

// dirFiles keeps them in a directory that only its owner can read.
type dirFiles string

func (d dirFiles) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}

// write makes the new content durable under another name, then renames it, so
// that a crash leaves the old file or the new one.
func (d dirFiles) write(name string, data []byte) error {
	path := filepath.Join(string(d), name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(string(d))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
