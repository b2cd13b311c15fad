package lsp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	messageMax = 16 << 20 // bytes of one message; a larger one is refused
	headerMax  = 4 << 10  // bytes of one line of a header
	headersMax = 16       // lines of a header
)

// errHeader says that a header can't be read: where the next message begins,
// nobody knows.
var errHeader = errors.New("the header of a message can't be read")

// tooLarge is a message that was passed over.
type tooLarge struct{ size int64 }

func (e tooLarge) Error() string {
	return fmt.Sprintf("a message of %d bytes is refused: at most %d are read", e.size, messageMax)
}

// readFrame reads one message: lines of a header, an empty line, and as many
// bytes as Content-Length says. io.EOF is the end between two messages. A
// message that is too large is passed over, and is a tooLarge.
func readFrame(r *bufio.Reader) ([]byte, error) {
	size := int64(-1)
	for n := 0; ; n++ {
		line, err := readLine(r)
		switch {
		case errors.Is(err, io.EOF) && n == 0 && line == "":
			return nil, io.EOF
		case err != nil:
			return nil, err
		case n == headersMax:
			return nil, fmt.Errorf("%w: it has more than %d lines", errHeader, headersMax)
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%w: %q has no colon", errHeader, line)
		}
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			if size, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil || size < 0 {
				return nil, fmt.Errorf("%w: %q is no length", errHeader, value)
			}
		}
	}
	switch {
	case size < 0:
		return nil, fmt.Errorf("%w: it has no Content-Length", errHeader)
	case size > messageMax:
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, tooLarge{size}
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return body, nil
}

// readLine reads one line of a header, without its end.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			if len(line) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return string(line), err
		}
		if c == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if line = append(line, c); len(line) > headerMax {
			return "", fmt.Errorf("%w: a line has more than %d bytes", errHeader, headerMax)
		}
	}
}

// writeFrame writes one message.
func writeFrame(w io.Writer, body []byte) error {
	_, err := w.Write(append([]byte("Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body...))
	return err
}
