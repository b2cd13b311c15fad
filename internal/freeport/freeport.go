// Package freeport finds addresses for tests that start real processes.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

var (
	mu    sync.Mutex
	given = map[int]bool{} // ports that this process has handed out
)

// Address returns an address of this machine that nobody listens on, and never
// the same one twice. Its port lies below those that systems give to outgoing
// connections, so that none of them takes it before the process it is meant
// for does.
func Address() (string, error) {
	mu.Lock()
	defer mu.Unlock()
	var err error
	for range 1000 {
		port := 10_000 + rand.IntN(20_000)
		if given[port] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, listenErr := net.Listen("tcp", address)
		if listenErr == nil {
			given[port] = true
			return address, l.Close()
		}
		err = listenErr
	}
	return "", fmt.Errorf("no free port: %w", err)
}
