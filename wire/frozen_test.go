package wire_test

import (
	"errors"
	"testing"

	"github.com/martinelli-lang/martinelli/wire"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	f := wire.Frame{Channel: wire.Commits, Kind: wire.KindBroadcast, Body: []byte("an impression was shown")}
	wiretest.Frozen(t, "frame", f,
		func(f wire.Frame) []byte { return wire.AppendFrame(nil, f.Channel, f.Kind, f.Body) },
		func(b []byte) (wire.Frame, error) {
			f, rest, err := wire.ReadFrame(b)
			if len(rest) > 0 {
				err = errors.New("bytes are left")
			}
			return f, err
		})
}

// TestFrozenNumbers holds the primitives that all other formats are made of.
func TestFrozenNumbers(t *testing.T) {
	type numbers struct {
		Uvarints []uint64
		Varints  []int64
		Fixed    uint64
		Bools    [2]bool
		Text     string
	}
	v := numbers{[]uint64{0, 127, 128, 300, 1 << 32, 1<<64 - 1}, []int64{0, -1, 1, -64, 64, -1 << 63}, 0x0102030405060708, [2]bool{true, false}, "héllo"}
	encode := func(v numbers) []byte {
		b := wire.AppendUvarint(nil, uint64(len(v.Uvarints)))
		for _, n := range v.Uvarints {
			b = wire.AppendUvarint(b, n)
		}
		b = wire.AppendUvarint(b, uint64(len(v.Varints)))
		for _, n := range v.Varints {
			b = wire.AppendVarint(b, n)
		}
		b = wire.AppendUint64(b, v.Fixed)
		b = wire.AppendBool(wire.AppendBool(b, v.Bools[0]), v.Bools[1])
		return wire.AppendString(b, v.Text)
	}
	wiretest.Frozen(t, "frame.primitives", v, encode, func(b []byte) (numbers, error) {
		var v numbers
		r := wire.NewReader(b)
		for range r.Count(10, 1) {
			v.Uvarints = append(v.Uvarints, r.Uvarint())
		}
		for range r.Count(10, 1) {
			v.Varints = append(v.Varints, r.Varint())
		}
		v.Fixed, v.Bools, v.Text = r.Uint64(), [2]bool{r.Bool(), r.Bool()}, r.String(10)
		return v, r.Done()
	})
}
