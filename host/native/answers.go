package native

import (
	"sync"
	"sync/atomic"

	"github.com/martinelli-lang/martinelli/node"
)

// answers are the commands whose answer is awaited.
type answers struct {
	last  atomic.Uint64
	mu    sync.Mutex
	await map[node.Ticket]func(node.Answer)
}

// expect returns a ticket whose answer goes to f, once. f must not block.
func (a *answers) expect(f func(node.Answer)) node.Ticket {
	t := a.ticket()
	a.expectAt(t, f)
	return t
}

// expectAt is expect for a ticket that is there already.
func (a *answers) expectAt(t node.Ticket, f func(node.Answer)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.await[t] = f
}

// ticket returns a ticket that was never used.
func (a *answers) ticket() node.Ticket { return node.Ticket(a.last.Add(1)) }

// forget drops a ticket nobody waits for any more.
func (a *answers) forget(t node.Ticket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.await, t)
}

// give hands an answer to who waits for it.
func (a *answers) give(answer node.Answer) {
	a.mu.Lock()
	f := a.await[answer.Ticket]
	delete(a.await, answer.Ticket)
	a.mu.Unlock()
	if f != nil {
		f(answer)
	}
}

// len returns how many are awaited.
func (a *answers) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.await)
}
