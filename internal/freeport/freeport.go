// Package freeport finds addresses for tests that start real processes.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Address returns an address of this machine that nobody listens on. Its port
// lies below those that systems give to outgoing connections, so that none of
// them takes it before the process it is meant for does.
func Address() (string, error) {
	var err error
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		l, listenErr := net.Listen("tcp", address)
		if listenErr == nil {
			return address, l.Close()
		}
		err = listenErr
	}
	return "", fmt.Errorf("no free port: %w", err)
}
