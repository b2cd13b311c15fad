package wire

import (
	"encoding/hex"
	"testing"
)

func TestHex(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if got, want := Hex(all), hex.EncodeToString(all); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
