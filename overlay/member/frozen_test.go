package member

import (
	"testing"

	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	lake := Member{ID: idOf("l"), Name: "lake", Role: "server", Addr: "lake.example:7433", Epoch: 1_795_000_000_000_000_000}
	for name, m := range map[string]Body{
		"member.ping": Ping{At: epoch, Digest: 0x0102030405060708},
		"member.pong": Pong{At: epoch, Digest: 0x0102030405060708},
		"member.list": List{[]Member{lake, {ID: idOf("p"), Epoch: 3}}},
	} {
		wiretest.Frozen(t, name, m, func(m Body) []byte { return m.AppendTo(nil) }, Decode)
	}
}
