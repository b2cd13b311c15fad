package native

import "sync"

// sendQueue holds the frames that wait to be written to one connection, as
// the bytes they will be. Its bound is in bytes; push says when it is full.
type sendQueue struct {
	sizeMax int

	mu      sync.Mutex
	waiting []byte
	frames  int
	closed  bool
	ready   chan struct{} // holds one token while something waits

	sent    uint64 // bytes taken, ever
	dropped uint64 // frames that found it full, ever
}

func newSendQueue(sizeMax int) *sendQueue {
	return &sendQueue{sizeMax: sizeMax, ready: make(chan struct{}, 1)}
}

// push appends what add appends, unless size more bytes are over the bound.
func (q *sendQueue) push(size int, add func([]byte) []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.waiting)+size > q.sizeMax {
		q.dropped++
		return false
	}
	q.waiting = add(q.waiting)
	q.frames++
	q.signal()
	return true
}

// signal says that there is something to take. The caller holds mu.
func (q *sendQueue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns all that waits, and leaves spare to be filled next. ok is
// false when the queue is closed and empty.
func (q *sendQueue) take(spare []byte) (b []byte, ok bool) {
	for {
		q.mu.Lock()
		b, q.waiting, q.frames = q.waiting, spare[:0], 0
		q.sent += uint64(len(b))
		closed := q.closed
		q.mu.Unlock()
		if len(b) > 0 || closed {
			return b, len(b) > 0
		}
		spare = b
		<-q.ready
	}
}

// close lets the writer end once it has taken what waits.
func (q *sendQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// queueStatus is what an operator wants to know of a queue.
type queueStatus struct {
	Size    int    `json:"size"`   // bytes waiting
	Frames  int    `json:"frames"` // frames waiting
	Sent    uint64 `json:"sent"`   // bytes, ever
	Dropped uint64 `json:"dropped"`
}

func (q *sendQueue) status() queueStatus {
	q.mu.Lock()
	defer q.mu.Unlock()
	return queueStatus{len(q.waiting), q.frames, q.sent, q.dropped}
}
