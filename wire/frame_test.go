package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var sample = Frame{Commits, KindBroadcast, []byte("an impression was shown")}

func encoded(f Frame) []byte { return AppendFrame(nil, f.Channel, f.Kind, f.Body) }

func equal(a, b Frame) bool {
	return a.Channel == b.Channel && a.Kind == b.Kind && bytes.Equal(a.Body, b.Body)
}

func TestFrame(t *testing.T) {
	frames := []Frame{sample, {Control, KindHello, nil}, {Bulk, KindRepair, bytes.Repeat([]byte{7}, 3*step+1)}}
	var b []byte
	for _, f := range frames {
		b = append(b, encoded(f)...)
	}
	stream := NewFrameReader(iotest.OneByteReader(bytes.NewReader(b)), FrameMax)
	for i, want := range frames {
		got, rest, err := ReadFrame(b)
		if err != nil || !equal(got, want) {
			t.Fatalf("frame %d: got %v, %v", i, got, err)
		}
		b = rest
		if got, err := stream.Next(); err != nil || !equal(got, want) {
			t.Fatalf("frame %d of the stream: got %v, %v", i, got, err)
		}
	}
	if _, err := stream.Next(); err != io.EOF {
		t.Errorf("the end of the stream is %v, want io.EOF", err)
	}
}

// TestEveryCut: a frame cut anywhere is truncated, and says so.
func TestEveryCut(t *testing.T) {
	whole := encoded(sample)
	for n := range len(whole) {
		if _, _, err := ReadFrame(whole[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("cut to %d bytes: got %v", n, err)
		}
		want := ErrTruncated
		if n == 0 {
			want = io.EOF
		}
		if _, err := NewFrameReader(bytes.NewReader(whole[:n]), FrameMax).Next(); !errors.Is(err, want) {
			t.Errorf("stream cut to %d bytes: got %v, want %v", n, err, want)
		}
	}
}

// TestEveryBit: no single flipped bit goes unnoticed, and most name the fault.
func TestEveryBit(t *testing.T) {
	whole := encoded(sample)
	for i := range 8 * len(whole) {
		flipped := bytes.Clone(whole)
		flipped[i/8] ^= 1 << (i % 8)
		_, _, err := ReadFrame(flipped)
		var version *VersionError
		switch {
		case err == nil:
			t.Errorf("bit %d flipped, and read", i)
		case i/8 == 4 && !errors.As(err, &version):
			t.Errorf("bit %d of the version flipped: got %v", i, err)
		case i/8 >= 6 && !errors.Is(err, ErrChecksum):
			t.Errorf("bit %d flipped: got %v, want the checksum's fault", i, err)
		}
		if _, err := NewFrameReader(bytes.NewReader(flipped), FrameMax).Next(); err == nil {
			t.Errorf("bit %d flipped, and read from a stream", i)
		}
	}
}

func TestOtherVersion(t *testing.T) {
	b := encoded(sample)
	b[4] = 9
	_, _, err := ReadFrame(b)
	var version *VersionError
	if !errors.As(err, &version) || version.Got != 9 {
		t.Fatalf("got %v", err)
	}
	for _, word := range []string{"version 9", "version 1", "same release"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func TestNoSuchChannel(t *testing.T) {
	if _, _, err := ReadFrame(AppendFrame(nil, channelCount, 1, nil)); !errors.Is(err, ErrChannel) {
		t.Errorf("got %v", err)
	}
}

// TestLimitBeforeMemory: a frame that announces too much is refused by its
// header, and one that announces much and sends little is given little.
func TestLimitBeforeMemory(t *testing.T) {
	large := AppendFrame(nil, Bulk, KindRepair, make([]byte, 1000))
	if _, err := NewFrameReader(bytes.NewReader(large[:HeaderSize]), 999).Next(); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v, want ErrLimit from the header alone", err)
	}
	huge := AppendFrame(nil, Bulk, KindRepair, make([]byte, FrameMax))[:HeaderSize+10]
	got := testing.AllocsPerRun(10, func() {
		if _, err := NewFrameReader(bytes.NewReader(huge), FrameMax).Next(); !errors.Is(err, ErrTruncated) {
			t.Errorf("got %v", err)
		}
	})
	if got > 8 {
		t.Errorf("%v allocations for ten bytes of a frame", got)
	}
}

func TestBodyOverFrameMaxPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a body over FrameMax was framed")
		}
	}()
	AppendFrame(nil, Bulk, KindRepair, make([]byte, FrameMax+1))
}

func TestStreamErrorsPass(t *testing.T) {
	broken := errors.New("connection reset")
	r := io.MultiReader(bytes.NewReader(encoded(sample)[:14]), iotest.ErrReader(broken))
	if _, err := NewFrameReader(r, FrameMax).Next(); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestChannelNames(t *testing.T) {
	for c := range Channel(Channels) {
		if c.String() == Channel(Channels).String() {
			t.Errorf("channel %d has no name", c)
		}
	}
}

// FuzzFrame: whatever the bytes, both readers agree, and what is read is
// written back as it was.
func FuzzFrame(f *testing.F) {
	f.Add(encoded(sample))
	f.Add(encoded(Frame{Control, KindHello, nil})[:9])
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, rest, err := ReadFrame(b)
		streamed, errStream := NewFrameReader(bytes.NewReader(b), FrameMax).Next()
		if (err == nil) != (errStream == nil) {
			t.Fatalf("ReadFrame says %v, FrameReader %v", err, errStream)
		}
		if err != nil {
			return
		}
		if !equal(frame, streamed) || !bytes.Equal(encoded(frame), b[:len(b)-len(rest)]) {
			t.Fatal("a frame is not what was read")
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	body := make([]byte, 256)
	buf := AppendFrame(nil, Commits, KindBroadcast, body)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendFrame(buf[:0], Commits, KindBroadcast, body)
		if _, _, err := ReadFrame(buf); err != nil {
			b.Fatal(err)
		}
	}
}
