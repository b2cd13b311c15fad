package native

import "syscall"

// wipe gives the pages of memory from newPages back, and there are zeros where
// they were: Linux says so of private memory without a file (madvise(2),
// MADV_DONTNEED), other systems do not.
func wipe(memory []byte) bool {
	return len(memory) > 0 && syscall.Madvise(memory, syscall.MADV_DONTNEED) == nil
}
