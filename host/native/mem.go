package native

import (
	"sync"

	"github.com/martinelli-lang/martinelli/store"
)

// memDisk keeps the store of a node without a directory. The owner reads it
// while the disk goroutine writes.
type memDisk struct {
	mu  sync.RWMutex
	mem *store.Mem
}

func (d *memDisk) Get(key []byte) ([]byte, bool, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.Get(key)
}

func (d *memDisk) Scan(lo, hi []byte, yield func(key, value []byte) bool) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.Scan(lo, hi, yield)
}

func (d *memDisk) Write(batch []store.Op) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mem.Write(batch)
}

func (d *memDisk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mem.Sync()
}

func (d *memDisk) Close() error { return d.mem.Close() }
