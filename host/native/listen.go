package native

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// listen takes a port. flag names the option that chose it.
func listen(addr, flag string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop that one, or choose another port with %s (port 0 takes a free one)", addr, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s can't be taken without more rights: choose a port above 1023 with %s", addr, flag)
	case err != nil:
		return nil, fmt.Errorf("listen on %s (%s): %w", addr, flag, err)
	}
	return ln, nil
}

// newSeed is the one throw from which all of a node's dice are made.
func newSeed() uint64 { return rand.Uint64() }
