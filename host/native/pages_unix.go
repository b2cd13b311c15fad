//go:build unix

package native

import (
	"context"
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// pages is the memory of one instance: a range of addresses that holds all it
// may grow to, of which the system gives a page when it is first touched. So
// memory grows without being copied, whatever a function asks for, and what is
// reserved for four calls at a time does not count as garbage of the node's.
type pages struct{ reserved []byte }

// withPages lets the engine take memory as pages.
func withPages(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(newPages))
}

func newPages(_, most uint64) experimental.LinearMemory {
	b, err := syscall.Mmap(-1, 0, int(max(most, 1)), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return &pages{}
	}
	return &pages{b}
}

// Reallocate returns the first size bytes; nil where there is no room for them.
func (p *pages) Reallocate(size uint64) []byte {
	if size > uint64(len(p.reserved)) {
		return nil
	}
	return p.reserved[:size]
}

// Free gives the range back. Nothing reads an instance's memory once it is closed.
func (p *pages) Free() {
	if p.reserved != nil {
		syscall.Munmap(p.reserved)
		p.reserved = nil
	}
}
