package broadcast

import (
	"testing"

	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	for name, m := range map[string]Body{
		"broadcast.push": Push{No: 300, Batch: Batch{Parts: 2, Body: []byte("two parts")}},
		"broadcast.ack":  Ack{No: 300},
	} {
		wiretest.Frozen(t, name, m, func(m Body) []byte { return m.AppendTo(nil) },
			func(b []byte) (Body, error) { return Decode(b, 100) })
	}
}
