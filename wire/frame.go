package wire

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strconv"
)

// FrameMax bounds the body of a frame.
const FrameMax = 4 << 20

// HeaderSize is how many bytes stand before a frame's body.
const HeaderSize = 11

// Faults of a frame, beside ErrTruncated and ErrLimit. A *VersionError stands
// for a frame of another protocol version.
var (
	ErrChecksum = errors.New("wire: the checksum of a frame does not match its bytes: they were damaged on the way")
	ErrChannel  = errors.New("wire: a frame names a channel that does not exist")
)

// VersionError says that the peer speaks another protocol version.
type VersionError struct{ Got uint8 }

// Error names both versions and the way out.
func (e *VersionError) Error() string {
	return "wire: the peer speaks protocol version " + strconv.Itoa(int(e.Got)) +
		" and this node version " + strconv.Itoa(Version) + ": run the same release of martinelli at both ends"
}

// Frame is one message on a link. docs/wire/frame.md draws its bytes.
type Frame struct {
	Channel Channel
	Kind    uint8
	Body    []byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendFrame appends one frame. A body over FrameMax is a bug of the caller
// and panics: what makes messages bounds them.
func AppendFrame(b []byte, channel Channel, kind uint8, body []byte) []byte {
	return append(AppendHeader(b, channel, kind, body), body...)
}

// AppendHeader appends the header of a frame alone, for a host that writes
// header and body as two slices. The checksum covers the header's other bytes
// and the body.
func AppendHeader(b []byte, channel Channel, kind uint8, body []byte) []byte {
	if len(body) > FrameMax {
		panic("wire: a frame's body is over FrameMax")
	}
	start := len(b)
	b = AppendUint32(b, uint32(len(body)))
	b = append(b, Version, byte(channel), kind)
	return AppendUint32(b, checksum(b[start:], body))
}

func checksum(head, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body)
}

// header is the fixed front of a frame.
type header struct {
	size    uint32
	version uint8
	channel Channel
	kind    uint8
	sum     uint32
}

// readHeader takes a header apart and refuses what no checksum need be
// computed for: a size over its limit, another version, no such channel.
func readHeader(p []byte, sizeMax int) (header, error) {
	h := header{
		size:    binary.LittleEndian.Uint32(p),
		version: p[4],
		channel: Channel(p[5]),
		kind:    p[6],
		sum:     binary.LittleEndian.Uint32(p[7:]),
	}
	switch {
	case h.version != Version:
		return h, &VersionError{Got: h.version}
	case uint64(h.size) > uint64(sizeMax):
		return h, ErrLimit
	case h.channel >= channelCount:
		return h, ErrChannel
	}
	return h, nil
}

// ReadFrame takes one frame off the front of b. The frame's body aliases b.
//
// Errors: ErrTruncated when b ends before the frame does, ErrLimit, ErrChannel,
// ErrChecksum, or a *VersionError.
func ReadFrame(b []byte) (f Frame, rest []byte, err error) {
	if len(b) < HeaderSize {
		return Frame{}, b, ErrTruncated
	}
	h, err := readHeader(b, FrameMax)
	if err != nil {
		return Frame{}, b, err
	}
	if uint64(len(b)-HeaderSize) < uint64(h.size) {
		return Frame{}, b, ErrTruncated
	}
	end := HeaderSize + int(h.size)
	body := b[HeaderSize:end:end]
	if checksum(b[:7], body) != h.sum {
		return Frame{}, b, ErrChecksum
	}
	return Frame{h.channel, h.kind, body}, b[end:], nil
}

// FrameReader takes frames off a stream.
type FrameReader struct {
	src     io.Reader
	sizeMax int
	head    [HeaderSize]byte
}

// NewFrameReader returns a reader of frames with bodies of at most sizeMax
// bytes, and never more than FrameMax. It reads exactly the bytes of each
// frame; give it a buffered reader.
func NewFrameReader(src io.Reader, sizeMax int) *FrameReader {
	return &FrameReader{src: src, sizeMax: min(sizeMax, FrameMax)}
}

// Next returns the next frame, whose body is the caller's to keep.
//
// Errors: io.EOF when the stream ends between frames, those of ReadFrame, or
// what the stream returned. After an error the stream is of no more use.
func (r *FrameReader) Next() (Frame, error) {
	if _, err := io.ReadFull(r.src, r.head[:]); err != nil {
		return Frame{}, endOf(err)
	}
	h, err := readHeader(r.head[:], r.sizeMax)
	if err != nil {
		return Frame{}, err
	}
	body, err := r.body(int(h.size))
	if err != nil {
		return Frame{}, err
	}
	if checksum(r.head[:7], body) != h.sum {
		return Frame{}, ErrChecksum
	}
	return Frame{h.channel, h.kind, body}, nil
}

// step is how much memory a frame is given ahead of its bytes, so that a peer
// which announces much and sends nothing holds little.
const step = 64 << 10

func (r *FrameReader) body(size int) ([]byte, error) {
	b := make([]byte, 0, min(size, step))
	for len(b) < size {
		n := len(b)
		b = append(b, make([]byte, min(size-n, step))...)
		if _, err := io.ReadFull(r.src, b[n:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, endOf(err)
		}
	}
	return b, nil
}

// endOf turns an end in the middle of a frame into the fault it is.
func endOf(err error) error {
	if err == io.ErrUnexpectedEOF {
		return ErrTruncated
	}
	return err
}
