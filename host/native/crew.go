package native

import "sync"

// crew is a set of goroutines that can be waited for, once: after wait began
// nobody joins.
type crew struct {
	mu     sync.Mutex
	closed bool
	all    sync.WaitGroup
}

// Go runs f on a goroutine of the crew, or not at all once wait has begun.
func (c *crew) Go(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.all.Go(f)
	}
}

// wait returns when all have ended.
func (c *crew) wait() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.all.Wait()
}
