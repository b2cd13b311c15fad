package escrow

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	c := Cell{Space: causal.SpaceID{1, 15: 2}, Database: "stock", Key: "tea"}
	for name, m := range map[string]Body{
		"escrow.ask":    Ask{Cell: c, Need: 300, Held: 2, Hops: 1},
		"escrow.answer": Answer{Cell: c, Given: 300},
	} {
		wiretest.Frozen(t, name, m, func(m Body) []byte { return m.AppendTo(nil) }, Decode)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Ask{Cell: Cell{Database: "stock", Key: "tea"}, Need: 1}.AppendTo(nil))
	f.Add(Answer{Cell: Cell{Database: "stock", Key: "tea"}, Given: 1}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err == nil && string(m.AppendTo(nil)) != string(b) && len(b) < 64 {
			again, err := Decode(m.AppendTo(nil))
			if err != nil || again != m {
				t.Errorf("%x reads as %+v, and what that writes as %+v, %v", b, m, again, err)
			}
		}
	})
}
