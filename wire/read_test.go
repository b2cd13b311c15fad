package wire

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestRoundTrip: what the primitives append, a Reader reads, whatever follows
// whatever.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		var checks []func(r *Reader) bool
		put := func(appended []byte, check func(r *Reader) bool) {
			b = appended
			checks = append(checks, check)
		}
		for range rapid.IntRange(0, 20).Draw(t, "fields") {
			switch rapid.IntRange(0, 6).Draw(t, "type") {
			case 0:
				v := rapid.Uint64().Draw(t, "uvarint")
				put(AppendUvarint(b, v), func(r *Reader) bool { return r.Uvarint() == v })
			case 1:
				v := rapid.Int64().Draw(t, "varint")
				put(AppendVarint(b, v), func(r *Reader) bool { return r.Varint() == v })
			case 2:
				v := rapid.Uint32().Draw(t, "uint32")
				put(AppendUint32(b, v), func(r *Reader) bool { return r.Uint32() == v })
			case 3:
				v := rapid.Uint64().Draw(t, "uint64")
				put(AppendUint64(b, v), func(r *Reader) bool { return r.Uint64() == v })
			case 4:
				v := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
				put(AppendBytes(b, v), func(r *Reader) bool { return bytes.Equal(r.Bytes(len(v)), v) })
			case 5:
				v := rapid.String().Draw(t, "string")
				put(AppendString(b, v), func(r *Reader) bool { return r.String(len(v)) == v })
			case 6:
				v := rapid.Bool().Draw(t, "bool")
				put(AppendBool(b, v), func(r *Reader) bool { return r.Bool() == v })
			}
		}
		r := NewReader(b)
		for i, check := range checks {
			if !check(r) {
				t.Fatalf("field %d of % x was not read back: %v", i, b, r.Err())
			}
		}
		if err := r.Done(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestReaderRefuses(t *testing.T) {
	ten := bytes.Repeat([]byte{0xff}, 10)
	for name, c := range map[string]struct {
		bytes []byte
		read  func(r *Reader)
		want  error
	}{
		"nothing":                     {nil, func(r *Reader) { r.Uvarint() }, ErrTruncated},
		"half a varint":               {[]byte{0x80}, func(r *Reader) { r.Uvarint() }, ErrTruncated},
		"a varint in a longer form":   {[]byte{0x81, 0x00}, func(r *Reader) { r.Uvarint() }, ErrMalformed},
		"a varint over 64 bits":       {append(ten, 1), func(r *Reader) { r.Uvarint() }, ErrMalformed},
		"a signed one, longer":        {[]byte{0x82, 0x00}, func(r *Reader) { r.Varint() }, ErrMalformed},
		"a bool of 2":                 {[]byte{2}, func(r *Reader) { r.Bool() }, ErrMalformed},
		"three bytes of four":         {[]byte{1, 2, 3}, func(r *Reader) { r.Uint32() }, ErrTruncated},
		"a length over its limit":     {AppendBytes(nil, ten), func(r *Reader) { r.Bytes(9) }, ErrLimit},
		"a length over the bytes":     {[]byte{200, 1, 0}, func(r *Reader) { r.Bytes(1 << 20) }, ErrTruncated},
		"a length of 2^63":            {AppendUvarint(nil, math.MaxUint64), func(r *Reader) { r.Bytes(math.MaxInt) }, ErrLimit},
		"a negative size":             {ten, func(r *Reader) { r.Raw(-1) }, ErrTruncated},
		"a count over its limit":      {AppendUvarint(nil, 5), func(r *Reader) { r.Count(4, 1) }, ErrLimit},
		"a count the rest can't hold": {AppendUvarint(nil, 5), func(r *Reader) { r.Count(9, 16) }, ErrTruncated},
		"bytes left over":             {[]byte{1, 2}, func(r *Reader) { r.Byte(); r.Done() }, ErrTrailing},
	} {
		r := NewReader(c.bytes)
		c.read(r)
		if !errors.Is(r.Err(), c.want) {
			t.Errorf("%s: got %v, want %v", name, r.Err(), c.want)
		}
		if r.Uvarint() != 0 || r.Len() != 0 || !errors.Is(r.Done(), c.want) {
			t.Errorf("%s: the first error does not stick", name)
		}
	}
}

// TestCountBoundsMemory: what Count returns, a caller may allocate.
func TestCountBoundsMemory(t *testing.T) {
	r := NewReader(append(AppendUvarint(nil, 3), make([]byte, 48)...))
	if n := r.Count(10, 16); n != 3 || r.Err() != nil {
		t.Errorf("got %d, %v", n, r.Err())
	}
}

// FuzzReader reads at random; the input says what is read and from what.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\x00\x01\x02"), AppendString(AppendUvarint(nil, 300), "hello"))
	f.Fuzz(func(t *testing.T, script, data []byte) {
		r := NewReader(data)
		for _, what := range script {
			before := r.Len()
			switch what % 8 {
			case 0:
				r.Uvarint()
			case 1:
				r.Varint()
			case 2:
				r.Uint32()
			case 3:
				r.Uint64()
			case 4:
				if p := r.Bytes(64); len(p) > 64 {
					t.Fatalf("%d bytes over a limit of 64", len(p))
				}
			case 5:
				r.Bool()
			case 6:
				if n := r.Count(1000, 3); n*3 > before {
					t.Fatalf("%d items of 3 bytes in %d bytes", n, before)
				}
			case 7:
				r.Raw(int(what))
			}
			if r.Len() > before {
				t.Fatal("a Reader grew")
			}
		}
	})
}
