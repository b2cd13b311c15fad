package plan

import (
	"testing"

	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// TestFrozenLock: every later release reads the locks that are kept beside programs.
func TestFrozenLock(t *testing.T) {
	l, err := ParseLock(exampleText)
	if err != nil {
		t.Fatal(err)
	}
	wiretest.Frozen(t, "lock.example", l, func(l *Lock) []byte { return []byte(l.String()) }, func(b []byte) (*Lock, error) { return ParseLock(string(b)) })
}
